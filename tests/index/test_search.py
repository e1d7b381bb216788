"""From query photos to matches."""

import io

import numpy as np
import PIL.Image
import pytest

from imgsim.core import ExtractorSpec
from imgsim.errors import (
    ExtractorMismatchError,
    ImageReadError,
    IndexFormatError,
    IndexNotFoundError,
    MetricDomainError,
    ParameterError,
    UnknownNameError,
)
from imgsim.features import load_extractor
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.location import find_index
from imgsim.index.options import Options, Remembered
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store.extractor_store import DefaultQuery
from imgsim.index.update import update_index
from imgsim.metrics import METRICS, load_metric, measure_statistics, median_pair_distance
from tests.explained import explains
from tests.photos import draw_photo


@pytest.fixture
def folder(make_photos):
    folder = make_photos(8)
    update_index(folder, extractors=["histogram:bins=4", "lbp", "phash"])
    return folder


def paths(matches):
    return [match.path for match in matches]


def rows_of(folder, text):
    extractor = load_extractor(text)
    return np.concatenate([extractor.extract([read_image(folder / f"{n}.png")]) for n in range(8)])


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_distances_are_the_metrics_own(folder, metric):
    rows = rows_of(folder, "histogram:bins=4")
    expected = load_metric(metric).fit(measure_statistics(rows))(rows[:1], rows)[0]
    with open_index(folder) as index:
        matches = index.search(folder / "0.png", extractors=["histogram"], metric=metric, include_self=True)
    order = sorted(range(8), key=lambda n: (expected[n], n))
    assert [match.rank for match in matches] == list(range(1, 9))
    np.testing.assert_allclose([match.distance for match in matches], expected[order], rtol=1e-5, atol=1e-6)


def test_fused_distances_are_weighted_means_in_units_of_the_median(folder):
    total = np.zeros(8)
    for text, weight in (("histogram:bins=4", 0.25), ("lbp", 0.75)):
        rows = rows_of(folder, text)
        metric = load_metric(load_extractor(text).metric).fit()
        total += weight * metric(rows[:1], rows)[0] / median_pair_distance(metric, measure_statistics(rows))
    with open_index(folder) as index:
        matches = index.search(folder / "0.png", k=8, extractors=["histogram@0.5", "lbp@1.5"], include_self=True)
    assert paths(matches) == [f"{n}.png" for n in np.argsort(total, kind="stable")]
    np.testing.assert_allclose([match.distance for match in matches], np.sort(total), rtol=1e-6, atol=1e-9)


def test_a_photo_that_lacks_an_extractor_is_ranked_by_the_others_and_marked(folder, lose_features):
    with open_index(folder) as index:
        before = index.search(folder / "0.png", extractors=["lbp", "phash"])
    lose_features(folder, "3.png", 2)
    with open_index(folder) as index:
        after = index.search(folder / "0.png", extractors=["lbp", "phash"])
    assert sorted(paths(after)) == sorted(paths(before))
    marked = {match.path: match.lacking for match in after if match.lacking}
    assert marked == {"3.png": (str(load_extractor("lbp").spec),)}


def test_reranking_leaves_a_photo_that_lacks_an_extractor_in_its_place(folder, lose_features):
    lose_features(folder, "3.png", 2)
    with open_index(folder) as index:
        fused = {"extractors": ["lbp", "phash"]}
        before = index.search(folder / "0.png", **fused)
        after = index.search(folder / "0.png", **fused, rerank="k_reciprocal:k1=3,k2=2,weight=0")
    place = paths(before).index("3.png")
    assert after[place] == before[place]
    assert [match.reranked is None for match in after] == [match.path == "3.png" for match in after]
    assert sorted(paths(after)) == sorted(paths(before))


def test_the_query_itself_is_left_out_by_real_path_not_by_rank(folder, tmp_path):
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    (folder / "link.png").symlink_to("0.png")
    (folder / "hard.png").hardlink_to(folder / "0.png")
    outside, hard = tmp_path / "outside.png", tmp_path / "hard.png"
    outside.symlink_to(folder / "0.png")
    hard.hardlink_to(folder / "0.png")
    update_index(folder)
    with open_index(folder) as index:
        assert len(index) == 9
        for query in (folder / "0.png", outside, hard, folder / "link.png", folder / "hard.png"):
            matches = index.search(query, k=20)
            assert matches[0].path == "copy.png"
            assert matches[0].distance == 0
            assert "0.png" not in paths(matches)
            assert [match.rank for match in matches] == list(range(1, 9))
        assert paths(index.search(folder / "copy.png", k=1)) == ["0.png"]
        assert len(index.search(folder / "0.png", k=20, include_self=True)) == 9


