"""What a shell completes after an option: names, read from tables that import nothing heavy."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click
    from click.shell_completion import CompletionItem

    from imgsim.where.facts import FactTable


def extractors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an extractor's name, or the last of those that ``+`` joins."""
    from imgsim.features import FUSIONS, extractor_names
    from imgsim.models.own_names import own_names

    del ctx, param
    before, joined, last = incomplete.rpartition("+")
    return _beginning(last, [*extractor_names(), *FUSIONS, *own_names()], before + joined)


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


def sort_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the last of the names that commas join, with a minus before it or not."""
    del param
    before, comma, last = incomplete.rpartition(",")
    bare = last.removeprefix("-")
    return _beginning(bare, _attributes_of(ctx), before + comma + last[: len(last) - len(bare)])


def conditions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name at the end of a condition."""
    del param
    before, space, last = incomplete.rpartition(" ")
    return _beginning(last, _attributes_of(ctx), before + space)


def colors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a colour that some photo of the index has."""
    del param

    def names(facts: FactTable) -> list[str]:
        from imgsim.index.by_color import PROBABILITIES

        return facts.names_within(PROBABILITIES)

    return _beginning(incomplete, _asked(ctx, names))


def _attributes_of(ctx: click.Context) -> list[str]:
    def names(facts: FactTable) -> list[str]:
        from imgsim.where.conditions import FIELDS

        return [*sorted(facts.types()), *FIELDS]

    return _asked(ctx, names)


def _asked(ctx: click.Context, ask: Callable[[FactTable], list[str]]) -> list[str]:
    """Ask the index that is meant; a shell asks at every key, and hears of names or of nothing."""
    with suppress(Exception):
        from imgsim.cli.which_index import open_for

        with ctx.scope(cleanup=False), open_for(ctx.params.get("index_path")) as index:
            return ask(index.facts)
    return []


def _beginning(incomplete: str, names: Iterable[str], before: str = "") -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # which nothing but a completion needs

    return [CompletionItem(before + name) for name in names if name.startswith(incomplete)]


def script(shell: str) -> str:
    """Write what makes a shell complete the command: `shell` is bash, zsh or fish."""
    from click.shell_completion import get_completion_class

    from imgsim.cli.group import imgsim

    completer = get_completion_class(shell)
    assert completer is not None
    return completer(imgsim, {}, "imgsim", "_IMGSIM_COMPLETE").source()
