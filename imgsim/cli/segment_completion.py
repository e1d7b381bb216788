"""What a shell completes after `--segment`: segmenters, their parameters and their labels."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from imgsim.cli.name_completion import beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from click.shell_completion import CompletionItem

_PLACES = {("dnn", "model"): "file", ("mask", "folder"): "dir"}  # parameters that the shell knows better


def segmenters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a segmenter's name, or the last of its parameters and labels behind the colon."""
    from imgsim.models.segmenter_model import SEGMENTER_MODELS
    from imgsim.segment.segmenter_table import SEGMENTERS

    del ctx, param
    if ":" in incomplete:
        return _behind_the_colon(incomplete)
    return beginning(incomplete, [*SEGMENTERS, *SEGMENTER_MODELS.names()])


def cut_segmenters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete likewise, or what means whole photos."""
    from imgsim.segment.segmenter_table import NO_SEGMENTER

    return [*segmenters(ctx, param, incomplete), *beginning(incomplete, [NO_SEGMENTER])]


def _behind_the_colon(incomplete: str) -> list[CompletionItem]:
    from imgsim.features.parameters import describe_class
    from imgsim.segment.segmenter_table import SEGMENTERS, SETTLED, means_segmenter

    typed, _, rest = incomplete.partition(":")
    done, comma, last = rest.rpartition(",")
    before, items = f"{typed}:{done}{comma}", done.split(",")
    name, params = means_segmenter(typed, dict(item.split("=", 1) for item in items if "=" in item))
    if name not in SEGMENTERS:
        return []
    taken = [one for one in describe_class(*SEGMENTERS.place(name)).parameters if one.name not in SETTLED]
    key, equals, value = last.partition("=")
    if equals:
        choices = next((one.choices for one in taken if one.name == key), ())
        return _values(name, key, value, choices, before + key + equals)
    joined, plus, label = last.rpartition("+")
    labels = _others(name, params, [*items, *joined.split("+")])
    keys = [f"{one.name}=" for one in taken if one.name not in params and not plus]
    return beginning(label, [*labels, *keys], before + joined + plus)


def _values(name: str, key: str, value: str, choices: Sequence[str], before: str) -> list[CompletionItem]:
    """Complete a parameter's value: a choice, an imported model's name, or what lies somewhere."""
    from click.shell_completion import CompletionItem

    from imgsim.models.segmenter_model import SEGMENTER_MODELS

    if place := _PLACES.get((name, key)):
        return [CompletionItem(before + value, type=place)]
    return beginning(value, SEGMENTER_MODELS.names() if (name, key) == ("segformer", "model") else choices, before)


def _others(name: str, params: dict[str, str], given: Sequence[str]) -> list[str]:
    """List a segmenter's labels that are not given yet; none where what it needs is not named, or not there."""
    from imgsim.segment.known_labels import known_labels

    with suppress(Exception):  # a shell asks at every key, and hears of labels or of nothing
        return [label for label in known_labels(name, params) if label not in given]
    return []
