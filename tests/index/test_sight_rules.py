"""Rules of what is out of sight are added and taken back, outlive everything, and hold wherever photos are found."""

import shutil
import unicodedata
from datetime import date

import pytest

from imgsim.errors import ExpressionError, ImgsimError, OutOfSightError, UnknownNameError
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.lost_and_found import LostAndFound
from imgsim.index.options import Options
from imgsim.index.sight_rules import SightChange, change_rules
from imgsim.index.threshold import Threshold
from imgsim.index.update import update_index


@pytest.fixture
def store(describe):
    return describe({"a.jpg": {"status": "returned", "ort": "Köln"}, "b.jpg": {"status": "open", "price": 5}})


def change(store, *added, **dropped):
    with store.transaction():
        return change_rules(store, added, **dropped)


class TestChanges:
    def test_rules_are_kept_as_they_were_typed(self, store):
        added = change(store, "  status  = 'returned' ", "sold = true", "added < today - 90 days")
        assert added == SightChange(
            [], {"status  = 'returned'": True, "sold = true": True, "added < today - 90 days": True}
        )
        assert store.sight_rules == list(added.asked)

    def test_one_that_is_there_stays_as_it_was(self, store):
        change(store, "status = 'returned'", "price > 5")
        assert change(store, "status='returned'") == SightChange([], {"status = 'returned'": False})
        assert change(store, "status = 'Returned'").asked == {"status = 'Returned'": True}
        assert store.sight_rules == ["status = 'returned'", "price > 5", "status = 'Returned'"]

    def test_a_date_that_is_counted_is_another_than_the_day_it_is_today(self, store):
        change(store, "added < today")
        assert change(store, f"added < {date.today().isoformat()}").asked.popitem()[1]
        assert len(store.sight_rules) == 2

    def test_letters_are_one_however_they_are_composed(self, store):
        one, other = (unicodedata.normalize(form, "ort = 'Köln'") for form in ("NFC", "NFD"))
        change(store, other)
        assert change(store, one).asked == {other: False}
        assert change(store, dropped=[one]).dropped == [other]

    def test_they_are_taken_back_and_replaced(self, store):
        change(store, "status = 'returned'", "price > 5", "price > 6")
        assert change(store, dropped=["price>5"]) == SightChange(["price > 5"], {})
        replaced = change(store, "price > 7", "price > 6", all_dropped=True)
        assert replaced == SightChange(["status = 'returned'"], {"price > 7": True, "price > 6": False})
        assert store.sight_rules == ["price > 7", "price > 6"]
        assert change(store, all_dropped=True).dropped == ["price > 7", "price > 6"]
        assert change(store, all_dropped=True) == SightChange([], {})

    @pytest.mark.parametrize(
        ("added", "dropped", "error", "message"),
        [
            (["price > 6", "statis = 'x'"], [], UnknownNameError, "unknown attribute 'statis': did you mean status"),
            (["price > 6", "price >"], [], ExpressionError, "expected a value, found the end"),
            (["price > 'x'"], [], ExpressionError, "price holds numbers"),
            ([""], [], ExpressionError, "expected the name of an attribute"),
            (
                ["price > 6"],
                ["status = 'retuned'"],
                UnknownNameError,
                "unknown rule .*: did you mean status = 'returned'",
            ),
            ([], ["price > 5", "'"], UnknownNameError, "unknown rule"),
        ],
    )
    def test_what_is_wrong_changes_nothing(self, store, added, dropped, error, message):
        change(store, "status = 'returned'", "price > 5")
        with pytest.raises(error, match=message):
            change(store, *added, dropped=dropped)
        assert store.sight_rules == ["status = 'returned'", "price > 5"]


@pytest.fixture
def shelf(make_photos):
    folder = make_photos(6, folder="shelf")
    update_index(folder, extractors=["phash", "histogram:bins=4"], options=Options(colors=True))
    with IndexWriter(str(folder / ".imgsim")) as writer:
        writer.edit([str(folder / "0.png"), str(folder / "1.png")], ["status=returned"])
        writer.change_sight("status = 'returned'")
    return folder


def found(folder, **options):
    with open_index(folder) as index:
        return sorted(match.path for match in index.search(folder / "5.png", **options))


def test_queries_find_what_is_in_sight(shelf):
    assert found(shelf) == ["2.png", "3.png", "4.png"]
    assert found(shelf, out_of_sight=True) == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert found(shelf, where="not path = '3.png'") == ["2.png", "4.png"]
    assert found(shelf, where="status = 'returned'") == []
    reranked = {"rerank": "k_reciprocal:k1=3,k2=1", "k": 2}
    assert found(shelf, **reranked) == found(shelf, **reranked, where="not has status", out_of_sight=True)
    with open_index(shelf) as index:
        assert len(index.search(shelf / "0.png")) == 4
        assert len(index.search(shelf / "0.png", out_of_sight=True)) == 5
        assert {match.path for match in index.search(shelf / "0.png", include_self=True)} == {
            f"{place}.png" for place in (2, 3, 4, 5)
        }


