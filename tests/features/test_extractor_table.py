"""From text to extractor, and from spec to extractor."""

from dataclasses import replace

import pytest

from imgsim.core import ExtractorSpec
from imgsim.errors import ExtractorMismatchError, ParameterError, UnknownNameError
from imgsim.features import DEFAULT_EXTRACTOR, build_extractor, default_extractor, load_extractor
from imgsim.features.haralick import Haralick
from imgsim.features.histogram import Histogram


def test_parameters_take_their_declared_types():
    assert load_extractor("histogram:space=lab,bins=4") == Histogram(space="lab", bins=4)
    assert load_extractor("haralick:aggregate=mean+range,levels=8") == Haralick(levels=8)


def test_the_default_is_a_network_whose_weights_are_installed():
    assert default_extractor() == DEFAULT_EXTRACTOR == "efficientnet_lite0"
    assert load_extractor(DEFAULT_EXTRACTOR).dim == 1280


def test_without_its_weights_the_default_is_classic(monkeypatch):
    monkeypatch.setattr("imgsim.features.extractor_table.is_ready", lambda _: False)
    assert default_extractor() == "classic"


def test_defaults_are_written_out_in_the_spec():
    assert str(load_extractor("histogram").spec) == "histogram:bins=8,grid=1,space=rgb"


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"^unknown extractor 'haralik': did you mean haralick\?$"):
        load_extractor("haralik")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("histogram:bins=many", "histogram: bins is a whole number, not 'many'"),
        ("histogram:bins=4.5", "histogram: bins is a whole number, not '4.5'"),
        ("histogram:space=RGB", "histogram: space is one of rgb, hsv, lab, not 'RGB'"),
        ("histogram@0.5", "'histogram@0.5': leave out the weight; it has its place in queries that fuse extractors"),
        ("histogram:bins", "'histogram:bins': 'bins' is not key=value"),
    ],
)
def test_what_does_not_fit_is_explained(text, message):
    with pytest.raises(ParameterError) as caught:
        load_extractor(text)
    assert str(caught.value) == message


def test_another_version_is_refused():
    stored = replace(Histogram().spec, version=0)
    with pytest.raises(ExtractorMismatchError, match="indexed as version 0, this imgsim makes version 1"):
        build_extractor(stored)


@pytest.mark.parametrize("stored", [ExtractorSpec("sift"), ExtractorSpec("histogram", (("space", "lab"),))])
def test_a_spec_that_this_imgsim_cannot_rebuild_is_refused(stored):
    with pytest.raises(ExtractorMismatchError):
        build_extractor(stored)
