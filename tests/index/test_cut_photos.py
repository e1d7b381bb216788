"""Photos that are cut into parts: measured with the features, remembered, and never in whole photos' way."""

import numpy as np
import PIL.Image
import pytest

from imgsim.colors.dominant import find_colors
from imgsim.errors import ImageReadError, ImgsimError, ParameterError
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.segment.cutter import Cutter
from imgsim.segment.mask_files import MaskFiles

SHADES = {"bag": (200, 40, 40), "coat": (40, 60, 200), "shoe": (30, 160, 60)}
PLACES = {"bag": np.s_[10:30, 5:35], "coat": np.s_[40:90, 10:50], "shoe": np.s_[95:115, 40:80]}
NAMES = [*SHADES]


def draw(folder, name, *labels, shade=(225, 225, 225)):
    """Draw a photo that shows these labels, and its mask."""
    photo, mask = np.full((120, 90, 3), shade, np.uint8), np.zeros((120, 90), np.uint8)
    for label in labels:
        photo[PLACES[label]], mask[PLACES[label]] = SHADES[label], 1 + NAMES.index(label)
    for pixels, path in ((photo, folder / "photos" / f"{name}.png"), (mask, folder / "masks" / f"{name}.png")):
        path.parent.mkdir(exist_ok=True)
        PIL.Image.fromarray(pixels).save(path)


@pytest.fixture
def photos(tmp_path):
    draw(tmp_path, "a", "bag", "coat")
    draw(tmp_path, "b", "coat", shade=(30, 30, 30))
    draw(tmp_path, "c", "shoe")
    (tmp_path / "masks" / "labels.txt").write_text("\n".join(["ground", *NAMES]))
    return tmp_path / "photos"


def masks_of(photos, labels=""):
    return f"mask:folder={photos.parent / 'masks'}{labels}"


def index(folder, extractors=("histogram:bins=4",), **options):
    return update_index(folder, extractors=extractors, options=Options(**options))


def told_of(folder):
    """Give what is measured of each photo's parts, and which parts have a row by each extractor."""
    with open_index(folder) as opened, opened.snapshot():
        store = opened._store
        keys = store.part_keys()
        labels = store.labels(keys.parts.tolist())
        rows = {
            f"{label.path}/{label.part}": sum(store.rows(one, [key]).present[0] for one in store.extractors())
            for key, label in zip(keys.parts.tolist(), labels, strict=True)
        }
        told = {label.path: {name: label.attributes.get(name) for name in ("parts", "area_share")} for label in labels}
    return told, rows


@pytest.fixture
def segmented(monkeypatch):
    """Photos that a segmenter looked at, in this process."""
    seen, original = [], MaskFiles.segment

    def segment(self, image, photo):
        seen.append(photo.path.rpartition("/")[2])
        return original(self, image, photo)

    monkeypatch.setattr(MaskFiles, "segment", segment)
    return seen


def test_each_part_has_a_row_and_a_photo_without_any_is_in_the_ledger(photos):
    summary = index(photos, segment=masks_of(photos, ",bag,coat"))
    assert (summary.added, summary.failed, summary.partless) == (3, 0, 1)
    told, rows = told_of(photos)
    assert rows == {"a.png/": 1, "a.png/bag": 1, "a.png/coat": 1, "b.png/": 1, "b.png/coat": 1, "c.png/": 1}
    assert told["a.png"] == {"parts": 2, "area_share": pytest.approx((600 + 2000) / 10800, abs=1e-4)}
    assert told["c.png"] == {"parts": 0, "area_share": 0}
    with open_index(photos) as opened:
        assert [(one.path, one.reason) for one in opened.failures] == [
            ("c.png", "no part that mask was asked for on it")
        ]
        assert [one.path for one in opened.photos("parts = 1 and area_share > 0.1")] == ["b.png"]
        assert opened.photo("a.png").attributes["part_boxes"]["bag"] == [0.0556, 0.0833, 0.3333, 0.1667]


def test_a_second_run_remembers_and_looks_at_nothing_again(photos, segmented):
    index(photos, segment=masks_of(photos, ",bag"), jobs=1)
    assert sorted(segmented) == ["a.png", "b.png", "c.png"]
    before = told_of(photos)
    again = index(photos, (), jobs=1)
    assert (again.unchanged, again.partless, len(segmented)) == (3, 2, 3)
    assert told_of(photos) == before
    draw(photos.parent, "d", "bag")
    assert index(photos, (), jobs=1).added == 1


def test_photos_without_a_part_are_counted_where_they_are_tried_again_too(photos):
    index(photos, segment=masks_of(photos, ",bag"), jobs=1)
    again = index(photos, (), retry_failed=True, jobs=1)
    assert (again.unchanged, again.partless) == (3, 2)
    assert index(photos, (), retry_failed=True, files=[str(photos / "c.png")], jobs=1).partless == 2
    draw(photos.parent, "c", "bag")
    (photos / "c.png").touch()
    assert index(photos, (), jobs=1).partless == 1
    (photos / "b.png").unlink()
    assert index(photos, (), jobs=1).partless == 0


