"""What holds for every command: help, verbosity, exit codes, and what is imported."""

import shutil
import subprocess
import sys

import pytest

import imgsim
from imgsim.cli.group import COMMANDS, SUMMARIES
from tests.cli.conftest import IMGSIM


def imported_by(*arguments):
    """Names of the modules that a run imports."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "imgsim", *arguments], capture_output=True, text=True, check=False
    )
    lines = (line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time"))
    return {name.partition(".")[0] for name in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments):
    assert not imported_by(*arguments) & {"numpy", "cv2", "torch", "PIL", "scipy", "mahotas", "rich", "sqlite3"}


def test_a_query_imports_no_scipy_no_torch_no_rich(shelf, tmp_path):
    shutil.copy("shelf/0.png", tmp_path / "claim.png")
    imported = imported_by("query", str(tmp_path / "claim.png"), "--index", "shelf")
    assert "cv2" in imported
    assert not imported & {"scipy", "sklearn", "torch", "torchvision", "onnxruntime", "rich"}


def test_a_query_by_stored_rows_imports_nothing_that_measures(shelf):
    imported = imported_by("query", "shelf/0.png", "--index", "shelf")
    assert "numpy" in imported
    assert not imported & {"cv2", "scipy", "sklearn", "torch", "onnxruntime", "rich"}


def test_a_run_that_finds_nothing_new_imports_nothing_that_measures(shelf):
    imported = imported_by("index", "shelf", "-x", "histogram:bins=4")
    assert "numpy" in imported
    assert not imported & {"cv2", "scipy", "PIL", "mahotas", "onnxruntime", "rich"}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_takes_the_general_options(run, name):
    result = run(name, "--help")
    assert result.code == 0
    for option in ("--quiet", "--verbose", "--version"):
        assert option in result.out
    assert run(name, "--version").out == f"imgsim {imgsim.__version__}\n"


def test_the_module_is_the_command():
    result = subprocess.run([*IMGSIM, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"imgsim {imgsim.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["querry"], "did you mean query?"),
        (["query", "x.png", "-0", "--format", "csv"], "-0 writes paths"),
        (["query", "x.png", "--grid", "x.jpg"], "name it x.png"),
        (["index", "x.png"], "x.png: not a folder"),
        (["query"], "Missing argument"),
        (["query", "x.png", "-k", "0"], "-k"),
        (["query", "x.png"], "no index here or above"),
        (["query", "x.png", "--index", "nowhere"], "nowhere: no index here"),
        (["index", "nowhere"], "nowhere: no such folder"),
        (["extract", "x.png", "-x", "haralik"], "did you mean haralick?"),
        (["extract", "x.png", "-x", "histogram:bins=many"], "bins"),
        (["extract", "x.png", "-x", "hog@0"], "weight"),
        (["distances", "x.png", "-m", "cosin"], "did you mean cosine?"),
    ],
)
def test_mistakes_are_told_on_stderr_with_exit_code_2(run, tmp_path, monkeypatch, make_photos, arguments, message):
    make_photos("x.png")
    monkeypatch.chdir(tmp_path / "photos")
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert message in result.err


def test_an_error_is_one_line_whatever_the_name(run, tmp_path):
    result = run("index", tmp_path / "new\nline")
    assert result.err.count("\n") == 1
    assert "new\\nline" in result.err


def test_interrupted_says_so(run, shelf, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("imgsim.images.find.find_images", interrupt)
    result = run("index", shelf)
    assert result.code == 130
    assert "interrupted" in result.err


def test_help_sums_commands_up_as_they_do_themselves_and_imports_none():
    assert {name: COMMANDS.load(name).get_short_help_str(1000) for name in COMMANDS} == SUMMARIES
    script = "import sys; from imgsim.cli.group import imgsim\n"
    script += "imgsim.main(['--help'], prog_name='imgsim', standalone_mode=False, terminal_width=80)\n"
    script += "print([name for name in sys.modules if name.startswith('imgsim.cli.commands')])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    *lines, imported = shown.splitlines()
    assert imported == "[]"
    listed = " ".join(" ".join(lines[lines.index("Commands:") + 1 :]).split())
    assert listed == " ".join(f"{name} {SUMMARIES[name]}" for name in COMMANDS)
