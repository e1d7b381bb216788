"""The lists of Stanford Online Products: what they say, and one line about what they cannot say."""

import pytest

from imgsim.errors import TableError
from imgsim.tables.ground_truth import read_labels
from imgsim.tables.product_lists import COLUMNS, TEST, TRAIN, read_products

HEAD = " ".join(COLUMNS)
LEARNED = ["1 1 1 bicycle_final/1_0.JPG", "2 1 1 bicycle_final/1_1.JPG", "3 2 2 chair_final/2 b.JPG"]
TESTED = ["4 3 1 bicycle_final/3_0.JPG", "5 3 1 bicycle_final/3_1.JPG"]
PATHS = [line.split(maxsplit=3)[3] for line in LEARNED + TESTED]


@pytest.fixture
def folder(tmp_path):
    for path in PATHS:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    write(tmp_path)
    return tmp_path


def write(folder, learned=LEARNED, tested=TESTED, end="\n", head=HEAD):
    for name, lines in ((TRAIN, learned), (TEST, tested)):
        (folder / name).write_bytes(end.join([head, *lines, ""]).encode())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_photo_has_its_class_and_its_list(folder, end):
    write(folder, end=end)
    read = read_products(str(folder), PATHS[:2])
    assert [(path, photo.class_id, photo.tests) for path, photo in read.items()] == [
        *zip(PATHS, "11233", [False, False, False, True, True], strict=True)
    ]


def test_labels_are_the_lists_classes(folder):
    labels = read_labels("products", str(folder), ["a.jpg", *reversed(PATHS)])
    assert (labels.names, labels.codes.tolist()) == (("1", "2", "3"), [-1, 2, 2, 1, 0, 0])
    assert labels.tests.tolist() == [False, True, True, False, False, False]
    assert labels.remarks == ["1 photos are in neither list: a.jpg"]


@pytest.mark.parametrize(
    ("learned", "tested", "told"),
    [
        (LEARNED, ["4 3 bicycle_final/3_0.JPG"], "{test}: line 2: not three whole numbers and a path"),
        (["1 one 1 bicycle_final/1_0.JPG"], TESTED, "{train}: line 2: not three whole numbers and a path"),
        (LEARNED, ["4 -3 1 bicycle_final/3_0.JPG"], "{test}: line 2: not three whole numbers and a path"),
        (
            [*LEARNED, "9 2 2 bicycle_final/1_1.JPG"],
            TESTED,
            "{train}: line 5: bicycle_final/1_1.JPG is listed already, in line 3",
        ),
        (
            LEARNED,
            [*TESTED, "9 3 1 bicycle_final/1_1.JPG"],
            "{test}: line 4: bicycle_final/1_1.JPG is listed already, in {train}: line 3",
        ),
        (LEARNED, [*TESTED, "6 2 2 chair_final/n.JPG"], "{test}: line 4: class 2 is in both lists, in {train}: line 4"),
        (LEARNED, [*TESTED, "6 3 1 chair_final/n.JPG"], "{test}: line 4: chair_final/n.JPG is not there"),
        (
            [*LEARNED, "6 2 2 chair_final/n.JPG"],
            [*TESTED, "7 3 1 chair_final/m.JPG"],
            "{train}: line 5: chair_final/n.JPG is not there; of 7 photos 2 are missing: "
            "chair_final/n.JPG, chair_final/m.JPG",
        ),
    ],
)
def test_what_lists_cannot_say_is_one_line(folder, learned, tested, told):
    write(folder, learned, tested)
    with pytest.raises(TableError) as raised:
        read_products(str(folder), [])
    assert str(raised.value) == told.format(train=folder / TRAIN, test=folder / TEST)


def test_other_files_and_none_are_told(folder):
    write(folder, head="image_id,class_id,super_class_id,path")
    with pytest.raises(TableError, match=r"Ebay_train.txt: line 1: not image_id class_id super_class_id path"):
        read_products(str(folder), [])
    write(folder)
    (folder / TEST).unlink()
    with pytest.raises(TableError, match=r"Ebay_test.txt: No such file .* has Ebay_train.txt and Ebay_test.txt"):
        read_products(str(folder), [])