def test_a_run_reads_the_ledger_once(photos, monkeypatch):
    from imgsim.index.sqlite.sqlite_store import SqliteStore

    read, failures = [], SqliteStore.failures
    monkeypatch.setattr(SqliteStore, "failures", lambda self: read.append(1) or failures(self))
    for count in (1, 2):
        index(photos, segment=masks_of(photos, ",bag"))
        assert len(read) == count


def test_another_extractor_does_not_segment_again(photos, segmented):
    index(photos, segment=masks_of(photos, ",bag"), jobs=1)
    index(photos, ["phash"], jobs=1)
    assert len(segmented) == 3
    assert told_of(photos)[1] == {"a.png/": 2, "a.png/bag": 2, "b.png/": 2, "c.png/": 2}
    with open_index(photos) as opened:
        assert [one.path for one in opened.failures] == ["b.png", "c.png"]


def test_an_index_is_cut_later_otherwise_and_no_longer(photos):
    index(photos)
    plain = told_of(photos)
    index(photos, (), segment=masks_of(photos, ",bag,coat+shoe"))
    several = {f"{path}.png/{part}": 1 for path in "abc" for part in ("", "coat+shoe")}
    assert told_of(photos)[1] == several | {"a.png/bag": 1}
    other = index(photos, (), segment=masks_of(photos, ",shoe"))
    assert other.partless == 2
    assert told_of(photos)[1] == {"a.png/": 1, "b.png/": 1, "c.png/": 1, "c.png/shoe": 1}
    assert index(photos, (), segment="none").partless == 0
    assert told_of(photos) == plain
    with open_index(photos) as opened:
        assert opened.failures == []
        assert not opened.is_cut


def test_a_mask_drawn_anew_is_measured_again(photos):
    index(photos, segment=masks_of(photos, ",bag"))
    draw(photos.parent, "c", "bag")
    (photos / "c.png").touch()
    index(photos, ())
    assert told_of(photos)[1] == {"a.png/": 1, "a.png/bag": 1, "b.png/": 1, "c.png/": 1, "c.png/bag": 1}


def test_a_photo_that_moves_or_changes_has_its_parts(photos):
    index(photos, segment=masks_of(photos, ",bag"))
    draw(photos.parent, "e", "bag")
    (photos / "a.png").rename(photos / "e.png")
    draw(photos.parent, "b", "bag", shade=(30, 30, 30))
    summary = index(photos, ())
    assert (summary.renamed, summary.changed, summary.partless) == (1, 1, 1)
    assert told_of(photos)[1] == {"b.png/": 1, "b.png/bag": 1, "c.png/": 1, "e.png/": 1, "e.png/bag": 1}


def test_a_part_is_described_as_it_is_seen(photos):
    """As the extractor describes the cut-out that `Cutter` makes."""
    for background, crop in (("black", False), ("white", True), ("blur", True)):
        index(photos, segment=masks_of(photos, ",bag"), background=background, crop=crop)
        cutter = Cutter.of_text(masks_of(photos, ",bag"), background, crop=crop)
        with open_index(photos) as opened, opened.snapshot():
            assert opened._store.cut == cutter.owner
            chosen = opened.distance().extractors[0]
            keys = opened._store.part_keys()
            rows = opened._store.rows(chosen.stored, keys.parts[~keys.whole].tolist())
            image = read_image(photos / "a.png", scale=cutter.scale)
            from imgsim.segment.base_segmenter import PhotoFile

            (bag,) = cutter.find(image, PhotoFile(str(photos / "a.png"), 90, 120))
            np.testing.assert_array_equal(rows.features, chosen.extractor.extract([cutter.cut(image, bag)]))


def test_colours_are_those_of_the_parts(photos):
    index(photos, segment=masks_of(photos, ",coat"), colors=True)
    with open_index(photos) as opened:
        assert opened.photo("a.png").attributes["color"] == "blue"
        assert opened.photo("b.png").attributes["color"] == "blue"
        expected = find_colors(read_image(photos / "c.png"))[0]  # no part: what the photo shows by itself
        assert opened.photo("c.png").attributes["color"] == expected.name
    index(photos, (), segment=masks_of(photos, ",bag"))
    with open_index(photos) as opened:
        assert opened.photo("a.png").attributes["color"] == "red"


