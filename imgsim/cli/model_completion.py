"""What a shell completes where `imgsim models` takes a model: names in the cache, which no model is opened for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.cli import name_completion

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem


def cached_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete what a model in the cache is called; bare names of learned ones, which need no title, once begun."""
    del ctx, param
    return _named(incomplete, ())


def known_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete likewise, or a network that has no model here."""
    from imgsim.models.architectures import ARCHITECTURES

    del ctx, param
    return _named(incomplete, ARCHITECTURES)


def importable(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a network, or the segmenter, whose weights are imported."""
    from imgsim.models.segmenter_model import SEGFORMER

    named = name_completion.networks(ctx, param, incomplete)
    return [*named, *name_completion.beginning(incomplete, [SEGFORMER])]


def deep_extractors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an extractor that is a network, or its parameters and their choices."""
    from imgsim.models.architectures import is_architecture
    from imgsim.models.own_names import own_names

    names = own_names()
    found = ((item, item.value.partition(":")[0]) for item in name_completion.extractors(ctx, param, incomplete))
    return [item for item, name in found if is_architecture(name) or name in names]


def _named(incomplete: str, others: Iterable[str]) -> list[CompletionItem]:
    from imgsim.cli.learned_models import bare_names
    from imgsim.cli.model_names import names_here

    bare = bare_names() if incomplete else []
    return name_completion.beginning(incomplete, dict.fromkeys([*names_here(), *bare, *others]))