def test_a_name_of_the_query_that_an_index_still_has_is_the_query_too(folder):
    (folder / "hard.png").hardlink_to(folder / "0.png")
    update_index(folder, options=Options(files=[str(folder / "hard.png")]))  # as an index of before has each name
    with open_index(folder) as index:
        assert len(index) == 9
        matches = index.search(folder / "0.png", k=20)
        assert {"0.png", "hard.png"}.isdisjoint(paths(matches))
        assert len(matches) == 7
        (folder / "hard.png").unlink()
        assert paths(index.search(folder / "0.png", k=1)) == ["hard.png"]


def test_pixels_bytes_and_paths_are_one_query(folder, tmp_path):
    big = tmp_path / "big.png"
    draw_photo(big, 3, (700, 500))
    with open_index(folder) as index:
        by_path = index.search(big)
        assert index.search(read_image(big)) == by_path
        assert index.search(big.read_bytes()) == by_path


def test_the_closest_view_counts(folder):
    with open_index(folder) as index:
        one, two = (index.search(folder / name, k=8, include_self=True) for name in ("0.png", "1.png"))
        both = index.search([folder / "0.png", folder / "1.png"], k=8, include_self=True)
    nearest = {match.path: match.distance for match in one}
    for match in two:
        nearest[match.path] = min(nearest[match.path], match.distance)
    assert {match.path: match.distance for match in both} == nearest
    assert paths(both)[:2] == ["0.png", "1.png"]


def test_far_matches_are_cut(folder):
    with open_index(folder) as index:
        matches = index.search(folder / "0.png")
        limit = matches[2].distance
        assert index.search(folder / "0.png", max_distance=limit) == matches[:3]
        assert index.search(folder / "0.png", max_distance=0) == []
        with pytest.raises(ParameterError, match="-1: distances by hellinger are 0 to 1"):
            index.search(folder / "0.png", max_distance=-1)


def test_conditions_come_before_the_ranking(folder):
    with open_index(folder) as index:
        everything = index.search(folder / "0.png", k=8)
    chosen = {match.path for match in everything[3:]}
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    with store.transaction():
        for path in chosen:
            store.merge_attributes(path, {"kind": "chosen"})
    store.close()
    with open_index(folder) as index:
        matches = index.search(folder / "0.png", k=3, where="kind = 'chosen'")
        assert [(match.rank, match.path, match.distance) for match in matches] == [
            (rank, match.path, match.distance) for rank, match in enumerate(everything[3:6], start=1)
        ]
        assert {match.attributes["kind"] for match in matches} == {"chosen"}
        assert index.search(folder / "0.png", where=["kind = 'chosen'", "width > 9999"]) == []
        fused = index.search(folder / "0.png", k=9, extractors=["lbp", "phash"], where="not kind = 'chosen'")
        assert {match.path for match in fused} == {f"{n}.png" for n in range(1, 8)} - chosen
        with pytest.raises(UnknownNameError, match="did you mean kind"):
            index.search(folder / "0.png", where="kin = 'chosen'")


def test_photos_are_listed_while_others_are_searched(folder):
    with open_index(folder) as index:
        listed = [(record.path, len(index.search(folder / record.path, k=2))) for record in index.photos()]
    assert listed == [(f"{n}.png", 2) for n in range(8)]


def test_extractors_are_chosen_by_name_or_in_full(folder):
    with open_index(folder) as index:
        assert index.search(folder / "0.png", extractors=["histogram"]) == index.search(
            folder / "0.png", extractors=["histogram:bins=4"]
        )
        with pytest.raises(ExtractorMismatchError, match="no features of histogram:bins=8, it has histogram:bins=4"):
            index.search(folder / "0.png", extractors=["histogram:bins=8"])
        with pytest.raises(ExtractorMismatchError, match="no features of haralick"):
            index.search(folder / "0.png", extractors=["haralick"])
        with pytest.raises(UnknownNameError, match="did you mean histogram"):
            index.search(folder / "0.png", extractors=["histogramm"])
        with pytest.raises(UnknownNameError, match="did you mean cosine"):
            index.search(folder / "0.png", metric="cosin")


