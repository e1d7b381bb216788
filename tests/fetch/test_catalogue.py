"""Items are known again as a plain loop would know them, through any sequence of tables."""

import os
import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.fetch.catalogue import Catalogue
from imgsim.fetch.catalogue_database import FOLDER
from imgsim.fetch.catalogue_items import IncomingRow

KEYS = (
    (lambda page, address: (page, address), lambda page, address: page or address),
    (lambda page, address: page, lambda page, address: page),
    (lambda page, address: address, lambda page, address: address),
)
TABLES = st.lists(
    st.lists(st.tuples(st.sampled_from(["", "p", "q"]), st.sampled_from(["", "a", "b", "c"])), max_size=6), max_size=4
)


def grouped(listed, key):
    groups = {}
    for one in listed:
        groups.setdefault(key(one), []).append(one)
    return groups


def pair_plainly(old, new):
    """Pair rows with items that are alike, in their order: by page and address, then by one of them."""
    pairs = {}
    for key, some in KEYS:
        left = [one for one in old if one["item"] not in pairs.values() and some(one["page"], one["address"])]
        rows = [place for place, row in enumerate(new) if place not in pairs and some(*row)]
        items = grouped(left, lambda one, key=key: key(one["page"], one["address"]))
        for name, places in grouped(rows, lambda place, key=key: key(*new[place])).items():
            alike = sorted(items.get(name, ()), key=lambda one: (one["gone"], one["place"], one["item"]))
            pairs |= {place: one["item"] for place, one in zip(places, alike, strict=False)}
    return pairs


def items_of(catalogue):
    columns = ("item", "page", "address", "gone", "place")
    rows = catalogue._database.run("SELECT item, page, address, gone IS NOT NULL, coalesce(place, -1) FROM items")
    return [dict(zip(columns, row, strict=True)) for row in rows]


@settings(max_examples=25)
@given(TABLES)
def test_items_are_known_again_as_a_loop_knows_them(tables):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, FOLDER))
        for number, table in enumerate(tables):
            with Catalogue(folder) as catalogue:
                before = items_of(catalogue)
                rows = [
                    IncomingRow(f"line {n}", page, at, "h", "", {"n": number}) for n, (page, at) in enumerate(table)
                ]
                taken = catalogue.items.take(rows)
                after = items_of(catalogue)
            expected = pair_plainly(before, table)
            known = {one["item"] for one in before}
            assert {
                one["place"]: one["item"] for one in after if one["place"] >= 0 and one["item"] in known
            } == expected
            assert sorted(one["place"] for one in after if one["place"] >= 0) == list(range(len(table)))
            assert taken == (len(table), len(table) - len(expected), len(expected))
            assert all(one["gone"] == (one["place"] < 0) for one in after)
