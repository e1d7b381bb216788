"""Label maps from files."""

import numpy as np
import PIL.Image
import pytest
from scipy.io import savemat

from imgsim.errors import ExtractorMismatchError, ImageReadError, ParameterError
from imgsim.segment.base_segmenter import PhotoFile
from imgsim.segment.mask_files import MaskFiles
from imgsim.segment.segmenter_table import build_segmenter

LABELS = np.uint8([[0, 1, 1], [2, 2, 0]])
IMAGE = np.zeros((2, 3, 3), np.uint8)


def save(path, labels=LABELS):
    path.parent.mkdir(exist_ok=True, parents=True)
    PIL.Image.fromarray(labels).save(path)


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "masks" / "a.png")
    return tmp_path / "masks"


@pytest.mark.parametrize("name", ["a.png", "a-mask.png", "a.mat"])
def test_a_photo_has_the_map_of_its_name(tmp_path, name):
    folder = tmp_path / "masks"
    folder.mkdir()
    if name.endswith(".mat"):
        savemat(folder / name, {"groundtruth": LABELS})
    else:
        save(folder / name)
    np.testing.assert_array_equal(MaskFiles(str(folder)).segment(IMAGE, PhotoFile("elsewhere/a.jpg")), LABELS)


def test_a_photo_seen_small_has_its_map_small(folder):
    labels = MaskFiles(str(folder)).segment(np.zeros((4, 6, 3), np.uint8), PhotoFile("a.jpg", 3, 2))
    assert labels.shape == (4, 6)
    np.testing.assert_array_equal(labels[[0, 3]][:, [0, 5]], [[0, 1], [2, 0]])


def test_folders_of_masks_are_those_of_photos(tmp_path):
    for place, value in {"a.png": 1, "red/a.png": 2, "red/new/a-mask.png": 3}.items():
        save(tmp_path / "masks" / place, np.full((2, 3), value, np.uint8))
    masks = MaskFiles(str(tmp_path / "masks"))
    for photo, value in {"p/a.jpg": 1, "p/red/a.jpg": 2, "p/red/new/a.png": 3, "p/new/a.jpg": 1}.items():
        assert masks.segment(IMAGE, PhotoFile(photo))[0, 0] == value, photo


def test_names_are_read_from_a_list_beside_or_above(folder):
    assert MaskFiles(str(folder)).names[:3] == ("background", "thing", "2")
    savemat(folder.parent / "label_list.mat", {"label_list": np.array([["null", "Hat", "Left shoe"]], object)})
    assert MaskFiles(str(folder)).names == ("background", "hat", "left-shoe")
    (folder / "labels.txt").write_text("# said by hand\nnothing\nbag\nbelt\n")
    assert MaskFiles(str(folder)).names == ("background", "bag", "belt")


def test_a_picture_in_black_and_white_is_of_a_thing(tmp_path):
    save(tmp_path / "masks" / "a.png", np.uint8([[0, 255, 255], [0, 0, 255]]))
    assert MaskFiles(str(tmp_path / "masks")).segment(IMAGE, PhotoFile("a.jpg")).tolist() == [[0, 1, 1], [0, 0, 1]]


def test_other_maps_are_another_segmenter(folder):
    before = MaskFiles(str(folder)).spec
    assert build_segmenter(before).spec == before
    save(folder / "b.png")
    with pytest.raises(ExtractorMismatchError, match="was another version of it, or had other weights"):
        build_segmenter(before)


def test_what_is_wrong_with_a_map_is_said_of_the_photo(folder):
    (folder / "b.png").write_bytes(b"no picture")
    save(folder / "c.png", np.full((2, 3), 300, np.uint16))
    save(folder / "x" / "d.png")
    save(folder / "y" / "d.png")
    save(folder / "e.png", np.uint8([[0, 9, 9], [0, 0, 0]]))
    (folder / "labels.txt").write_text("nothing\nbag\nbelt\n")
    masks = MaskFiles(str(folder))
    for photo, told in {
        PhotoFile("z.jpg"): f"z.jpg: no mask z-mask.png, .png or .mat in {folder}",
        PhotoFile(): f"-: no mask of it-mask.png, .png or .mat in {folder}",
        PhotoFile("a.jpg", 3, 4): f"a.jpg: its mask {folder}/a.png is 3 x 2 pixels, the photo 3 x 4",
        PhotoFile("b.jpg"): f"b.jpg: its mask {folder}/b.png cannot be read",
        PhotoFile("c.jpg"): f"c.jpg: its mask {folder}/c.png has labels above 255",
        PhotoFile("d.jpg"): f"d.jpg: 2 masks may be of it: {folder}/x/d.png, {folder}/y/d.png",
        PhotoFile("e.jpg"): f"e.jpg: its mask {folder}/e.png has the label 9, and only 3 have names",
    }.items():
        with pytest.raises(ImageReadError) as caught:
            masks.segment(IMAGE, photo)
        assert str(caught.value) == told


def test_a_folder_without_maps_is_one_line(tmp_path):
    with pytest.raises(ParameterError, match=r"^mask: no folder .*nowhere$"):
        MaskFiles(str(tmp_path / "nowhere"))
    with pytest.raises(ParameterError, match=r"holds no \.png and no \.mat$"):
        MaskFiles(str(tmp_path))
    save(tmp_path / "a.png")
    (tmp_path / "labels.txt").write_text("one\n")
    with pytest.raises(ParameterError, match="is no list of 2 to 256 different labels"):
        _ = MaskFiles(str(tmp_path)).names
