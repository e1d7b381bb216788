"""Several processes learn what one would of the same batches; one of them alone speaks and writes."""

import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import ParameterError
from tests.training.embeddings.tiny import draw_classes

torch = pytest.importorskip("torch")
OPTIONS = ["dim=64", "batch=7", "epochs=2", "lr=0.01", "optimizer='sgd'", "head='linear'", "shares='0.5:0.25:0.25'"]
MARGIN = ["loss='margin'", "miner='distance-weighted'", "sampler='random'"]
ROOT = Path(__file__).parents[3]


def find_paths(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.png"))


def begin(photos, folder, options, **environment):
    command = [sys.executable, "-m", "tests.training.embeddings.one_of_two", str(photos), str(folder), *options]
    told = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.Popen(
        command, env=os.environ | told, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.splitlines()


@pytest.mark.parametrize(
    "more", [MARGIN, ["loss='proxy-anchor'", "sampler='m-per-class:most=3'", "views=2", "freeze='1'", "accumulate=2"]]
)
def test_two_processes_learn_what_one_does_of_the_same_batches(tmp_path, more):
    photos = draw_classes(tmp_path / "photos", classes=8, each=5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    options = [*OPTIONS, *more]
    alone = begin(photos, tmp_path / "alone", options)
    both = [begin(photos, tmp_path / "both", options, RANK=str(rank), LOCAL_RANK="0", **meeting) for rank in (0, 1)]
    said = finish(alone)
    assert [finish(one) for one in both] == [said, ["leaves"]]
    assert said[-2:] == ["epoch 2", "writes"]
    one, two = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("alone", "both"))
    for part in ("network", "loss"):
        assert one[part].keys() == two[part].keys()
        for name, tensor in one[part].items():
            assert torch.allclose(tensor, two[part][name], atol=1e-5), name
    logs = [csv.DictReader((tmp_path / name / "log.csv").read_text().splitlines()) for name in ("alone", "both")]
    losses = np.array([[float(row["loss"]) for row in log if row["epoch"] != "0"] for log in logs])
    assert np.allclose(*losses, rtol=1e-4)


def test_each_share_is_of_the_batch_and_all_together_are_all_of_it():
    from imgsim.training.process_team import ProcessTeam

    for count, size in ((7, 3), (4, 2), (2, 4)):
        shares = [ProcessTeam(rank, size).share(np.arange(count) + 9) for rank in range(size)]
        assert all(len(share) for share in shares)
        assert set(np.concatenate(shares).tolist()) == set(range(count))


def test_what_one_process_does_is_refused_to_several(monkeypatch):
    from imgsim.training.process_team import refuse_team, team_size

    refuse_team("a sweep")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert team_size() == 1  # another program's variable, without torchrun's
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(ParameterError, match="^a sweep is done by one process, not by 3: run it without torchrun$"):
        refuse_team("a sweep")
