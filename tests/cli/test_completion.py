"""Names that a shell completes, and how quickly: without any of the libraries that measure."""

import os
import shutil
import subprocess
import sys

import pytest

from imgsim.cli.group import COMMANDS
from imgsim.features import extractor_names
from imgsim.index.index import IndexWriter
from imgsim.metrics import METRICS

SHELLS = ["bash", "zsh", "fish"]


def completed(*words, python=()):
    """Ask as bash does for what the last of the words may become."""
    environment = {
        **os.environ,
        "_IMGSIM_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["imgsim", *words]),
        "COMP_CWORD": str(len(words)),
    }
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
    ],
)
def test_names_are_completed(words, names):
    found, said = completed(*words)
    assert set(found) == names
    assert said == ""


@pytest.mark.parametrize(
    ("words", "names"),
    [([""], COMMANDS), (["query", "-x", ""], extractor_names()), (["query", "-m", ""], METRICS)],
)
def test_all_names_come_where_nothing_is_typed_and_nothing_heavy_is_imported(words, names):
    found, said = completed(*words, python=("-X", "importtime"))
    assert set(names) <= set(found)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert "click" in imported
    assert not imported & {"numpy", "cv2", "torch", "PIL", "scipy", "sqlite3", "rich"}


def test_attributes_and_colours_are_those_of_the_index(shelf, monkeypatch):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["place=Line 2", "price=3", 'color_probabilities={"teal": 0.9}'])
    monkeypatch.chdir(shelf)
    assert completed("query", "--where", "p")[0] == ["place", "price", "path"]
    assert completed("query", "--show", "price,pl") == (["price,place"], "")
    assert completed("list", "--index", str(shelf), "--where", "wid")[0] == ["width"]
    assert completed("list", "--sort", "price,-pl")[0] == ["price,-place"]
    assert completed("set", "--drop", "pl")[0] == ["place"]


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


def test_the_short_option_for_the_version(run):
    assert run("-V").out == run("--version").out == run("query", "-V").out
