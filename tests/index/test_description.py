"""`--attributes` on a folder: what changes, what does not, and what is said."""

import json
import os

import pytest

from imgsim.errors import ImgsimError, TableError
from imgsim.index.description import AttributeTable
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.summary import Observer
from imgsim.index.update import update_index
from tests.photos import draw_photo


class Listener(Observer):
    heard = None

    def described(self, described):
        self.heard = described


@pytest.fixture
def folder(make_photos):
    folder = make_photos("a.png", "b.png", "in/c.png", "in/d.png")
    update_index(folder, extractors=["phash"])
    return folder


@pytest.fixture
def tell(folder, tmp_path):
    """Index with a table: ``tell("file,price\\na.png,5\\n")``."""

    def tell(content, name="items.csv", **source):
        table = tmp_path / name
        table.write_text(content, encoding="utf-8")
        listener = Listener()
        summary = update_index(
            folder, options=Options(attributes=AttributeTable(str(table), **source), jobs=1), observer=listener
        )
        return summary, listener.heard

    return tell


def attributes(folder):
    with open_index(folder) as index:
        return {record.path: dict(record.attributes) for record in index.photos()}


def galleries(folder):
    cache = folder / ".imgsim" / "cache"
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*")}


def test_rows_become_attributes(folder, tell):
    summary, heard = tell("file,price,brand\na.png,5,Nord\nin/c.png,7.5,\n")
    assert attributes(folder) == {
        "a.png": {"price": 5, "brand": "Nord"},
        "b.png": {},
        "in/c.png": {"price": 7.5},
        "in/d.png": {},
    }
    assert (summary.described, summary.lost_rows, summary.without_row) == (2, 0, 2)
    assert heard.photos_without_row == ["b.png", "in/d.png"]


def test_only_changed_rows_are_written_and_nothing_is_measured_or_laid_out_again(folder, tell, monkeypatch):
    tell("file,price\na.png,5\nb.png,6\n")
    with open_index(folder) as index:
        stamp = index._store.stamp
    before = galleries(folder)
    merged = []
    from imgsim.index.sqlite.sqlite_store import SqliteStore

    original = SqliteStore.merge_attributes

    def merge(self, path, values):
        changed = original(self, path, values)
        merged.extend([path] * changed)
        return changed

    monkeypatch.setattr(SqliteStore, "merge_attributes", merge)
    monkeypatch.setattr("imgsim.index.measurement.Measurement._outcomes", None)
    assert tell("file,price\na.png,5\nb.png,6\n")[0].described == 0
    assert tell("file,price\na.png,5\nb.png,7\n")[0].described == 1
    assert merged == ["b.png"]
    with open_index(folder) as index:
        assert index._store.stamp == stamp
        assert [match.path for match in index.search(folder / "a.png", where="price = 7")] == ["b.png"]
    assert galleries(folder) == before


def test_an_empty_cell_removes_and_other_attributes_stay(folder, tell):
    tell("file,price,brand\na.png,5,Nord\n")
    tell("file,brand,place\na.png,,Line 2\n")
    assert attributes(folder)["a.png"] == {"price": 5, "place": "Line 2"}


def test_true_is_not_one(folder, tell):
    tell('{"file": "a.png", "sold": 1}', "items.jsonl")
    assert tell('{"file": "a.png", "sold": true}', "items.jsonl")[0].described == 1
    assert attributes(folder)["a.png"]["sold"] is True


def test_new_photos_and_their_rows_come_together(folder, tell):
    draw_photo(folder / "new.png", 9)
    summary, _ = tell("file,price\nnew.png,5\n")
    assert (summary.added, summary.described) == (1, 1)
    (folder / "new.png").rename(folder / "in" / "newer.png")
    summary, heard = tell("file,price\nnewer.png,6\nnew.png,5\n")
    assert (summary.renamed, summary.described, list(heard.lost_rows)) == (1, 1, ["line 3 (new.png)"])
    assert attributes(folder)["in/newer.png"] == {"price": 6}


def test_attributes_outlive_a_change_of_content(folder, tell):
    tell("file,price\na.png,5\n")
    draw_photo(folder / "a.png", 77)
    assert update_index(folder).changed == 1
    assert attributes(folder)["a.png"] == {"price": 5}
    with open_index(folder) as index:
        assert [record.path for record in index.photos("price = 5")] == ["a.png"]


def test_a_row_about_a_photo_that_cannot_be_read_is_lost(folder, tell):
    (folder / "bad.png").write_bytes(b"no picture")
    summary, heard = tell("file,price\nbad.png,5\n")
    assert (summary.failed, summary.lost_rows) == (1, 1)
    assert list(heard.lost_rows) == ["line 2 (bad.png: not indexed)"]


def test_a_pattern_describes_several_photos_and_keeps_its_column(folder, tell):
    summary, _ = tell("kind,price\nin,5\n", key="{kind}/*.png")
    assert summary.described == 2
    assert attributes(folder)["in/d.png"] == {"kind": "in", "price": 5}


@pytest.mark.parametrize(
    ("content", "source", "reason"),
    [
        ("file,price\na.png,5\na.png,6\n", {}, "line 2 and line 3 are both about a.png"),
        ("file,price\na.png,5\nb.png,6,7\n", {}, "line 3 has 3 cells"),
        ("file,price\nx.png,5\n", {}, "no column names photos"),
        ("file,price\na.png,5\n", {"key": "photo"}, "unknown column 'photo'"),
    ],
)
def test_a_table_that_cannot_be_used_changes_nothing(folder, tell, content, source, reason):
    tell("file,price\na.png,1\n")
    before = attributes(folder)
    draw_photo(folder / "new.png", 9)
    with pytest.raises(ImgsimError, match=reason):
        tell(content, **source)
    assert attributes(folder) == before


def test_a_table_is_read_before_an_index_is_begun(make_photos, tmp_path):
    folder = make_photos(1, folder="fresh")
    with pytest.raises(TableError):
        update_index(folder, options=Options(attributes=AttributeTable(str(tmp_path / "gone.csv"))))
    assert not (folder / ".imgsim").exists()


def test_names_in_any_script_and_stray_bytes(folder, tell):
    os.rename(folder / "a.png", os.fsencode(folder) + b"/\xff.png")
    (folder / "b.png").rename(folder / "빨강 우산.png")
    tell(json.dumps({"file": "빨강 우산.png", "größe": "klein"}, ensure_ascii=False), "items.jsonl")
    with open_index(folder) as index:
        assert [record.path for record in index.photos("größe like 'K%'")] == ["빨강 우산.png"]


def test_groceries_by_their_table(shared_data, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for place in ("Fruit/Apple/Golden-Delicious", "Packages/Juice/Bravo-Apple-Juice"):
        source = shared_data / "grocery" / "photos" / place
        if source.is_dir():
            (folder / place).parent.mkdir(parents=True)
            (folder / place).symlink_to(source)
    listener = Listener()
    table = AttributeTable(str(shared_data / "grocery" / "photos.csv"))
    summary = update_index(folder, extractors=["phash"], options=Options(attributes=table), observer=listener)
    assert summary.described == summary.added > 5
    with open_index(folder) as index:
        apples = {record.path for record in index.photos("coarse = 'Apple' and category = 'Fruit'")}
    assert apples
    assert all(path.startswith("Fruit/Apple/") for path in apples)
