"""`imgsim info`."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli.flags import folder_argument, format_option, general_options, index_option
from imgsim.cli.output import JSON, write_object, write_text
from imgsim.cli.stderr import printable
from imgsim.cli.which_index import open_for

if TYPE_CHECKING:
    from imgsim.index.index import Index
    from imgsim.index.options import Remembered

LISTED = ("extractors", "calibrations", "stale_calibrations", "sight_rules", "pairs", "attributes")  # a line each


@click.command(short_help="Say what an index holds.")
@folder_argument
@index_option
@format_option("text", "json", "jsonl", default="text")
@general_options
def info(folder: str | None, index_path: str | None, format_: str | None) -> None:
    """Say what an index holds: photos, extractors, calibrated distances, rules, attributes, sizes, generation.

    Photos that are missing, or left out by patterns, are hidden from all other commands, and kept until they are back.
    What is out of sight, by rules (`imgsim hide`), is not found unless --all is given.
    """
    with open_for(index_path or folder) as index, index.snapshot():
        facts = _facts(index)
    if format_ in JSON:
        write_object(facts)
        return
    for key, value in facts.items():
        if key not in LISTED:
            said = (shlex.join(value) or "not given") if isinstance(value, list) else value
            write_text(f"{key.replace('_', ' ')}: {'that of each extractor' if said is None else said}\n")
    for extractor in facts["extractors"]:
        default = " (default)" if extractor["default"] else ""
        write_text(
            f"extractor: {extractor['name']}: {extractor['dim']} values, {extractor['photos']} photos{default}\n"
        )
    for distance in facts["calibrations"]:
        stale = " (stale: photos were measured anew since)" if distance in facts["stale_calibrations"] else ""
        write_text(f"calibrated: {distance}{stale}\n")
    for rule in facts["sight_rules"]:
        waiting = f" (passed over: {rule['waiting']})" if rule["waiting"] else ""
        write_text(f"out of sight where: {printable(rule['rule'])}: {rule['photos']} photos{waiting}\n")
    if facts["pairs"]:
        write_text(f"pairs: {', '.join(f'{count} {state}' for state, count in facts['pairs'].items())}\n")
    for attribute in facts["attributes"]:
        types = " and ".join(attribute["types"])
        write_text(f"attribute: {attribute['name']}: {types}, {attribute['photos']} photos\n")


def _facts(index: Index) -> dict[str, Any]:
    default, made, counts = index.default, index.options, index.counts
    used = [extractor for extractor, _ in default.extractors] if default else []
    extractors = [
        {
            "name": str(extractor.spec),
            "version": extractor.spec.version,
            "dim": extractor.dim,
            "photos": index.count_measured(extractor),
            "default": extractor in used,
        }
        for extractor in index.extractors
    ]
    return {
        "root": index.root,
        "index": os.path.abspath(index.directory),
        "photos": counts["photos"],
        "missing": counts["missing"],
        "left_out": counts["left_out"],
        "out_of_sight": index.count_out_of_sight(),
        "failures": counts["failures"],
        "include": list(made.include),
        "exclude": list(made.exclude),
        **made.limits._asdict(),
        "colors": made.colors or "not measured",
        "kinds": _kinds(made),
        "classified": [f"{name}={one.spec}" for name, one in made.classifiers.items() if one.model],
        "exif": "read" if made.exif else "not read",
        "segment": _told_of_cut(made.cut) if made.cut else "not cut",
        "decimal": made.forms.decimal or "not given",
        "dates": made.forms.dates or "not given",
        "types": [f"{name}={type_}" for name, type_ in made.forms.types.items()],
        "encoding": made.encoding or "not given",
        "extractors": extractors,
        "default_metric": default.metric if default else None,
        "calibrations": index.calibrations,
        "stale_calibrations": sorted(index.stale_calibrations),
        "sight_rules": [
            {"rule": rule, "photos": photos, "waiting": waiting and waiting.reason}
            for rule, photos, waiting in index.sight_rules
        ],
        "pairs": index.count_pairs(),
        "attributes": [attribute._asdict() for attribute in index.facts.counts()],
        "generation": counts["generation"],
        "bytes": _size(index.directory),
        "journal_mode": index.journal_mode,
    }


def _told_of_cut(owner: str) -> str:
    """Say what cuts photos into parts."""
    told = json.loads(owner)
    labels = ", ".join("+".join(joined) for joined in told["labels"])
    crop = "cropped" if told["crop"] else "not cropped"
    return f"{told['segmenter']['name']}: {labels}, background {told['background']}, {crop}"


def _kinds(made: Remembered) -> str:
    """Tell in which language kinds are told, if they are."""
    kinds = [one for one in made.classifiers.values() if not one.model]
    return f"told ({dict(kinds[0].spec.params)['language']})" if kinds else "not told"


def _size(directory: str) -> int:
    """Add up the index's files, its cache included."""
    files = (os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names)
    return sum(os.path.getsize(file) for file in files if os.path.exists(file))
