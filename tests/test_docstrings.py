"""Every public name is documented in numpydoc's form; where parameters are listed, they are those of the signature."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import imgsim

# Not asked for: an extended summary (ES), examples (EX), "See Also" (SA), a line break after the quotes (GL01), and a
# "Yields" section that repeats "Returns" (YD).
ALWAYS = {
    "GL03",
    "GL05",
    "GL06",
    "GL07",
    "GL08",
    "GL10",
    "SS01",
    "SS02",
    "SS03",
    "SS04",
    "PR02",
    "PR03",
    "PR04",
    "PR05",
}
WITH_SECTIONS = ALWAYS | {"PR01", "PR07", "PR10", "RT03"}


def public_objects():
    for module_info in pkgutil.walk_packages(imgsim.__path__, "imgsim."):
        if module_info.name.endswith("__main__"):
            continue
        module = importlib.import_module(module_info.name)
        for name, value in vars(module).items():
            here = getattr(value, "__module__", None) == module.__name__
            if here and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)):
                yield f"{module.__name__}.{name}"
                if inspect.isclass(value):
                    methods = (key for key, item in vars(value).items() if inspect.isfunction(item))
                    yield from (f"{module.__name__}.{name}.{key}" for key in methods if not key.startswith("_"))


def test_modules_say_what_they_are_for():
    modules = [
        module.name for module in pkgutil.walk_packages(imgsim.__path__, "imgsim.") if "__main__" not in module.name
    ]
    assert [name for name in modules if not importlib.import_module(name).__doc__] == []


@pytest.mark.parametrize("name", sorted(set(public_objects())))
def test_is_documented(name):
    report = validate(name)
    has_sections = "Parameters" in (report["docstring"] or "")
    wanted = WITH_SECTIONS if has_sections else ALWAYS
    problems = [f"{code}: {text}" for code, text in report["errors"] if code in wanted]
    assert problems == []
