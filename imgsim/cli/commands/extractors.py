"""`imgsim extractors`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import format_option, general_options
from imgsim.cli.output import JSON, ROW_FORMATS, RowWriter, choose_format, write_text
from imgsim.cli.remedies import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = ("extractor", "dimension", "metric", "needs", "parameters", "paper")
DETAILS = ("extractor", "parameter", "default", "takes", "meaning")


@click.command(short_help="List the extractors, or describe some.")
@click.argument("names", metavar="[NAME[:KEY=VALUE,...]...]", nargs=-1, shell_complete=name_completion.extractors)
@format_option(*ROW_FORMATS, default="a table on a terminal, tsv in a pipe; what describes NAMEs is text for people")
@general_options
def extractors(names: tuple[str, ...], format_: str | None) -> None:
    """List the extractors, with their dimension, default distance, what they need here, parameters and paper.

    Those that run here come first, the others below say what they need. With a NAME, say what that one does, and which
    parameters it takes. `lite` stands for three networks, fused: they are measured, stored and compared one by one.
    """
    if names:
        _describe([_details(name) for name in names], format_)
        return
    from imgsim.features import FUSIONS, extractor_names
    from imgsim.models.embedding_model import EMBEDDING_MODELS
    from imgsim.models.packaged import ready_networks

    ready = ready_networks()
    learned = [model.naming for model in EMBEDDING_MODELS.models()]
    rows = [row for name in (*extractor_names(), *FUSIONS, *learned) if (row := _summary_if_any(name, ready))]
    RowWriter(choose_format(format_), COLUMNS).write(sorted(rows, key=lambda row: not row["ready"]))


def _summary_if_any(text: str, ready: Sequence[str]) -> dict[str, Any] | None:
    """Describe an extractor in a row; a learned one whose file is damaged has none."""
    from imgsim.errors import WeightsError
    from imgsim.naming import is_embedding

    try:
        return _summary(text, ready)
    except WeightsError as error:
        if not is_embedding(text):
            raise
        stderr.complain(f"imgsim: {explain(error)}")
        return None


def _summary(text: str, ready: Sequence[str]) -> dict[str, Any]:
    """Describe an extractor in a row."""
    from imgsim.cli.networks import what_lacks
    from imgsim.errors import WeightsError
    from imgsim.features import FUSIONS, default_extractor, default_parameters, load_extractor
    from imgsim.naming import is_embedding, parse_naming

    name = parse_naming(text).name
    if name in FUSIONS:
        return _fused(text, [_summary(one, ready) for one in FUSIONS[name]])
    extractor = load_extractor(text)
    defaults = {} if is_embedding(name) else default_parameters(name)
    try:
        dimension = extractor.dim
    except WeightsError:  # which alone know
        dimension = None
    lacking = what_lacks(name, ready)
    return {
        "extractor": text,
        "dimension": dimension,
        "metric": extractor.metric,
        "parameters": ",".join(f"{key}={value}" for key, value in sorted(defaults.items())),
        "version": extractor.version,
        "default": text == default_extractor(),
        "ready": not lacking,
        "needs": lacking,
        "paper": extractor.paper,
    }


def _fused(text: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe a fusion by its extractors."""
    from imgsim.features import write_out

    write_out([text])  # which refuses parameters
    ready = all(part["ready"] for part in parts)
    return {
        **parts[0],
        "extractor": text,
        "dimension": sum(part["dimension"] for part in parts),
        "parameters": "",
        "default": False,
        "ready": ready,
        "needs": "" if ready else f"pip install 'imgsim[{text}]'",
        "paper": " + ".join(part["extractor"] for part in parts),
    }


def _details(text: str) -> dict[str, Any]:
    """Describe an extractor and its parameters."""
    from imgsim.cli.networks import check_network, what_imports
    from imgsim.features import FUSIONS, default_parameters
    from imgsim.features.parameters import describe_extractor
    from imgsim.models.packaged import ready_networks
    from imgsim.naming import is_embedding, parse_naming

    name = parse_naming(text).name
    row = _summary(text, ready_networks())
    if name in FUSIONS:
        about = f"Fuse {', '.join(FUSIONS[name])}: each is measured and compared by itself, with the same say."
        return row | {"about": about, "takes": [], "example": f"imgsim index FOLDER -x {text}"}
    if is_embedding(name):
        return row | {"about": _learned(text), "takes": [], "example": f"imgsim index FOLDER -x {text}"}
    check_network(name)
    described, defaults = describe_extractor(name), default_parameters(name)
    takes = [
        {
            "parameter": one.name,
            "default": defaults[one.name],
            "choices": list(one.choices) or None,
            "range": one.bounds or None,
            "meaning": one.meaning,
        }
        for one in described.parameters
    ]
    example = text if text != name else f"{name}{_first_change(takes)}"
    row["needs"] += what_imports(name) if row["needs"] else ""
    return row | {"about": described.summary, "takes": takes, "example": f"imgsim index FOLDER -x {example}"}


def _learned(text: str) -> str:
    """Say what an embedding maps."""
    from imgsim.cli.learned_models import describe_learned
    from imgsim.features import spell_out

    told = describe_learned(spell_out(text))
    return f"Learned: a linear map of the rows of {told['base']}." if told["base"] else "Learned: a network of photos."


def _first_change(takes: Sequence[Mapping[str, Any]]) -> str:
    """Write a value other than the default of the first parameter that offers some, as behind an extractor's name."""
    for one in takes:
        others = [choice for choice in one["choices"] or () if choice not in ("", one["default"])]
        if others:
            return f":{one['parameter']}={others[0]}"
    return next((f":{one['parameter']}={one['default'] + 1}" for one in takes if one["range"]), "")


def _describe(rows: Sequence[Mapping[str, Any]], format_: str | None) -> None:
    """Write what is known of extractors: for people, a row a parameter, or all of it as JSON."""
    if format_ in JSON:
        RowWriter(str(format_), COLUMNS).write(rows)
    elif format_ in ("tsv", "csv"):
        writer = RowWriter(format_, DETAILS)
        for row in rows:
            writer.write({"extractor": row["extractor"], **one} for one in _shown(row["takes"]) or [{}])
    else:
        for place, row in enumerate(rows):
            write_text("\n" * bool(place) + _head(row))
            RowWriter("table", DETAILS[1:]).write(_shown(row["takes"]))


def _shown(takes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put what each parameter takes in one text."""

    def shown(one: Mapping[str, Any]) -> dict[str, Any]:
        default = f"{one['default']:g}" if isinstance(one["default"], float) else one["default"]
        return {
            **one,
            "default": default,
            "takes": ", ".join(filter(None, one["choices"] or ())) or one["range"] or "text",
        }

    return list(map(shown, takes))


def _head(row: Mapping[str, Any]) -> str:
    dimension = "known when its weights are here" if row["dimension"] is None else f"{row['dimension']} values"
    lines = {
        row["extractor"]: row["about"],
        "dimension": dimension,
        "metric": f"{row['metric']}, unless -m names another",
        "needs": row["needs"] or "nothing more: it runs here",
        "paper": row["paper"],
        "example": row["example"],
        **({} if row["takes"] else {"parameters": "none"}),
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items()) + "\n" * bool(row["takes"])
