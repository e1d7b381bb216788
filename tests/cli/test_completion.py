"""Names that a shell completes, and how quickly: without any of the libraries that measure."""

import os
import pty
import re
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest

from imgsim.cli.group import COMMANDS
from imgsim.features import extractor_names
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.metrics import METRICS
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.segmenter_model import store_segmenter
from imgsim.segment.segmenter_table import SEGMENTERS
from tests.segment.checkpoints import green_segmenter

SHELLS = ["bash", "zsh", "fish"]


def completed(*words, python=()):
    """Ask as bash does for what the last of the words, as typed, may become."""
    line = {"COMP_LINE": " ".join(["imgsim", *words]), "COMP_BREAKS": ""}
    environment = {**os.environ, "_IMGSIM_COMPLETE": "bash_complete", **line}
    command = [sys.executable, *python, "-m", "imgsim"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line], done.stderr


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["in"], {"index", "info"}),
        (["query", "--rer"], {"--rerank"}),
        (["query", "-x", "hist"], {"histogram"}),
        (["query", "-x", "lite"], {"lite"}),
        (["evaluate", ".", "-x", "hog@0.3+ph"], {"hog@0.3+phash"}),
        (["query", "-m", "seu"], {"seuclidean"}),
        (["query", "--rerank", "k"], {"k_reciprocal"}),
        (["models", "pull", "resnet5"], {"resnet50", "resnet50@v1"}),
        (["models", "import", "f", "-a", "squeezenet1_1"], {"squeezenet1_1"}),
        (["extractors", "cov"], {"covariance"}),
        (["query", "-x", "histogram:"], {"histogram:space=", "histogram:bins=", "histogram:grid="}),
        (["query", "-x", "histogram:bins=4,sp"], {"histogram:bins=4,space="}),
        (["query", "-x", "histogram:bins=4,b"], set()),
        (["query", "-x", "histogram:space="], {"histogram:space=rgb", "histogram:space=hsv", "histogram:space=lab"}),
        (["query", "-x", "haralick:aggregate=mean+"], {"haralick:aggregate=mean+range"}),
        (["query", "-x", "resnet50:flip=no,po"], {"resnet50:flip=no,pooling="}),
        (["evaluate", ".", "-x", "hog@0.3+lbp:po"], {"hog@0.3+lbp:points="}),
        (["query", "-x", "timm/resnet18:crop=c"], {"timm/resnet18:crop=center"}),
        (["query", "-x", "sift:"], set()),
        (["classify", "p.jpg", "--only", "wal"], {"wallet"}),
        (["classify", "p.jpg", "--language", "ko", "--only", "지"], {"지갑"}),
        (["query", "-x", "lite:"], set()),
        (["query", "--segment", "g"], {"grabcut"}),
        (["index", ".", "--segment", "no"], {"none"}),
        (["segment", "--segment", "no"], set()),
        (
            ["stats", "--segment", "grabcut:"],
            {"grabcut:thing", "grabcut:size=", "grabcut:iterations=", "grabcut:seed="},
        ),
        (["segment", "--segment", "grabcut:seed=s"], {"grabcut:seed=saliency"}),
        (["segment", "--segment", "grabcut:size=240,s"], {"grabcut:size=240,seed="}),
        (["segment", "--segment", "grabcut:size=240,t"], {"grabcut:size=240,thing"}),
        (["segment", "--segment", "grabct:"], set()),
        (["segment", "--segment", "dnn:"], {"dnn:model="}),
        (["segment", "--segment", "segformer:model=nowhere,"], set()),
    ],
)
def test_names_are_completed(words, names):
    found, said = completed(*words)
    assert set(found) == names
    assert said == ""


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([""], COMMANDS),
        (["query", "-x", ""], extractor_names()),
        (["query", "-x", "resnet50:p"], ["resnet50:p=", "resnet50:pooling=", "resnet50:padding="]),
        (["query", "-m", ""], METRICS),
    ],
)
def test_all_names_come_where_nothing_is_typed_and_nothing_heavy_is_imported(words, names):
    found, said = completed(*words, python=("-X", "importtime"))
    assert set(names) <= set(found)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert "click" in imported
    assert not imported & {"numpy", "cv2", "torch", "PIL", "scipy", "sqlite3", "rich"}


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    store_segmenter(green_segmenter(("Background", "Hat", "Upper clothes", "Bag")), "fashion")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", [*SEGMENTERS, "fashion", "none"]),
        ("f", ["fashion"]),
        ("fashion:", ["fashion:hat", "fashion:upper-clothes", "fashion:bag"]),
        ("fashion:hat,", ["fashion:hat,upper-clothes", "fashion:hat,bag"]),
        ("fashion:hat,b", ["fashion:hat,bag"]),
        ("fashion:hat,upper-clothes+", ["fashion:hat,upper-clothes+bag"]),
        ("segformer:", [f"segformer:{name}" for name in ("hat", "upper-clothes", "bag", "model=")]),
        ("segformer:model=", ["segformer:model=fashion"]),
        ("segformer:model=fashion,u", ["segformer:model=fashion,upper-clothes"]),
    ],
)
def test_labels_of_segmenters_are_completed_without_what_runs_them(fashion, typed, names):
    found, said = completed("query", "--segment", typed, python=("-X", "importtime"))
    assert found == names
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert not imported & {"numpy", "cv2", "torch", "PIL", "scipy", "sqlite3", "rich", "onnxruntime"}


