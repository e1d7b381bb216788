"""Learned embeddings as extractors: a linear map of another's rows, and a network."""

import numpy as np
import pytest

from imgsim.core import ExtractorSpec
from imgsim.errors import ExtractorMismatchError, ParameterError, WeightsError
from imgsim.evaluation.candidates import split_fused
from imgsim.features import build_extractor, load_extractor, spell_out, write_out
from imgsim.features.measure import measure_all
from imgsim.models.embedding_model import EMBEDDING_MODELS
from tests.features.test_features_contract import PHOTOS
from tests.learned import HASH, PAPER, linear_map, random_map, tiny_network, write_model


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def at_once(request, monkeypatch):
    """Try models in this process, which takes no second, but where the limits themselves are tested."""
    if "limits" not in request.node.name:
        monkeypatch.setattr("imgsim.models.model_shelf.look_limited", lambda _path, look, *given: look(*given))


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "shelf.onnx", linear_map())


def networks():
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    return {
        "a network": tiny_network(),
        "of one size": tiny_network(any_size=False),
        "of the middle": tiny_network(crop="center"),
        "squeezed": tiny_network(any_size=False, crop="squash"),
    }


def maps():
    return {
        "a map": linear_map(),
        "a map of bits": linear_map("phash"),
        "a map of more values": linear_map("hog", dim=40),
    }


@pytest.mark.parametrize("form", ["a map", "a map of bits", "a map of more values", *["a network", "of one size"]])
def test_every_form_keeps_what_extractors_keep(tmp_path, form):
    data = (maps() if form.startswith("a map") else networks())[form]
    extractor = load_extractor(f"embedding:{write_model(tmp_path / 'm.onnx', data)}")
    batch = extractor.extract(list(PHOTOS.values()))
    assert batch.shape == (len(PHOTOS), extractor.dim)
    assert batch.dtype == np.float32
    assert np.isfinite(batch).all()
    assert np.allclose(np.linalg.norm(batch, axis=1), 1, atol=1e-6)
    for place, photo in enumerate(PHOTOS.values()):
        assert np.array_equal(extractor.extract([photo])[0], batch[place])
    assert extractor.extract([]).shape == (0, extractor.dim)
    again = build_extractor(ExtractorSpec.from_json(extractor.spec.to_json()))
    assert again.spec == extractor.spec
    assert (again.dim, again.metric, again.binary, again.scale) == (extractor.dim, "cosine", False, extractor.scale)
    assert load_extractor(str(extractor.spec)).spec == extractor.spec


def test_a_map_is_what_numpy_makes_of_the_bases_rows(model):
    base = load_extractor("histogram:bins=2")
    mean, projection = random_map(base.dim, 3)
    images = list(PHOTOS.values())
    expected = (base.extract(images).astype(np.float64) - mean) @ projection
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    rows = load_extractor(f"embedding:{model}").extract(images)
    assert np.abs(rows - expected).max() < 1e-6


def test_what_a_network_is_given_is_what_deep_extractors_give(tmp_path):
    data = networks()
    images = [PHOTOS["ramp"], PHOTOS["noise"]]
    whole, middle, one_size, squeezed = (
        load_extractor(f"embedding:{write_model(tmp_path / f'{place}.onnx', data[name])}").extract(images)
        for place, name in enumerate(("a network", "of the middle", "of one size", "squeezed"))
    )
    assert np.abs(whole - middle).max() > 1e-3
    assert np.array_equal(one_size, squeezed)


def test_rows_made_in_processes_are_the_same(model):
    extractor = load_extractor(f"embedding:{model}")
    photos = [PHOTOS["noise"], PHOTOS["ramp"]] * 20
    (alone,), (shared,) = (measure_all(photos, [extractor], jobs=jobs) for jobs in (1, 2))
    assert np.array_equal(alone, shared)


