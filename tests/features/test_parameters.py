"""What extractors say of their parameters, against what they do."""

import subprocess
import sys
from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.features import EXTRACTORS, default_parameters, load_extractor
from imgsim.features.deep import DeepExtractor
from imgsim.features.parameters import describe_extractor

NAMES = [*EXTRACTORS, "resnet50"]
TOLD = [(name, one) for name in NAMES for one in describe_extractor(name).parameters]


def hints(name):
    return get_type_hints(EXTRACTORS.load(name) if name in EXTRACTORS else DeepExtractor)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_told_and_nothing_else(name):
    described = describe_extractor(name)
    assert [one.name for one in described.parameters] == list(default_parameters(name))
    assert described.summary.endswith(".")
    assert all(one.meaning.endswith(".") and "`" not in one.meaning for one in described.parameters)


@pytest.mark.parametrize(("name", "one"), TOLD)
def test_what_is_told_is_what_is_taken(name, one):
    hint = hints(name)[one.name]
    if get_origin(hint) is Literal:
        assert set(one.choices) == set(get_args(hint))
    elif hint in (int, float):
        assert one.choices == ()
        low, high = map(hint, one.bounds.split(" to "))
        step = 1 if hint is int else 0.05
        for fine in (low, high):
            assert getattr(load_extractor(f"{name}:{one.name}={fine}"), one.name) == fine
        for beyond in (low - step, high + step):
            with pytest.raises(ParameterError):
                load_extractor(f"{name}:{one.name}={beyond}")
    else:
        assert (one.choices, one.bounds) == ((), "")


def test_networks_of_timm_are_described_alike():
    assert describe_extractor("timm/resnet18") == describe_extractor("resnet50")
    assert {field.name for field in fields(DeepExtractor)} > {
        one.name for one in describe_extractor("vgg16").parameters
    }


def test_an_unknown_name_is_told():
    with pytest.raises(UnknownNameError, match="did you mean haralick"):
        describe_extractor("haralik")


def test_describing_imports_nothing_that_measures():
    told = "from imgsim.features.parameters import describe_extractor; describe_extractor('resnet50'); import sys; "
    told += "print(sorted({'numpy', 'cv2', 'PIL', 'mahotas', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
