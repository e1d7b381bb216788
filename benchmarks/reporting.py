"""A report of many claims, against a plain loop that makes each of its photos small; and how large it is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import PIL.Image
import PIL.ImageOps

from benchmarks.measuring import Figure, interleave, median_ratio, seconds
from benchmarks.pictures import SMALL as SIZE
from benchmarks.pictures import photo_folder
from imgsim.images.limits import LIMITS
from imgsim.processes import default_jobs
from imgsim.reports.html_file import write_page
from imgsim.reports.page_content import Case, Fact, Report, ShownMatch, ShownPhoto, Swatch
from imgsim.reports.thumbnails import SMALL, thumbnails_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.measuring import Setting

CLAIMS, CANDIDATES = 200, 10
MOST_MEGABYTES = 30


def report(setting: Setting) -> list[Figure]:
    """Write a page of claims, each beside its candidates; each photo is found for several."""
    folder = photo_folder(setting.photos, SIZE, setting.small)
    paths, target = sorted(folder.iterdir()), setting.scratch / "report.html"
    cases = _cases(paths)
    taken = interleave(
        {"ours": lambda: seconds(lambda: _write(target, cases)), "plain": lambda: seconds(lambda: _plain(paths))},
        max(2, setting.repeats // 2),
    )
    ratio, ratios = median_ratio(taken["ours"], taken["plain"])
    ours, plain = (min(taken[name]) for name in ("ours", "plain"))
    megabytes = target.stat().st_size / 1e6
    shown = f"report {CLAIMS} x {CANDIDATES}, {len(paths)} photos"
    return [
        Figure(shown, f"{ours:.1f} s", "plain Pillow thumbnails", f"{plain:.1f} s", ratio, target=2, samples=ratios),
        Figure(f"{shown}: size", f"{megabytes:.1f} MB", "30 MB", "", megabytes, "MB", target=MOST_MEGABYTES),
    ]


def _cases(paths: list[Path]) -> list[Case]:
    """Deal photos to claims, the same ones to several."""
    photos = [
        ShownPhoto(
            path.name,
            str(path),
            LIMITS,
            [Fact("kind", "wallet"), Fact("place", "Harbour"), Fact("found_on", "2026-05-12")],
            [Swatch("#8a3d10", "brown", 0.6), Swatch("#1d1b19", "black", 0.4)],
        )
        for path in paths
    ]
    cases = []
    for number in range(CLAIMS):
        found = [photos[(number * CANDIDATES + place) % len(photos)] for place in range(CANDIDATES)]
        measures = [Fact("distance", "0.1234"), Fact("probability", "0.812")]
        reasons = ["found.kind = lost.kind", "found.found_on >= lost.lost_on"]
        matches = [ShownMatch(one, measures, rank, reasons=reasons) for rank, one in enumerate(found, start=1)]
        cases.append(Case(f"R{number}", [photos[-number % len(photos)]], matches))
    return cases


def _write(target: Path, cases: list[Case]) -> None:
    content = Report("Lost and found", f"{CLAIMS} lost things", [], cases)
    write_page(str(target), "match", report=content, thumbnails=thumbnails_of([cases], jobs=default_jobs()))


def _plain(paths: list[Path]) -> None:
    for path in paths:
        with PIL.Image.open(path) as photo:
            photo.thumbnail((SMALL.side, SMALL.side))
            PIL.ImageOps.exif_transpose(photo).save(io.BytesIO(), "JPEG", quality=75, optimize=True)