def test_the_spec_names_the_model_and_its_base(model):
    extractor = load_extractor(f"embedding:{model}")
    (there,) = EMBEDDING_MODELS.models()
    assert dict(extractor.spec.params) == {
        "base": load_extractor("histogram:bins=2").spec.to_json(),
        "sha256": there.sha256,
    }
    assert str(extractor.spec) == f"embedding:{there.sha256[:12]}" == there.naming
    assert extractor.paper == PAPER
    assert there.name == f"embedding--{there.sha256}.onnx"
    assert there.header().parents == {"photos": HASH}


def test_it_works_after_the_file_was_moved_and_is_another_where_it_was_replaced(model):
    spec = load_extractor(f"embedding:{model}").spec
    model.write_bytes(linear_map(seed=1))
    other = load_extractor(f"embedding:{model}").spec
    model.unlink()
    assert spec != other
    assert [build_extractor(one).spec for one in (spec, other)] == [spec, other]
    assert len(EMBEDDING_MODELS.models()) == 2


@pytest.mark.parametrize("name", ["a b.onnx", "a:b,c=d.onnx", "sub/x.onnx", "x@0.5", "x@y.onnx", "a+hog+b.onnx"])
def test_what_follows_the_colon_is_a_path_whole(tmp_path, name):
    write_model(tmp_path / name, linear_map())
    wanted = f"embedding:{EMBEDDING_MODELS.bring(str(tmp_path / name)).sha256[:12]}"
    assert spell_out(f"embedding:{name}") == wanted
    assert spell_out(f"embedding:{name}@0.25") == f"{wanted}@0.25"
    assert split_fused(f"hog@2+embedding:{name}@0.5+phash") == ("hog@2", f"{wanted}@0.5", "phash")


def test_an_imported_name_stands_for_its_model_until_another_takes_it(tmp_path):
    models = [EMBEDDING_MODELS.bring(str(write_model(tmp_path / f"{n}.onnx", linear_map(seed=n)))) for n in (0, 1)]
    assert EMBEDDING_MODELS.keep_name("shelf", models[0]) is None
    assert write_out(["embedding:shelf@0.5", "hog"], fused=True) == [f"{models[0].naming}@0.5", "hog"]
    assert EMBEDDING_MODELS.keep_name("shelf", models[1]) == models[0]
    assert spell_out("embedding:shelf") == models[1].naming
    assert EMBEDDING_MODELS.find(models[0].sha256[:12]) == models[0]


@pytest.mark.parametrize("text", ["embedding:gone.onnx", "embedding:gone.onnx@0.5", "embedding:gone", "embedding:ab12"])
def test_what_names_no_model_is_told(text):
    with pytest.raises(WeightsError, match="no such file, and no model was imported under that name"):
        load_extractor(text)


def test_a_weight_has_no_place_where_one_extractor_is_loaded(model):
    with pytest.raises(ParameterError, match="leave out the weight"):
        load_extractor(f"embedding:{model}@0.5")
    with pytest.raises(ParameterError, match="the weight must be a number above 0"):
        write_out([f"embedding:{model}@0"])


def test_a_model_that_is_not_here_is_told_with_what_to_do(model, cache):
    spec = load_extractor(f"embedding:{model}").spec
    (there,) = EMBEDDING_MODELS.models()
    cache.joinpath(there.name).unlink()
    with pytest.raises(WeightsError, match=f"^the embedding {there.sha256[:12]} is not in ") as caught:
        _ = build_extractor(spec).dim
    assert caught.value.remedy == "import-learned"
    assert caught.value.facts == {"digits": there.sha256}
    with pytest.raises(WeightsError, match="is not in"):
        load_extractor(f"embedding:{there.sha256[:12]}")


def test_a_damaged_model_in_the_cache_is_not_run(model, cache):
    spec = load_extractor(f"embedding:{model}").spec
    path = cache / EMBEDDING_MODELS.models()[0].name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WeightsError, match="damaged or tampered with"):
        _ = build_extractor(spec).dim
    assert load_extractor(f"embedding:{model}").spec == spec  # whose file is whole: it is copied again


