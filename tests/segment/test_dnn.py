"""Models of OpenCV's, and the files that describe them."""

import json

import numpy as np
import pytest

from imgsim.errors import WeightsError
from imgsim.images.read import read_image
from imgsim.segment.dnn import DnnSegmenter
from imgsim.segment.segmenter_table import build_segmenter
from tests.conftest import SHARED

IMAGE = np.random.default_rng(5).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture
def constant_model(tmp_path):
    """Write an ONNX file that gives an array whatever the image is: ``constant_model(array)``."""
    onnx = pytest.importorskip("onnx", reason="the extra deep is not installed")
    helper = onnx.helper

    def write(answer):
        answer = np.asarray(answer, np.float32)
        images = helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [1, 3, 32, 32])
        given = helper.make_tensor_value_info("given", onnx.TensorProto.FLOAT, answer.shape)
        nodes = [
            helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
            helper.make_node("ReduceMean", ["mean"], ["one"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["one", "zero"], ["none"]),
            helper.make_node("Reshape", ["none", "shape"], ["scalar"]),
            helper.make_node("Add", ["scalar", "answer"], ["given"]),
        ]
        held = [
            onnx.numpy_helper.from_array(np.zeros((1, 1, 1, 1), np.float32), "zero"),
            onnx.numpy_helper.from_array(np.array([1] * answer.ndim, np.int64), "shape"),
            onnx.numpy_helper.from_array(answer, "answer"),
        ]
        graph = helper.make_graph(nodes, "constant", [images], [given], held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, tmp_path / "constant.onnx")
        return "constant.onnx"

    return write


def test_people_are_found_by_the_model_for_them(shared_data, describe_model):
    segmenter = DnnSegmenter(str(describe_model()))
    assert segmenter.names == ("background", "person")
    from scipy.io import loadmat

    overlaps = []
    for path in sorted((shared_data / "outfits" / "masks").glob("*.mat"))[::10]:
        mask = loadmat(path)["groundtruth"] > 0
        found = segmenter.segment(read_image(shared_data / "outfits" / "photos" / f"{path.stem}.jpg")) == 1
        overlaps.append((found & mask).sum() / (found | mask).sum())
    assert np.mean(overlaps) > 0.6


def test_a_quantised_model_is_refused_in_one_line(describe_model):
    path = SHARED / "weights" / "segmentation" / "deeplabv3_mnv2_pascal_quant.tflite"
    if not path.exists():
        pytest.skip("no ../shared/weights beside this checkout")
    with pytest.raises(WeightsError, match=r"pascal_quant\.tflite: OpenCV [\d.]+ cannot parse it \(.+\)$") as caught:
        DnnSegmenter(str(describe_model(model=str(path), size=513)))
    assert "\n" not in str(caught.value)


def test_scores_of_several_labels_give_the_best(constant_model, describe_model):
    scores = np.zeros((1, 3, 2, 2))
    scores[0, 1, 0], scores[0, 2, 1] = 5, 5
    told = {"model": constant_model(scores), "size": 32, "labels": ["Background", "Sky", "Ground"], "gives": "scores"}
    segmenter = DnnSegmenter(str(describe_model(**told)))
    assert segmenter.names == ("background", "sky", "ground")
    labels = segmenter.segment(IMAGE)
    assert (labels[:15] == 1).all()
    assert (labels[45:] == 2).all()


def test_boxes_are_labels_the_surest_on_top(constant_model, describe_model):
    rows = [
        [0, 1, 0.9, 0.5, 0.5, 1.0, 1.0],  # a lamp at the lower right
        [0, 0, 0.6, 0.0, 0.0, 1.0, 0.75],  # a sofa over all but the lowest quarter
        [0, 0, 0.3, 0.0, 0.0, 1.0, 1.0],  # not sure enough
        [0, 7, 0.9, 0.0, 0.0, 1.0, 1.0],  # of no label
    ]
    told = {"model": constant_model([[rows]]), "size": 32, "labels": ["sofa", "lamp"], "gives": "boxes"}
    labels = DnnSegmenter(str(describe_model(**told))).segment(IMAGE)
    expected = np.zeros((60, 80), np.uint8)
    expected[:45] = 1
    expected[30:, 40:] = 2
    np.testing.assert_array_equal(labels, expected)
    pixels = np.array(rows) * [1, 1, 1, 32, 32, 32, 32]
    in_pixels = told | {"model": constant_model([[pixels]]), "units": "pixels"}
    np.testing.assert_array_equal(DnnSegmenter(str(describe_model(**in_pixels))).segment(IMAGE), expected)


@pytest.mark.parametrize(
    ("told", "shape", "line"),
    [
        ({"gives": "scores", "labels": ["a", "b", "c"]}, (1, 2, 2, 2), r"gives \(1, 2, 2, 2\), not maps of 3 scores$"),
        ({"gives": "boxes", "labels": ["a"]}, (1, 1, 3, 5), r"gives \(1, 1, 3, 5\), not boxes of 7 columns$"),
    ],
)
def test_a_model_of_other_labels_is_one_line(constant_model, describe_model, told, shape, line):
    segmenter = DnnSegmenter(str(describe_model(model=constant_model(np.zeros(shape)), size=32, **told)))
    with pytest.raises(WeightsError, match=line):
        segmenter.segment(IMAGE)


def test_another_description_is_another_segmenter(constant_model, describe_model):
    model = constant_model(np.zeros((1, 1, 2, 2)))
    spec = DnnSegmenter(str(describe_model(model=model, size=32, labels=["a"]))).spec
    assert build_segmenter(spec).spec == spec
    describe_model(model=model, size=32, labels=["a"], threshold=0.25)
    with pytest.raises(WeightsError, match="is another than before: name it anew$"):
        build_segmenter(spec)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"size": 8}, "its size cannot be 8"),
        ({"size": [256, "x"]}, r"its size cannot be \[256, 'x'\]"),
        ({"labels": []}, r"its labels cannot be \[\]"),
        ({"labels": ["a", "a"], "gives": "scores"}, r"its labels cannot be \['a', 'a'\]"),
        ({"labels": ["a", "b"]}, "a mask is of one label, not of 2"),
        ({"gives": "depth"}, "its gives cannot be depth"),
        ({"mean": [0, 0]}, r"its mean cannot be \[0, 0\]"),
        ({"deviation": [1, 0, 1]}, "its deviation cannot be 0"),
        ({"gives": "boxes", "columns": ["label", "score"]}, r"its columns cannot be \['label', 'score'\]"),
        ({"licence": "MIT"}, "it says 'licence'; what it may say is channels, .*"),
        ({"model": "nowhere.onnx"}, "nowhere.onnx: No such file or directory"),
    ],
)
def test_a_wrong_description_is_one_line(describe_model, told, line):
    with pytest.raises(WeightsError, match=rf"{line}$") as caught:
        DnnSegmenter(str(describe_model(**told)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff\xfe", b"{" * 5000, json.dumps({"model": "a"}).encode()])
def test_what_describes_nothing_is_one_line(tmp_path, data):
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(
        WeightsError, match=r"a\.json: (not a JSON file that describes|it says no model, size and labels)"
    ):
        DnnSegmenter(str(tmp_path / "a.json"))