def test_colours_are_found_of_what_is_in_sight(shelf):
    with open_index(shelf) as index:
        color = next(iter(index)).attributes["color"]
        everything = index.search_color(color, 9, out_of_sight=True)
        expected = [match.path for match in everything if match.path not in ("0.png", "1.png")]
        assert [match.path for match in index.search_color(color, 9)] == expected
        assert len(everything) > len(expected)


def test_lists_have_all_unless_only_what_is_in_sight_is_asked_for(shelf):
    with open_index(shelf) as index:
        assert len(list(index)) == len(list(index.photos())) == len(index) == 6
        assert [one.path for one in index.photos("not path = '3.png'", out_of_sight=False, sort="-path")] == [
            "5.png",
            "4.png",
            "2.png",
        ]
        assert [one.path for one in index.photos("status = 'returned'")] == ["0.png", "1.png"]
        assert index.sight_rules == [("status = 'returned'", 2, None)]
        assert index.count_out_of_sight() == 2
        assert index.explain_nothing() is None
        assert isinstance(index.explain_nothing("status = 'returned'"), OutOfSightError)
        assert str(index.explain_nothing("status = 'x'")) == "no photo has status = 'x'"


def pairs(ours, theirs, **options):
    with open_index(ours) as one, open_index(theirs) as other:
        indexes = (other, other) if ours == theirs else (one, other)
        with indexes[0].snapshot(), indexes[1].snapshot():
            sides = LostAndFound(indexes, **options)
            matches = sides.matches(9, Threshold(None, None))
            assert bool(matches) != bool(sides.unseen)
    return {(match.lost.path, match.match.path) for match in matches}


def test_each_side_is_matched_by_its_own_rules(shelf, make_photos):
    claims = make_photos("a.png", "b.png", folder="claims")
    update_index(claims, extractors=["phash"])
    with IndexWriter(str(claims / ".imgsim")) as writer:
        writer.edit([str(claims / "b.png")], ["settled=true"])
        writer.change_sight("settled = true")
    assert pairs(claims, shelf) == {("a.png", f"{place}.png") for place in (2, 3, 4, 5)}
    assert len(pairs(claims, shelf, out_of_sight=True)) == 2 * 6
    sides = {"lost": ["path < '3'"], "found": ["path >= '3'"]}
    assert pairs(shelf, shelf, **sides) == {("2.png", f"{place}.png") for place in (3, 4, 5)}
    assert pairs(claims, shelf, lost=["settled = true"]) == set()
    one, other = open_index(claims), open_index(shelf)
    with one, other, one.snapshot(), other.snapshot():
        (unseen,) = LostAndFound((one, other), lost=["settled = true"]).unseen
    assert "nothing is lost, nothing that fits is in sight: 1 photo is kept out of it by settled = true" in str(unseen)
    with pytest.raises(ImgsimError, match="nothing is lost, no photo has settled = false"):
        pairs(claims, shelf, lost=["settled = false"])


def test_rules_outlive_what_an_index_goes_through(shelf, tmp_path):
    rules = ["status = 'returned'"]

    def kept():
        with open_index(moved) as index:
            return index.sight_rules[0].rule == rules[0], {one.path for one in index.photos(out_of_sight=False)}

    (shelf / "0.png").rename(shelf / "renamed.png")
    moved = shelf
    update_index(shelf)
    assert kept() == (True, {"2.png", "3.png", "4.png", "5.png"})
    update_index(shelf, extractors=["lbp"], options=Options(refit=True, retry_failed=True))
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.drop_extractor(writer.find_extractor("phash"))
    assert kept() == (True, {"2.png", "3.png", "4.png", "5.png"})
    shutil.rmtree(shelf / ".imgsim" / "cache", ignore_errors=True)
    moved = tmp_path / "elsewhere"
    shelf.rename(moved)
    update_index(moved, options=Options(moved=True))
    (moved / "renamed.png").unlink()
    update_index(moved, options=Options(prune=True))
    assert kept() == (True, {"2.png", "3.png", "4.png", "5.png"})
    with IndexWriter(str(moved / ".imgsim")) as writer:
        writer.drop_attributes(["status"])
    assert kept() == (True, {"1.png", "2.png", "3.png", "4.png", "5.png"})
    with IndexWriter(str(moved / ".imgsim")) as writer:
        writer.declare_attributes(["status=number"])
    assert kept()[1] == {"1.png", "2.png", "3.png", "4.png", "5.png"}
    with open_index(moved) as index:
        assert len(index.search(moved / "1.png")) == 4


def test_an_index_without_rules_has_none(make_photos):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    with open_index(folder) as index:
        assert (index.sight_rules, index.count_out_of_sight(), index.sight.waiting) == ([], 0, {})