def test_an_ambiguous_name_means_its_defaults(folder):
    update_index(folder, extractors=["histogram:bins=2"])
    with open_index(folder) as index, pytest.raises(ExtractorMismatchError, match="no features of histogram,"):
        index.search(folder / "0.png", extractors=["histogram"])


def test_a_query_that_cannot_be_read_says_why(folder, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    with open_index(folder) as index:
        with pytest.raises(ImageReadError, match="bad.png: not a picture"):
            index.search(tmp_path / "bad.png")
        assert len(index.search(folder / "0.png")) == 7


def test_a_metric_that_does_not_fit_says_so(make_photos):
    folder = make_photos(3)
    update_index(folder, extractors=["haralick"])
    with open_index(folder) as index, pytest.raises(MetricDomainError, match="hellinger.*negative"):
        index.search(folder / "0.png", metric="hellinger")


def test_a_growing_gallery_does_not_move_pinned_distances(make_photos):
    folder = make_photos(5)
    update_index(folder, extractors=["haralick"])
    with open_index(folder) as index:
        before = {match.path: match.distance for match in index.search(folder / "0.png")}
    for seed in range(10, 20):
        draw_photo(folder / f"{seed}.png", seed)
    update_index(folder)
    with open_index(folder) as index:
        after = {match.path: match.distance for match in index.search(folder / "0.png", k=20)}
    assert {path: after[path] for path in before} == before


def test_an_index_is_found_upward_and_by_either_name(folder, tmp_path, monkeypatch):
    (folder / "sub" / "deep").mkdir(parents=True)
    monkeypatch.chdir(folder / "sub" / "deep")
    with open_index() as index:
        assert index.root == str(folder)
    for place in (folder, folder / ".imgsim"):
        with open_index(place) as index:
            assert index.root == str(folder)
    monkeypatch.chdir(tmp_path)
    assert find_index("photos/sub/nothing.jpg") == str(folder / ".imgsim")
    with explains(IndexNotFoundError, "here or above: make one with `imgsim index FOLDER`, or give --index"):
        open_index()
    with pytest.raises(IndexNotFoundError, match="no index here"):
        open_index(tmp_path)


def test_an_index_without_photos_or_extractors_says_nothing_or_why(tmp_path):
    (tmp_path / "empty").mkdir()
    draw_photo(tmp_path / "query.png", 1)
    update_index(tmp_path / "empty", extractors=["phash"])
    with open_index(tmp_path / "empty") as index:
        assert index.search(tmp_path / "query.png") == []
    store = SqliteStore.open_writer(str(tmp_path / "empty" / ".imgsim"), str(tmp_path / "empty"))
    with store.transaction():
        store.drop_extractor(store.extractors()[0])
    store.close()
    with open_index(tmp_path / "empty") as index, pytest.raises(IndexFormatError, match="no extractor"):
        index.search(tmp_path / "query.png")


def test_an_unknown_stored_extractor_is_named(folder):
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    with store.transaction():
        unknown = store.add_extractor(ExtractorSpec("from_the_future"), 3, binary=False)
        store.set_default(DefaultQuery(((unknown, 1.0),)))
    store.close()
    with open_index(folder) as index, pytest.raises(ExtractorMismatchError, match="no extractor 'from_the_future'"):
        index.search(folder / "0.png")


def test_grey_and_alpha_queries_are_answered(folder):
    buffer = io.BytesIO()
    PIL.Image.new("LA", (30, 20), (90, 128)).save(buffer, "PNG")
    with open_index(folder) as index:
        assert len(index.search(buffer.getvalue(), k=3)) == 3


def test_options_default_to_the_readers_limit():
    from imgsim.images.read import MAX_MEGAPIXELS

    assert Remembered().max_megapixels == MAX_MEGAPIXELS


def test_a_default_may_be_several_extractors_and_a_metric(folder):
    fused = ["lbp@0.3", "histogram@0.7"]
    with open_index(folder) as index, index.writing() as writer:
        writer.set_default(fused, "cosine")
        by_default = index.search(folder / "0.png")
        assert by_default == index.search(folder / "0.png", extractors=fused, metric="cosine")
        assert by_default != index.search(folder / "0.png", extractors=fused)
        assert index.search(folder / "0.png", metric="euclidean") == index.search(
            folder / "0.png", extractors=fused, metric="euclidean"
        )
