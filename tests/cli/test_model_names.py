"""What is said of a model's name that is mistyped, wherever one is typed: which was meant."""

import pytest

from imgsim.errors import UnknownModelError, WeightsError
from imgsim.models.embedding_model import EMBEDDING_MODELS

MISTYPED = [
    ("models show shop-nt", "unknown model 'shop-nt': did you mean shop-net?"),
    ("models show squeezenet11", "unknown model 'squeezenet11': did you mean squeezenet1_1?"),
    ("models show resnet50:layer=x", "unknown model 'resnet50:layer=x': did you mean resnet50?"),
    ("models show shelf-map", "unknown model 'shelf-map': did you mean embedding:shelf-map?"),
    ("models show embeding:shelf-map", "unknown model 'embeding:shelf-map': did you mean embedding:shelf-map?"),
    ("models show embedding:shlf-map", "unknown learned model 'embedding:shlf-map': did you mean embedding:shelf-map?"),
    ("models show classifier:shelf-map", "'classifier:shelf-map': did you mean embedding:shelf-map?"),
    ("models show onnx/squeezenet", "unknown model 'onnx/squeezenet': did you mean squeezenet1_1?"),
    ("models export thigns x.onnx", "unknown model 'thigns': did you mean classifier:things?"),
    ("models export timm/xception41.x x.onnx", "no such model of timm/xception41.x in "),
    ("models export fashon x.onnx", "unknown model 'fashon': did you mean segmenter:fashion?"),
    ("models remove shop-nt", "unknown model 'shop-nt': did you mean shop-net?"),
    ("models remove segmenter:fashon", "'segmenter:fashon': did you mean segmenter:fashion?"),
    (
        "models remove embedding:",
        "'embedding:': choose from classifier:things, embedding:{nameless}, embedding:shelf-map",
    ),
    ("models pull squeezenet11", "unknown architecture 'squeezenet11': did you mean squeezenet1_1?"),
    ("models import 0.png -a segformr", "unknown architecture 'segformr': did you mean segformer?"),
    ("models whiten . -x shop-nt", "unknown extractor 'shop-nt': did you mean shop-net?"),
    ("extract 0.png -x shlf-map", "unknown extractor 'shlf-map': did you mean embedding:shelf-map?"),
    ("extract 0.png -x embeding:shelf-map", "'embeding:shelf-map': did you mean embedding:shelf-map?"),
    ("extract 0.png -x hsitogram:bins", "unknown extractor 'hsitogram:bins': did you mean histogram?"),
    ("extract 0.png -x lte", "unknown extractor 'lte': did you mean lite?"),
    ("extract 0.png -x histogram:bins", "'histogram:bins': 'bins' is not key=value"),
    ("extract 0.png -x classifier:things", "is no features: `imgsim classify -m classifier:things` asks it"),
    ("index . -x embedding:shlf-map", "imported under that name: did you mean embedding:shelf-map?"),
    ("index . --classify thigns", "imported under that name: did you mean classifier:things?"),
    ("index . --classify what=imagent", "imported under that name: did you mean imagenet?"),
    ("index . --segment fashon", "unknown segmenter 'fashon': did you mean fashion?"),
    ("query 0.png -x shop-nt", "unknown extractor 'shop-nt': did you mean shop-net?"),
    ("query 0.png -x embedding:shlf-map", "imported under that name: did you mean embedding:shelf-map?"),
    ("evaluate . -x hog+embedding:shlf-map", "imported under that name: did you mean embedding:shelf-map?"),
    ("classify 0.png -m thigns", "classifier:thigns: no such file, and no model was imported under that name: did you"),
    ("evaluate classifier wallets .", "imported under that name: choose from classifier:things\n"),
    ("train ensemble wallets things -o e.onnx", "imported under that name: choose from classifier:things\n"),
    ("segment 0.png -o out --segment fashon:hat", "unknown segmenter 'fashon': did you mean fashion?"),
    ("segment 0.png -o out --segment segmenter:fashion", "'segmenter:fashion': write fashion\n"),
    (f"segment 0.png -o out --segment segmenter:{'ab' * 6}", f"write segformer:model={'ab' * 6}\n"),
    ("segment 0.png -o out --segment segformer:model=fashon", "segmenter 'fashon': did you mean fashion?"),
]


@pytest.mark.parametrize(("line", "told"), MISTYPED)
def test_a_name_that_is_mistyped_is_told_with_the_nearest(run, shelf, named_models, monkeypatch, line, told):
    monkeypatch.chdir(shelf)
    result = run(*line.split())
    assert (result.code, result.out) == (2, "")
    assert told.format(nameless=named_models) in result.err.splitlines(keepends=True)[-1]


def test_nothing_is_removed_by_a_name_that_is_mistyped(run, named_models, model_cache):
    before = sorted(model_cache.iterdir())
    for name in ("shop-nt", "embedding:", f"embedding:{named_models[:3]}", "classifier:thing", "squeezenet1"):
        assert run("models", "remove", name).code == 2
    assert sorted(model_cache.iterdir()) == before


def test_a_network_that_has_no_model_here_is_no_mistake(run, named_models):
    assert run("models", "show", "resnet18").code == 1
    assert run("models", "remove", "resnet18") == (1, "", "")
    assert "no such model of resnet18 in " in run("models", "export", "resnet18", "x.onnx").err


def test_what_is_neither_a_name_nor_digits_of_a_model_is_called_neither(run, named_models):
    assert named_models in run("models", "show", f"embedding:{named_models[:4]}").out
    with pytest.raises(UnknownModelError, match=r"^unknown embedding 'shlf-map': did you mean embedding:shelf-map\?$"):
        EMBEDDING_MODELS.find("shlf-map")
    with pytest.raises(WeightsError, match=r"^the embedding abababababab is not in "):
        EMBEDDING_MODELS.find("ab" * 6)


def test_digits_that_several_models_begin_with_mean_none_of_them(run, named_models, model_cache):
    twin = f"{named_models[:4]}{'0' * 60}"
    (model_cache / f"embedding--{twin}.onnx").write_bytes(b"")
    told = run("models", "remove", f"embedding:{named_models[:4]}")
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert (
        f"embedding:{named_models[:4]}: 2 models begin so: embedding:{twin[:12]}, embedding:{named_models}" in told.err
    )
