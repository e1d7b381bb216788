"""Runs: what is learned follows from the recipe alone; a run that was killed goes on to the same numbers."""

import json

import numpy as np
import pytest

from imgsim.images.limits import LIMITS
from imgsim.training.embeddings.recipe import TrainingRecipe
from tests.training.embeddings.tiny import draw_classes, tiny_backbone

torch = pytest.importorskip("torch")
QUICK = TrainingRecipe(dim=64, loss="triplet", batch=8, epochs=3, lr=0.01, shares="0.5:0.25:0.25")


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more of them wait for each other where tests share processors
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_classes(tmp_path_factory.mktemp("photos"))


def labelled(folder):
    from imgsim.training.run_means import ClassedPhotos

    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    names, codes = np.unique([path.partition("/")[0] for path in paths], return_inverse=True)
    return ClassedPhotos(str(folder), paths, names.tolist(), codes)


class Killed(Exception):  # noqa: N818
    pass


def run(photos, tmp_path, name, recipe=QUICK, *, resumed=False, kill_after=99, **means):
    from imgsim.training.embeddings.embedding_run import begin_embedding, resume_embedding
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

    def heard(epoch):
        if epoch.epoch == kill_after:
            raise Killed

    folder = RunFolder(str(tmp_path / name))
    told = Means(**{"device": "cpu", "jobs": 1, "most_bytes": 10**8, "limits": LIMITS, "heard": heard} | means)
    if resumed:
        return resume_embedding(str(photos), recipe, folder, told)
    return begin_embedding(labelled(photos), recipe, folder, told)


def curve(trained):
    return [(one.epoch, one.loss, one.rate, one.figures, one.best) for one in trained.log]


def test_a_run_that_was_killed_comes_to_the_same_numbers(drawn, tmp_path):
    whole = run(drawn, tmp_path, "whole")
    with pytest.raises(Killed):
        run(drawn, tmp_path, "killed", kill_after=2)
    on = run(drawn, tmp_path, "killed", resumed=True)
    assert curve(on) == curve(whole)
    assert on.data == whole.data
    assert [one.to_row() for one in on.outcomes] == [one.to_row() for one in whole.outcomes]
    assert len(curve(whole)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"views": 2, "freeze": "2"},
        {"freeze": "all", "views": 3},
        {"accumulate": 2},
        {"head": "linear", "freeze": "1"},
        {"head": "linear", "freeze": "2", "views": 2},
    ],
)
def test_so_does_one_of_views_or_of_gradients_together_or_of_a_linear_head(drawn, tmp_path, change):
    from dataclasses import replace

    recipe = replace(QUICK, epochs=2, optimizer="sgd", schedule="step", **change)
    whole = run(drawn, tmp_path, "whole", recipe)
    with pytest.raises(Killed):
        run(drawn, tmp_path, "killed", recipe, kill_after=1)
    assert run(drawn, tmp_path, "killed", recipe, resumed=True).data == whole.data


def test_a_linear_head_begins_with_what_the_linear_map_finds(tmp_path):
    from dataclasses import replace

    photos = draw_classes(tmp_path / "photos", classes=40, each=3, side=12)
    trained = run(photos, tmp_path, "linear", replace(QUICK, head="linear", epochs=1, lr=1e-9))
    of = {(one.part, one.rows): (one.recall.value, one.precision) for one in trained.outcomes}
    for part in ("validation", "test"):  # 64 values, as many as the map has
        assert of[part, "embedding"] == pytest.approx(of[part, "linear"])
        assert of[part, "embedding"] != pytest.approx(of[part, "pooled"])


def test_a_linear_head_begins_with_what_views_tell_too(tmp_path, monkeypatch):
    from dataclasses import replace

    from imgsim.training.embeddings import baseline_rows
    from imgsim.training.embeddings.linear_head import project_map

    asked = []

    def kept(mapped, rows, *rest):
        asked.append((mapped, rows))
        return project_map(mapped, rows, *rest)

    monkeypatch.setattr(baseline_rows, "project_map", kept)
    photos = draw_classes(tmp_path / "photos", classes=12, each=3)
    recipe = replace(QUICK, head="linear", epochs=1, freeze="2", least_crop=0.99, flip="no")
    for name, views in (("whole", 0), ("views", 2)):
        run(photos, tmp_path, name, replace(recipe, views=views))
    (whole, rows), (joined, among) = asked
    count = len(rows)
    assert among.shape == (3 * count, 64)
    assert np.array_equal(among[:count], rows)
    crops = among[count:].reshape(count, 2, 64)
    nearest = np.einsum("nvd,md->nvm", crops, rows).argmax(axis=2)
    own = nearest == np.arange(count)[:, None]
    assert own.mean() > 0.5  # crops of nearly whole photos, in their order
    assert not np.allclose(joined.projection, whole.projection)