CACHED = ["shop-net", "embedding:shelf-map", "embedding:{nameless}", "classifier:things", "segmenter:fashion"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["remove", ""], [*CACHED, "squeezenet1_1", "timm/xception41"]),
        (["export", "s"], ["shop-net", "segmenter:fashion", "squeezenet1_1"]),
        (["export", "t"], ["timm/xception41", "things"]),
        (["remove", "embedding:sh"], ["embedding:shelf-map"]),
        (["remove", "resnet5"], []),
        (["show", ""], [*CACHED, "squeezenet1_1", "timm/xception41", *(set(ARCHITECTURES) - {"squeezenet1_1"})]),
        (["show", "resnet5"], ["resnet50", "resnet50@v1"]),
        (["show", "fa"], ["fashion"]),
        (["export", "shop-net", "x.on"], ["x.on"]),  # of a file, which the shell knows
        (["import", "f", "-a", "segf"], ["segformer"]),
        (["whiten", ".", "-x", "sh"], ["shop-net"]),
        (["whiten", ".", "-x", "h"], []),
        (["whiten", ".", "-x", "squeezenet1_1:po"], ["squeezenet1_1:pooling="]),
    ],
)
def test_models_are_completed_without_what_opens_them(named_models, words, names):
    found, said = completed("models", *words, python=("-X", "importtime"))
    assert sorted(found) == sorted(name.format(nameless=named_models) for name in names)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert not imported & {"numpy", "cv2", "torch", "PIL", "scipy", "sqlite3", "rich", "onnx", "onnxruntime"}


def test_classifiers_are_completed_with_their_title_where_it_is_typed(named_models):
    assert completed("classify", "p.jpg", "-m", "thi") == (["things"], "")
    assert completed("index", ".", "--classify", "what=classifier:th") == (["what=classifier:things"], "")
    assert completed("classify", "p.jpg", "-m", "class") == (["class"], "")  # of a file, which the shell knows


def test_of_a_cache_that_is_damaged_or_not_there_nothing_is_known_or_said(named_models, model_cache, monkeypatch):
    for file in ("names.json", "embeddings.json", "classifiers.json"):
        (model_cache / file).write_bytes(b"[1")
    found, said = completed("models", "remove", "")
    assert said == ""
    assert {"segmenter:fashion", "squeezenet1_1", f"embedding:{named_models}"} < set(found)
    assert not {"shop-net", "classifier:things"} & set(found)
    monkeypatch.setenv("IMGSIM_MODELS", str(model_cache / "nowhere"))
    assert completed("models", "remove", "") == ([], "")