def test_parts_are_the_same_by_several_processes(photos, tmp_path):
    for place in range(40):
        draw(tmp_path, f"x{place}", *NAMES[: 1 + place % 3])
    index(photos, segment=masks_of(photos), jobs=2)
    with open_index(photos) as opened, opened.snapshot():
        store = opened._store
        several = [rows.features for rows in store.features(store.extractors()[0])]
    other = tmp_path / "index"
    update_index(
        photos, index=other, extractors=["histogram:bins=4"], options=Options(segment=masks_of(photos), jobs=1)
    )
    with open_index(other) as opened, opened.snapshot():
        store = opened._store
        one = [rows.features for rows in store.features(store.extractors()[0])]
    np.testing.assert_array_equal(np.concatenate(several), np.concatenate(one))


def test_whole_photos_and_parts_are_never_compared_with_each_other(photos):
    index(photos)
    with open_index(photos) as opened:
        plain = opened.search(str(photos / "b.png"), 5)
    index(photos, (), segment=masks_of(photos, ",bag,coat"))
    with open_index(photos) as opened:
        whole = opened.search(str(photos / "b.png"), 5)
        assert [(one.path, one.part, one.distance) for one in whole] == [(one.path, "", one.distance) for one in plain]
        with opened.searcher(parts=True) as searcher:
            (answer,) = searcher.ranked_parts(str(photos / "b.png"), opened.cutter(), 5, include_self=True)
    assert answer.name == "coat"
    assert [(one.path, one.part) for one in answer.matches] == [("a.png", "coat"), ("b.png", "coat")]
    assert answer.matches[0].distance == answer.matches[1].distance == pytest.approx(0, abs=1e-6)


def test_a_photo_without_the_part_asks_nothing(photos):
    index(photos, segment=masks_of(photos, ",bag"))
    with open_index(photos) as opened, opened.searcher(parts=True) as searcher:
        with pytest.raises(ImageReadError, match=r"c\.png: no bag on it$"):
            searcher.ranked_parts(str(photos / "c.png"), opened.cutter(), 5)
        with pytest.raises(ParameterError, match="a background, or a crop, is of parts that are cut out"):
            opened.cutter("none", "white")


def test_what_cannot_be_meant_is_told_before_an_index_is_begun(photos):
    with pytest.raises(ImgsimError, match="unknown label of mask 'bags': did you mean bag"):
        index(photos, segment=masks_of(photos, ",bags"))
    with pytest.raises(ParameterError, match="a background is white, black, mean, blur, not 'pink'"):
        index(photos, segment=masks_of(photos, ",bag"), background="pink")
    assert not (photos / ".imgsim").exists()
    with pytest.raises(ImgsimError, match="a background, or a crop, is of parts that are cut out"):
        index(photos, background="white")


def test_a_damaged_map_in_the_cache_is_made_again(photos, segmented):
    index(photos, segment=masks_of(photos, ",bag"), jobs=1)
    before = told_of(photos)
    for path in (photos / ".imgsim" / "maps").rglob("*.png"):
        path.write_bytes(b"damaged")
    index(photos, ["phash"], jobs=1)
    assert len(segmented) == 6
    assert told_of(photos)[0] == before[0]


def test_a_damaged_row_of_a_part_is_mended(photos):
    index(photos, segment=masks_of(photos, ",bag,coat"))
    before = told_of(photos)
    from imgsim.index.sqlite.sqlite_store import SqliteStore

    store = SqliteStore.open_writer(str(photos / ".imgsim"), str(photos))
    with store.transaction():
        store._connection.execute(
            "UPDATE features SET vector = zeroblob(256) WHERE part_id = (SELECT max(id) FROM parts)"
        )
    store.close()
    summary = index(photos, (), verify=True)
    assert (summary.repaired, summary.unrepaired) == (1, 0)
    assert told_of(photos) == before


def test_a_map_that_does_not_fit_leaves_the_photo_whole(photos):
    PIL.Image.fromarray(np.ones((12, 9), np.uint8)).save(photos.parent / "masks" / "b.png")
    summary = index(photos, segment=masks_of(photos, ",coat"))
    assert (summary.added, summary.failed, summary.partless) == (3, 0, 2)
    with open_index(photos) as opened:
        failures = {one.path: one.reason for one in opened.failures}
    assert failures == {
        "b.png": f"its mask {photos.parent / 'masks' / 'b.png'} is 9 x 12 pixels, the photo 90 x 120",
        "c.png": "no coat on it",
    }
    draw(photos.parent, "b", "coat", shade=(30, 30, 30))
    assert index(photos, ()).partless == 1
    assert told_of(photos)[1]["b.png/coat"] == 1


def test_compacting_leaves_the_maps_that_are_of_use(photos):
    index(photos, segment="grabcut")
    index(photos, (), segment=masks_of(photos, ",bag"))
    maps = photos / ".imgsim" / "maps"
    assert len(list(maps.rglob("*.png"))) == 6
    (photos / "c.png").unlink()
    index(photos, ())
    with IndexWriter.open(photos) as writer:
        writer.compact()
    assert len(list(maps.rglob("*.png"))) == 2
    assert told_of(photos)[1] == {"a.png/": 1, "a.png/bag": 1, "b.png/": 1}
