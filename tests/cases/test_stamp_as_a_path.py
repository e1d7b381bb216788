"""The index's own name, changed to a path, leads a query out of the index's folder."""

from imgsim.index.update import update_index
from tests.cases.databases import remember


def test_a_query_writes_nothing_outside_of_the_index(make_photos, tmp_path, run):
    shelf = make_photos(8, folder="shelf")
    update_index(shelf, extractors=["classic"])
    outside = tmp_path / "outside"
    outside.mkdir()
    remember(shelf, "store", str(outside / "keep"))
    remember(shelf, "generation", 3)
    ran = run("query", shelf / "1.png", "--index", shelf, "-k", "1")
    assert ran.is_explained
    assert sorted(outside.iterdir()) == []