def test_labels_that_lie_in_files_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "masks").mkdir()
    assert completed("segment", "--segment", "mask:folder=masks,") == (["mask:folder=masks,thing"], "")
    (tmp_path / "labels.txt").write_text("ground\nHand bag\nshoe\n")
    assert completed("segment", "--segment", "mask:folder=masks,")[0][:2] == [
        "mask:folder=masks,hand-bag", "mask:folder=masks,shoe"
    ]  # fmt: skip
    (tmp_path / "model.tflite").write_bytes(b"weights")
    (tmp_path / "p.json").write_text('{"model": "model.tflite", "size": 256, "labels": ["person"]}')
    assert completed("segment", "--segment", "dnn:model=p.json,") == (["dnn:model=p.json,person"], "")
    assert completed("segment", "--segment", "dnn:model=p") == (["dnn:model=p"], "")  # of a file, which the shell knows
    assert completed("segment", "--segment", "dnn:model=nowhere.json,") == ([], "")


def test_attributes_and_colours_are_those_of_the_index(shelf, monkeypatch):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["place=Line 2", "price=3", 'color_probabilities={"teal": 0.9}'])
    monkeypatch.chdir(shelf)
    assert completed("query", "--where", "p")[0] == ["place", "price", "path"]
    assert completed("query", "--show", "price,pl") == (["price,place"], "")
    assert completed("list", "--index", str(shelf), "--where", "wid")[0] == ["width"]
    assert completed("list", "--sort", "price,-pl")[0] == ["price,-place"]
    assert completed("set", "--drop", "pl")[0] == ["place"]
    assert completed("list", str(shelf), "--where", "'(price > 2) and (pla") == (["(price > 2) and (place"], "")
    assert completed("set", "0.png", "pl") == (["place="], "")
    assert completed("set", "0.png", "0.p") == (["0.p"], "")  # of a file, which the shell knows


def test_what_is_declared_and_names_of_several_words_are_known(shelf, monkeypatch):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["found on=2026-05-01"])
        writer.declare_attributes(["returned=boolean"])
    monkeypatch.chdir(shelf)
    assert completed("query", "--show", "ret") == (["returned"], "")
    assert completed("query", "--show", "fou") == (["found\\ on"], "")
    assert completed("query", "--where", "'\"fou") == (['"found on"'], "")
    assert completed("set", "0.png", "returned") == (["returned="], "")


def test_an_index_that_is_named_before_an_option_is_asked(shelf, make_photos, monkeypatch):
    other = make_photos(1, folder="other")
    update_index(other, extractors=["phash"])
    for folder, name in ((shelf, "price"), (other, "promise")):
        with IndexWriter(str(folder / ".imgsim")) as writer:
            writer.set_attributes(str(folder / "0.png"), [f"{name}=3"])
    monkeypatch.chdir(shelf.parent)
    assert completed("list", "shelf", "--where", "pr") == (["price"], "")
    assert completed("list", "other", "--where", "pr") == (["promise"], "")
    assert completed("query", "other/0.png", "--where", "pr") == (["promise"], "")
    assert completed("set", "other/0.png", "--drop", "pr") == (["promise"], "")
    assert completed("set", "other/0.png", "pr") == (["promise="], "")
    assert completed("list", "--where", "pr") == ([], "")


def test_rules_are_completed_and_their_names(shelf, tmp_path, monkeypatch):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["status=returned", "sold=true"])
        writer.change_sight(["sold = true", "status = 'returned'"])
    monkeypatch.chdir(shelf.parent)
    assert completed("hide", "sta") == (["status"], "")
    assert completed("hide", "shelf", "'sold = true and (sta") == (["sold = true and (status"], "")
    assert completed("hide", "--index", "shelf", "so") == (["sold"], "")
    assert completed("hide", "she") == (["she"], "")  # of a folder, which the shell knows
    assert completed("hide", "shelf", "--drop", "'so") == (["sold = true"], "")
    (tmp_path / "bare").mkdir()
    assert completed("hide", "bare", "--drop", "so") == ([], "")