def test_what_a_linear_head_begins_with_is_kept_where_nothing_learned_does_better(tmp_path, monkeypatch):
    from dataclasses import replace

    from imgsim.training.training_run import TrainingRun

    def forget(self, number, advanced):
        del number, advanced
        self._parts.network.head.weight.data.zero_()
        self._parts.network.head.bias.data.fill_(1.0)  # all photos are the same
        return 1.0

    monkeypatch.setattr(TrainingRun, "_learn", forget)
    photos = draw_classes(tmp_path / "photos", classes=40, each=3, side=12)
    recipe = replace(QUICK, head="linear", epochs=2)
    trained = run(photos, tmp_path, "ruined", recipe)
    assert [epoch.epoch for epoch in trained.log] == [0, 1, 2]
    assert trained.best.epoch == 0
    of = {(one.part, one.rows): one.precision for one in trained.outcomes}
    assert of["test", "embedding"] == pytest.approx(of["test", "linear"])
    assert json.loads((tmp_path / "ruined" / "metrics.json").read_text())["epochs"] == 2


def test_half_precision_learns_much_the_same_and_goes_on_to_the_same(drawn, tmp_path):
    from dataclasses import replace

    whole = run(drawn, tmp_path, "whole")
    assert curve(run(drawn, tmp_path, "told", replace(QUICK, precision="float32"))) == curve(whole)
    recipe = replace(QUICK, precision="bfloat16")
    halved = run(drawn, tmp_path, "halved", recipe)
    losses = np.array([[epoch.loss for epoch in one.log] for one in (whole, halved)])
    assert (losses[0] != losses[1]).any()
    assert np.allclose(*losses, rtol=0.1)
    with pytest.raises(Killed):
        run(drawn, tmp_path, "killed", recipe, kill_after=1)
    assert run(drawn, tmp_path, "killed", recipe, resumed=True).data == halved.data


def test_classes_of_one_photo_each_teach_no_linear_head(drawn, tmp_path):
    from dataclasses import replace

    from imgsim.training.embeddings.linear.refusals import LearningError

    recipe = replace(QUICK, head="linear", split="products-leave-one-out", shares="1:0:0", sampler="random")
    photos = labelled(drawn)
    from imgsim.training.embeddings.embedding_run import begin_embedding
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

    tests = ~np.isin(np.arange(len(photos.codes)), (0, 1, 5))
    with pytest.raises(LearningError, match="^head linear: .* give --head orthogonal$"):
        begin_embedding(
            photos._replace(tests=tests), recipe, RunFolder(str(tmp_path / "few")), Means("cpu", 1, 10**8, LIMITS)
        )


def test_memory_and_threads_change_nothing(drawn, tmp_path):
    from dataclasses import replace

    recipe = replace(QUICK, epochs=1)
    assert curve(run(drawn, tmp_path, "little", recipe, most_bytes=10_000, jobs=3)) == curve(
        run(drawn, tmp_path, "much", recipe)
    )


