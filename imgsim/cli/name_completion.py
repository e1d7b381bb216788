"""What a shell completes after an option: names, read from tables that import nothing heavy."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click


def extractors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an extractor's name, or the last of those that ``+`` joins."""
    from imgsim.features import FUSIONS, extractor_names

    del ctx, param
    before, joined, last = incomplete.rpartition("+")
    return _beginning(last, [*extractor_names(), *FUSIONS], before + joined)


def metrics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a metric's name."""
    from imgsim.metrics.metric_table import METRICS

    del ctx, param
    return _beginning(incomplete, METRICS)


def rerankings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a re-ranking's name."""
    from imgsim.search.reranking import RERANKERS

    del ctx, param
    return _beginning(incomplete, RERANKERS)


def networks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a network's name."""
    from imgsim.models.architectures import ARCHITECTURES

    del ctx, param
    return _beginning(incomplete, ARCHITECTURES)


def attributes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an attribute's name, or the last of those that commas join, as the index that is meant has them."""
    del param
    before, comma, last = incomplete.rpartition(",")
    return _beginning(last, _attributes_of(ctx), before + comma)


def conditions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name at the end of a condition."""
    del param
    before, space, last = incomplete.rpartition(" ")
    return _beginning(last, _attributes_of(ctx), before + space)


def colors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a colour that some photo of the index has."""
    del param
    found: set[str] = set()
    with suppress(Exception):  # a shell asks at every key: it hears of names, or of nothing
        from imgsim.cli.which_index import open_for

        with ctx.scope(cleanup=False), open_for(ctx.params.get("index_path")) as index:
            found = {name for photo in index for name in photo.attributes.get("color_probabilities") or {}}
    return _beginning(incomplete, sorted(found))


def _attributes_of(ctx: click.Context) -> list[str]:
    names: list[str] = []
    with suppress(Exception):
        from imgsim.cli.which_index import open_for
        from imgsim.where.conditions import FIELDS

        with ctx.scope(cleanup=False), open_for(ctx.params.get("index_path")) as index:
            names = [*sorted(index.facts.types()), *FIELDS]
    return names


def _beginning(incomplete: str, names: Iterable[str], before: str = "") -> list[CompletionItem]:
    return [CompletionItem(before + name) for name in names if name.startswith(incomplete)]


def script(shell: str) -> str:
    """Write what makes a shell complete the command: `shell` is bash, zsh or fish."""
    from click.shell_completion import get_completion_class

    from imgsim.cli.group import imgsim

    completer = get_completion_class(shell)
    assert completer is not None
    return completer(imgsim, {}, "imgsim", "_IMGSIM_COMPLETE").source()