def test_names_of_both_sides_are_those_of_their_indexes(shelf, make_photos, monkeypatch):
    other = make_photos(1, folder="claims")
    update_index(other, extractors=["phash"])
    for folder, names in ((shelf, ["place=x", "pl on=1"]), (other, ["plea=3", "report=R1"])):
        with IndexWriter(str(folder / ".imgsim")) as writer:
            writer.set_attributes(str(folder / "0.png"), names)
    monkeypatch.chdir(shelf.parent)
    two = ("match", "claims", "shelf")
    assert completed(*two, "--lost", "pl") == (["plea"], "")
    assert completed(*two, "--found", "'not (pl") == (["not (place"], "")
    assert completed(*two, "--found", "'not (\"pl") == (['not ("pl on"'], "")
    assert completed("match", "--found", "x=1", *two[1:], "--lost", "re") == (["report"], "")
    assert completed(*two, "--on", "lost.pl") == (["lost.plea"], "")
    assert completed(*two, "--on", "'lost.plea = found.pl") == (["lost.plea = found.place"], "")
    assert {"lost.plea", "lost.report", "lost.width"} < set(completed(*two, "--on", "lo")[0])
    assert {"lost.report", "found.place", 'found."pl on"'} < set(completed(*two, "--on", "'")[0])
    assert completed(*two, "--on", "neither.pl") == ([], "")
    assert completed(*two, "--show", "lost.report,found.pla") == (["lost.report,found.place"], "")
    assert completed(*two, "--thing", "pl") == (["pl\\ on", "place", "plea"], "")
    assert completed("match", "--index", "shelf", "--lost", "pla") == (["place"], "")
    assert completed("match", "--index", "shelf", "--on", "lost.pla") == (["lost.place"], "")
    monkeypatch.chdir(shelf)
    assert completed("match", "--found", "pla") == (["place"], "")
    assert completed("match", "nowhere", "neither", "--found", "pla") == ([], "")


@pytest.fixture
def colored(make_photos, monkeypatch):
    folder = make_photos(4, folder="shelf")
    update_index(folder, extractors=["phash"], options=Options(colors=True))
    monkeypatch.chdir(folder)
    return folder


def test_colours_are_those_that_photos_are_of(colored):
    with open_index(colored) as index:
        names = {record.attributes["color"] for record in index}
    assert set(completed("query", "--color", "")[0]) == names
    one = min(names)
    assert one in completed("query", "--color", one[:2])[0]


@pytest.mark.parametrize(
    "words",
    [
        ["query", "--where", ""],
        ["query", "--show", "p"],
        ["match", "--on", "lost.p"],
        ["hide", "p"],
        ["set", "0.png", "p"],
        ["query", "--color", ""],
    ],
)
def test_asking_an_index_imports_no_library_that_measures(colored, words):
    found, said = completed(*words, python=("-X", "importtime"))
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert found
    assert "sqlite3" in imported
    assert not imported & {"numpy", "cv2", "torch", "PIL", "scipy", "rich"}


def test_a_folder_that_cannot_be_written_is_asked_too(shelf):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["price=3"])
    (shelf / ".imgsim").chmod(0o500)
    try:
        assert completed("list", "--index", str(shelf), "--where", "pri") == (["price"], "")
    finally:
        (shelf / ".imgsim").chmod(0o700)


def test_asking_writes_nothing(shelf, monkeypatch):
    monkeypatch.chdir(shelf)
    before = {path.name: path.stat().st_mtime_ns for path in (shelf / ".imgsim").rglob("*") if path.is_file()}
    assert completed("list", "--where", "pa")[0] == ["path"]
    assert {path.name: path.stat().st_mtime_ns for path in (shelf / ".imgsim").rglob("*") if path.is_file()} == before


def older(database):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 2")