def test_the_folder_tells_what_was_done(drawn, tmp_path):
    import csv

    trained = run(drawn, tmp_path, "told")
    folder = tmp_path / "told"
    assert TrainingRecipe.make(TrainingRecipe.read(str(folder / "config.toml"))) == QUICK
    rows = list(csv.DictReader((folder / "log.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == [epoch.loss for epoch in trained.log]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["best_epoch"] == trained.best.epoch
    assert [(row["part"], row["rows"]) for row in metrics["outcomes"]][:2] == [
        ("validation", "embedding"),
        ("validation", "pooled"),
    ]
    split = list(csv.DictReader((folder / "splits.csv").read_text().splitlines()))
    assert {row["label"] for row in split if row["split"] == "test"}.isdisjoint(
        {row["label"] for row in split if row["split"] == "train"}
    )


def test_the_model_gives_photos_the_rows_that_were_judged(drawn, tmp_path, monkeypatch):
    from imgsim.features import load_extractor
    from imgsim.features.measure import measure_all
    from imgsim.training.embeddings.retrieval_figures import judge_rows
    from imgsim.training.split_file import read_splits

    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    trained = run(drawn, tmp_path, "served")
    (tmp_path / "m.onnx").write_bytes(trained.data)
    split = read_splits(str(tmp_path / "served" / "splits.csv"))
    places = split.asked("test")
    (rows,) = measure_all(
        [drawn / split.paths[place] for place in places], [load_extractor(f"embedding:{tmp_path}/m.onnx")]
    )
    judged = judge_rows(rows, split.labels[places])
    (outcome,) = [one for one in trained.outcomes if (one.part, one.rows) == ("test", "embedding")]
    assert outcome.recall.value == judged.recall_at_1
    assert outcome.precision == pytest.approx(judged.map_at_r)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_last_checkpoint(drawn, tmp_path, monkeypatch):
    from imgsim.training.embeddings.losses.triplet import TripletLoss
    from imgsim.training.training_run import DivergedError

    measure, asked = TripletLoss.measure_triplets, []

    def broken(self, embeddings, labels, triplets):
        asked.append(1)
        loss = measure(self, embeddings, labels, triplets)
        return loss * float("nan") if len(asked) > batches else loss

    batches = 10**6
    monkeypatch.setattr(TripletLoss, "measure_triplets", broken)
    with pytest.raises(Killed):
        run(drawn, tmp_path, "diverged", kill_after=1)
    batches = len(asked) + 1
    stood = (tmp_path / "diverged" / "checkpoint.pt").read_bytes()
    with pytest.raises(
        DivergedError, match=r"^epoch 2, batch 2 \(class.*\): the loss is nan; the checkpoint of epoch 1 "
    ):
        run(drawn, tmp_path, "diverged", resumed=True)
    assert (tmp_path / "diverged" / "checkpoint.pt").read_bytes() == stood
    batches = 10**6
    assert len(run(drawn, tmp_path, "diverged", resumed=True).log) == QUICK.epochs


def test_a_full_disk_leaves_the_last_checkpoint(drawn, tmp_path, monkeypatch):
    import errno

    from imgsim.training import run_folder

    with pytest.raises(Killed):
        run(drawn, tmp_path, "full", kill_after=1)
    stood = (tmp_path / "full" / "checkpoint.pt").read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_folder, "replace_file", full)
    told = r"checkpoint\.pt: cannot be written \(No space left on device\): what it held before stands"
    with pytest.raises(run_folder.RunError, match=told):
        run(drawn, tmp_path, "full", resumed=True)
    assert (tmp_path / "full" / "checkpoint.pt").read_bytes() == stood


def test_a_class_smaller_than_a_batch_takes_is_told_before_a_folder_is_made(drawn, tmp_path):
    from dataclasses import replace

    from imgsim.errors import EvaluationError

    with pytest.raises(EvaluationError, match=r"classes have fewer than 6 photos \(class"):
        run(drawn, tmp_path, "small", replace(QUICK, batch=12, sampler="m-per-class:least=6,most=6"))
    assert not (tmp_path / "small").exists()


def test_patience_ends_a_run_and_the_best_epoch_is_what_is_kept(drawn, tmp_path):
    from dataclasses import replace

    trained = run(drawn, tmp_path, "patient", replace(QUICK, epochs=9, patience=1, schedule="constant"))
    assert len(trained.log) < 9
    assert trained.best.epoch == len(trained.log) - 1
    (outcome,) = [one for one in trained.outcomes if (one.part, one.rows) == ("validation", "embedding")]
    best = trained.best.figures["recall@1"]
    assert outcome.recall.value == best == max(epoch.figures["recall@1"] for epoch in trained.log)


def test_a_photo_that_is_gone_is_told_when_a_run_goes_on(tmp_path):
    from imgsim.errors import ImageReadError

    photos = draw_classes(tmp_path / "photos", classes=8, each=4)
    with pytest.raises(Killed):
        run(photos, tmp_path, "gone", kill_after=1)
    (photos / "class0" / "0.png").unlink()
    with pytest.raises(ImageReadError, match=r"class0/0\.png"):
        run(photos, tmp_path, "gone", resumed=True)


def test_weights_that_are_no_numbers_end_a_run_that_nothing_validates(drawn, tmp_path, monkeypatch):
    from imgsim.training.embeddings.embedding_run import begin_embedding
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means
    from imgsim.training.training_run import DivergedError, TrainingRun

    def broken(self, number, advanced):
        del number, advanced
        next(self._parts.network.parameters()).data.fill_(torch.nan)
        return 1.0

    monkeypatch.setattr(TrainingRun, "_learn", broken)
    photos = labelled(drawn)
    recipe = TrainingRecipe.make(QUICK.as_fields(), {"split": "products-leave-one-out", "shares": "1:0:0"})
    folder, means = RunFolder(str(tmp_path / "run")), Means("cpu", 1, 10**8, LIMITS)
    with pytest.raises(DivergedError, match="^epoch 1: the weights are not finite numbers after it; no checkpoint"):
        begin_embedding(photos._replace(tests=photos.codes >= 4), recipe, folder, means)
