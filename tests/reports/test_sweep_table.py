"""The table of a grid, in each form."""

import csv
import io
import json

from imgsim.reports.sweep_table import write_sweep_table
from imgsim.training.embeddings.sweep_grid import Sweep, SweepPoint
from imgsim.training.embeddings.sweep_outcomes import sweep_rows

POINTS = tuple(SweepPoint({"loss": loss}, {"loss": loss}) for loss in ("triplet", "margin"))
SWEEP = Sweep("Two losses", "published: elsewhere", (0, 1), POINTS, ({"loss": "triplet", "recall@1": 0.7},))


def test_a_table_has_means_intervals_and_what_was_published():
    done = {"triplet_seed0": {"recall@1": 0.5}, "triplet_seed1": {"recall@1": 0.6}}
    rows = sweep_rows(SWEEP, done, ["recall@1"])
    written = write_sweep_table(SWEEP, rows, "recall@1 of photos of unseen classes")
    assert written["md"].decode() == (
        "# Two losses\n\n"
        "| loss    | seeds | recall@1 | 95 % over seeds   | recall@1, published |\n"
        "| ------- | ----: | -------: | ----------------- | ------------------: |\n"
        "| triplet |     2 |   0.5500 | -0.0853 to 1.1853 |              0.7000 |\n"
        "| margin  |     0 |          |                   |                     |\n"
        "\nHere: recall@1 of photos of unseen classes.\nPublished: elsewhere.\n"
    )
    listed = list(csv.DictReader(io.StringIO(written["csv"].decode())))
    assert [row["recall@1"] for row in listed] == ["0.55", ""]
    assert json.loads(written["json"])["rows"][0]["recall@1_published"] == 0.7
    assert json.loads(written["json"])["rows"][1]["recall@1"] is None