def newer(database):
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    "harm",
    [older, newer, lambda database: database.write_bytes(b"no database" * 999), lambda database: database.unlink()],
)
def test_of_an_index_that_is_not_as_it_should_be_nothing_is_known_or_said(shelf, monkeypatch, harm):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["price=3"])
    monkeypatch.chdir(shelf)
    harm(shelf / ".imgsim" / "index.sqlite")
    assert completed("list", "--where", "p") == (["path"], "")
    assert completed("query", "--color", "") == ([], "")
    assert completed("set", "0.png", "pr") == (["pr"], "")


def test_where_there_is_no_index_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completed("query", "--where", "zzz") == ([], "")
    assert completed("query", "--color", "r") == ([], "")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(run, shell):
    script = run("completion", shell)
    assert script.code == 0
    assert "_IMGSIM_COMPLETE" in script.out


def test_other_shells_are_named(run):
    refused = run("completion", "tcsh")
    assert refused.code == 2
    assert "'bash', 'zsh', 'fish'" in refused.err


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash_completes(tmp_path):
    (tmp_path / "imgsim").write_text(f'#!/bin/sh\nexec {sys.executable} -m imgsim "$@"\n')
    (tmp_path / "imgsim").chmod(0o755)
    script = (
        'eval "$(imgsim completion bash)"; COMP_WORDS=(imgsim query -x hist); COMP_CWORD=3; '
        '_imgsim_completion imgsim; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["histogram"], done.stderr


TYPED = {
    "imgsim query -x histogram:sp": "ace=",
    "imgsim query -x histogram:bins=4,space=l": "ab ",
    "imgsim evaluate . -x hog@0.3+ph": "ash ",
    "imgsim list --where 'price < 3 and pl": "ace' ",
    "imgsim list --show price,pl": "ace ",
    "imgsim set 0.png pla": "ce=",
    "imgsim query --segment grabcut:size=240,th": "ing ",
}
SETUPS = {
    "bash": ("--norc --noprofile -i", 'eval "$(imgsim completion bash)"'),
    "zsh": ("-f -i", 'autoload -Uz compinit; compinit -u -D; eval "$(imgsim completion zsh)"'),
    "fish": ("--no-config -i", "imgsim completion fish | source"),
}


@contextmanager
def terminal_of(shell, options):
    """Start a real shell on a terminal of its own; give what writes to it and reads."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(shell, [shell, *options.split()])
    try:
        yield terminal
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def read_until(terminal, wanted, seconds=60):
    """Read what a terminal shows until something is there; give all of it if that never comes."""
    shown, end = b"", time.monotonic() + seconds
    while wanted not in on_screen(shown) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 4096)
    return on_screen(shown)


def on_screen(shown):
    """Obey the backspaces of what was written to a terminal, and leave out what else it is told."""
    screen, place = [], 0
    for sign in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\a", "", shown.decode("utf-8", "replace")):
        if sign == "\b":
            place -= 1
        else:
            screen[place : place + 1] = [sign]
            place += 1
    return "".join(screen)


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_typed_in_a_real_shell_are_completed(shelf, tmp_path, monkeypatch, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["place=Line 2", "price=3"])
    (tmp_path / "imgsim").write_text(f'#!/bin/sh\nexec {sys.executable} -m imgsim "$@"\n')
    (tmp_path / "imgsim").chmod(0o755)
    monkeypatch.chdir(shelf)
    surroundings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    surroundings |= {"TERM": "dumb", "PS1": "$ ", "COLUMNS": "200", "HOME": str(tmp_path)}
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    options, setup = SETUPS[shell]
    with terminal_of(shell, options) as terminal:
        os.write(terminal, f"{setup}; echo rea''dy\r".encode())
        read_until(terminal, "ready")
        for line, rest in TYPED.items():
            os.write(terminal, f"{line}\t".encode())
            assert f"{line}{rest}" in read_until(terminal, f"{line}{rest}")
            os.write(terminal, b"\x15\r")  # the line is taken back


def test_the_short_option_for_the_version(run):
    assert run("-V").out == run("--version").out == run("query", "-V").out
