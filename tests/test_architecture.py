"""docs/architecture.md draws the floors that are checked, and names only what there is."""

import ast
import re
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"`([\w./]+)`", TEXT)))
PATHS = [name for name in NAMES if "/" in name or (ROOT / name).exists()]
DOTTED = [name for name in NAMES if "." in name and name not in PATHS]


def rooms(line):
    return {room.strip("( )") for room in line.split("|")}


def test_the_drawing_is_of_the_floors():
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    layers = config["importlinter:contract:floors"]["layers"].split("\n")
    drawing = re.search(r"```\n(.*?)```", TEXT, re.DOTALL)[1].splitlines()
    drawn = [rooms(line[12:].partition("  ")[0]) for line in drawing]
    assert drawn == [rooms(layer) for layer in layers if layer]


def test_it_names_paths_and_code():
    assert len(PATHS) > 10
    assert len(DOTTED) > 30
    assert all(re.search(rf"^\| [^|]*{kind}", TEXT, re.MULTILINE) for kind in ("extractor", "metric", "loss", "store"))


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", DOTTED)
def test_a_name_is_there(name):
    module, *within = split(name)
    body = ast.parse(module.read_bytes()).body
    for part in within:
        found = [node for node in body if part in defined(node)]
        assert found, f"{part} is not in {name.rpartition('.')[0]}"
        body = getattr(found[0], "body", [])


def split(name):
    """Give the file of the module that a dotted name begins with, and the names within it."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ROOT.joinpath("imgsim", *parts[:length]).with_suffix(".py")
        if module.exists():
            return module, *parts[length:]
    raise LookupError(f"no module of imgsim begins {name}")


def defined(node):
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return {getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)}


def test_the_readme_links_it():
    assert "(docs/architecture.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