def test_a_spec_that_names_another_base_than_its_model_is_refused(model):
    spec = load_extractor(f"embedding:{model}").spec
    other = ExtractorSpec(spec.name, (("base", load_extractor("hog").spec.to_json()), spec.params[1]))
    with pytest.raises(ParameterError, match="is a model of the rows of histogram"):
        _ = build_extractor(other).dim
    with pytest.raises(ParameterError, match="is not the model"):
        build_extractor(ExtractorSpec(spec.name, (spec.params[0], ("sha256", HASH))))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not a model that imgsim exported, or a truncated one"),
        (b"not a model", "not a model that imgsim exported, or a truncated one"),
        (linear_map()[:-30], "truncated|damaged or tampered with"),
        (linear_map().replace(b"Sub", b"Add"), "damaged or tampered with"),
        (linear_map(surprise=1), "not a learned embedding that imgsim exported: its details would be"),
    ],
    ids=["empty", "text", "truncated", "changed", "untrue"],
)
def test_a_file_that_is_no_model_is_refused_and_nothing_is_kept(tmp_path, data, told, cache):
    path = write_model(tmp_path / "bad.onnx", data)
    with pytest.raises(WeightsError, match=told) as caught:
        load_extractor(f"embedding:{path}")
    assert str(caught.value).startswith(f"{path}: ")
    assert not cache.exists() or not [*cache.iterdir()]


def test_a_map_of_other_rows_than_its_base_gives_is_refused(tmp_path):
    """Its header says histograms of 8 values; its graph takes 9."""
    from imgsim.models.header import LINEAR, Header
    from imgsim.models.linear_graph import write_linear

    details = {"base": load_extractor("histogram:bins=2").spec.to_json(), "recipe": {}}
    header = Header(LINEAR, {"photos": HASH}, None, {"rows": ("n", 3)}, details)
    path = write_model(tmp_path / "m.onnx", write_linear(*random_map(9, 3), header))
    with pytest.raises(WeightsError, match="takes rows of 9 values, not the 8 values of histogram:"):
        load_extractor(f"embedding:{path}").extract([PHOTOS["noise"]])


def test_a_base_that_this_imgsim_does_not_make_is_told(tmp_path):
    old = ExtractorSpec("hog", load_extractor("hog").spec.params, 99)
    path = write_model(tmp_path / "m.onnx", linear_map("hog", base=old.to_json()))
    with pytest.raises(ExtractorMismatchError, match="maps rows of hog:.*, version 99, .*: learn it again$"):
        _ = load_extractor(f"embedding:{path}").dim


def test_a_map_of_a_map_is_one_more(tmp_path):
    first = load_extractor(f"embedding:{write_model(tmp_path / 'first.onnx', linear_map())}")
    second = load_extractor(f"embedding:{write_model(tmp_path / 'second.onnx', linear_map(str(first.spec), dim=2))}")
    assert second.dim == 2
    assert second.extractor.spec == first.spec
    assert np.isfinite(second.extract([PHOTOS["noise"]])).all()


def test_a_trunk_is_no_embedding(tmp_path):
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    from tests.cases.trunks import sealed_trunk

    path = write_model(tmp_path / "trunk.onnx", sealed_trunk([], [], architecture="timm/x", dim=3))
    with pytest.raises(WeightsError, match="not a learned embedding that imgsim exported: of kind trunk$"):
        load_extractor(f"embedding:{path}")


def test_a_model_is_tried_within_limits_before_it_is_kept(model, monkeypatch, cache):
    monkeypatch.setenv("IMGSIM_MODEL_SECONDS", "0.001")
    with pytest.raises(WeightsError, match=r"^\S*shelf.onnx: takes more than 0.01 s"):
        load_extractor(f"embedding:{model}")
    assert not cache.exists()
