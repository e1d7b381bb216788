"""Docstrings are as long as their readers need, and a name stands for one thing.

Numpydoc in full is for what others build on: the public API, the protocols, extractors, metrics and published
algorithms. The rest says in two lines what, and of which shape, unit or source.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest
from numpydoc.validate import validate

import imgsim
from imgsim.errors import MissingDependencyError
from imgsim.features import EXTRACTORS
from imgsim.segment.segmenter_table import SEGMENTERS

PACKAGE = Path(imgsim.__file__).parent
PROTOCOLS = {"imgsim.core", "imgsim.segment.base_segmenter", "imgsim.where.facts"}
PROTOCOLS |= {f"imgsim.index.store.{path.stem}" for path in (PACKAGE / "index" / "store").glob("*.py")}
OUTSIDE_THE_TABLE = {"imgsim.features.base:PhotoExtractor", "imgsim.features.deep:DeepExtractor"}

# Not asked for: an extended summary (ES), examples (EX), "See Also" (SA), a line break after the quotes (GL01), and a
# "Yields" section that repeats "Returns" (YD).
ALWAYS = {"GL03", "GL05", "GL06", "GL07", "GL08", "GL10", "SS01", "SS02", "SS03", "SS04", "SS05"}
IN_FULL = ALWAYS | {"PR01", "PR02", "PR03", "PR04", "PR05", "PR07", "PR10", "RT03"}
SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}$", re.MULTILINE)
PROSE_LINES = 2

# Names of things, though they end like the others: the field's own terms.
TERMS = {"ranking", "reranking", "halving", "pooling", "whitening", "naming", "matching", "testing", "embedding"}
NOWHERE = {"utils", "util", "helpers", "common", "misc"}


class Documented(NamedTuple):
    """A function or a class, and the class that it is in."""

    module: str
    owner: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

    @property
    def name(self):
        return ".".join(filter(None, [self.module, self.owner, self.node.name]))

    @property
    def top(self):
        """The function or class at the module's top that it is, or is in."""
        return f"{self.module}:{self.owner or self.node.name}"

    @property
    def docstring(self):
        return ast.get_docstring(self.node) or ""

    @property
    def is_public(self):
        return not any(re.match(r"_(?!_)", part) for part in [self.node.name, self.owner])

    @property
    def is_command(self):
        """Whether its docstring is what the shell shows as help."""
        return self.module.startswith("imgsim.cli.commands.") and bool(self.node.decorator_list)

    @property
    def is_made_as_its_base(self):
        """Whether it is a class that takes what its base takes, or a protocol, which nobody makes."""
        fields = [item for item in getattr(self.node, "body", []) if isinstance(item, ast.AnnAssign)]
        own = any("ClassVar" not in ast.unparse(field.annotation) for field in fields) or defines(self.node, "__init__")
        return isinstance(self.node, ast.ClassDef) and (is_protocol(self.node) or not own)


def defines(node, method):
    return any(isinstance(item, ast.FunctionDef) and item.name == method for item in node.body)


def base_names(node):
    return [ast.unparse(base).partition("[")[0] for base in node.bases]


def is_protocol(node):
    return "Protocol" in base_names(node)


def module_name(path):
    parts = ("imgsim", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if not path.stem.startswith("__")]
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def documented():
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, DEFINITIONS):
                yield Documented(module, "", node)
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, DEFINITIONS):
                        yield Documented(module, node.name, item)


EVERYTHING = [item for item in documented() if item.docstring or (item.is_public and "__" not in item.node.name)]
OFFERED = {f"{getattr(imgsim, name).__module__}:{name}" for name in imgsim.__all__}
MADE_BY_NAME = [*map(EXTRACTORS.load, EXTRACTORS), *map(SEGMENTERS.load, SEGMENTERS)]
NAMED_CLASSES = {f"{its.__module__}:{its.__name__}" for its in MADE_BY_NAME} | OUTSIDE_THE_TABLE


def is_promised(item):
    """Tell whether a method is one that a protocol, or a class above its own, documents for all that have it."""
    if not item.owner:
        return False
    above, named = [CLASSES[item.owner]], {item.owner}
    for node in above:
        above += [CLASSES[base] for base in base_names(node) if base in CLASSES and base not in named]
    above = [node for node in [*above[1:], *PROMISES] if node.name != item.owner]
    return any(defines(node, item.node.name) for node in above)


def is_in_full(item):
    """Tell whether others build on it, so that it is documented in full."""
    if "References" in SECTION.findall(item.docstring):
        return True
    if not item.is_public or (is_promised(item) and not SECTION.search(item.docstring)):
        return False
    return (
        item.top in OFFERED | NAMED_CLASSES
        or (item.module in PROTOCOLS and (item.owner or isinstance(item.node, ast.ClassDef)))
        or item.module.startswith("imgsim.metrics.")
        or (item.module == "imgsim.errors" and item.node.name.endswith("Error"))
    )


CLASSES = {item.node.name: item.node for item in documented() if isinstance(item.node, ast.ClassDef)}
PROMISES = [node for node in CLASSES.values() if is_protocol(node)]
FULL = [item for item in EVERYTHING if is_in_full(item)]
SHORT = [item for item in EVERYTHING if item not in FULL]


def problems(name, wanted):
    """What numpydoc finds; skips where the module needs what is not installed."""
    try:
        report = validate(name)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    return [f"{code}: {text}" for code, text in report["errors"] if code in wanted]


def by_name(items):
    return [pytest.param(item, id=item.name.removeprefix("imgsim.")) for item in items]


@pytest.mark.parametrize("item", by_name(FULL))
def test_what_others_build_on_is_documented_in_full(item):
    assert problems(item.name, IN_FULL - {"PR01"} if item.is_made_as_its_base else IN_FULL) == []


@pytest.mark.parametrize("item", by_name(SHORT))
def test_the_rest_is_documented_in_two_lines(item):
    prose, *rest = SECTION.split(item.docstring)
    sections = rest[::2]
    assert item.is_command or len([line for line in prose.splitlines() if line.strip()]) <= PROSE_LINES
    assert [section for section in sections if section != "Examples"] == []
    if item.is_public:
        assert problems(item.name, ALWAYS) == []


def test_both_kinds_are_there():
    assert {"imgsim.core.Extractor.extract", "imgsim.index.index.Index.search", "imgsim.index.store.stamp.Stamp"} <= {
        item.name for item in FULL
    }
    assert len(FULL) > 100
    assert len(SHORT) > 500


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_is_in_it(module):
    first = (ast.get_docstring(MODULES[module]) or "").split("\n")[0]
    assert first.endswith(".")


@pytest.mark.parametrize("name", sorted({path.stem for path in FILES}))
def test_a_module_is_named_by_the_thing_in_it(name):
    assert name not in NOWHERE
    assert not name.endswith("ing") or name in TERMS


def test_a_module_name_stands_once():
    places = defaultdict(list)
    for path in FILES:
        if path.parent != PACKAGE / "cli" / "commands":
            places[path.stem].append(module_name(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_a_class_name_stands_once():
    places = defaultdict(list)
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
