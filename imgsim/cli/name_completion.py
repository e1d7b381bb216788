"""What a shell completes after an option: names, read from tables that import nothing heavy."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from imgsim.core import CLASSIFIER, EMBEDDING
from imgsim.where.side_names import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import click
    from click.shell_completion import CompletionItem


def extractors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an extractor's name, or the last of those that ``+`` joins, or its parameters and their choices."""
    from imgsim.features import FUSIONS, extractor_names
    from imgsim.models.embedding_model import EMBEDDING_MODELS
    from imgsim.models.own_names import own_names

    del ctx, param
    if parameters := _parameters(incomplete):
        return parameters
    before, joined, last = incomplete.rpartition("+")
    learned = [f"{EMBEDDING}{name}" for name in EMBEDDING_MODELS.names()]
    return beginning(last, [*extractor_names(), *FUSIONS, *own_names(), *learned], before + joined)


def _parameters(incomplete: str) -> list[CompletionItem]:
    """Complete what stands behind the colon of the last extractor; a ``+`` may join extractors, or be of a choice."""
    from imgsim.features import EXTRACTORS
    from imgsim.models.architectures import is_architecture

    start = 0
    for piece in re.split(r"(?<=\+)", incomplete):
        name, colon, rest = incomplete[start:].partition(":")
        if colon and (name in EXTRACTORS or is_architecture(name)):
            found = _parameters_of(name, rest, f"{incomplete[:start]}{name}:")
            if found:
                return found
        start += len(piece)
    return []


def _parameters_of(name: str, written: str, before: str) -> list[CompletionItem]:
    from imgsim.features.parameters import describe_extractor

    done, comma, last = written.rpartition(",")
    key, equals, value = last.partition("=")
    taken = describe_extractor(name).parameters
    before += done + comma
    if equals:
        choices = [choice for one in taken if one.name == key for choice in one.choices if choice]
        return beginning(value, choices, f"{before}{key}=")
    given = {pair.partition("=")[0] for pair in done.split(",")}
    return beginning(key, [f"{one.name}=" for one in taken if one.name not in given], before)


def metrics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a metric's name."""
    from imgsim.metrics.metric_table import METRICS

    del ctx, param
    return beginning(incomplete, METRICS)


def rerankings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a re-ranking's name."""
    from imgsim.search.reranking import RERANKERS

    del ctx, param
    return beginning(incomplete, RERANKERS)


def networks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a network's name."""
    from imgsim.models.architectures import ARCHITECTURES

    del ctx, param
    return beginning(incomplete, ARCHITECTURES)


def attributes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an attribute's name, or the last of those that commas join, as the index that is meant has them."""
    del param
    before, last = _split_behind(",", incomplete)
    return beginning(last, _attributes_of(ctx), before)


def sort_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the last of the names that commas join, with a minus before it or not."""
    del param
    before, comma, last = incomplete.rpartition(",")
    bare = last.removeprefix("-")
    return beginning(bare, _attributes_of(ctx), before + comma + last[: len(last) - len(bare)])


def conditions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name at the end of a condition."""
    del param
    before, last = _split_behind(" (", incomplete)
    return beginning(last, map(_quoted, _attributes_of(ctx)), before)


def side_conditions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name at the end of a condition on the side that the option is called after."""
    before, last = _split_behind(" (", incomplete)
    return beginning(last, map(_quoted, _attributes_of(ctx, str(param.name))), before)


def pair_conditions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name at the end of a condition on both sides: ``lost.place``."""
    del param
    before, last = _split_behind(" (", incomplete)
    return beginning(last, _names_of_sides(ctx, last, _quoted), before)


def side_attributes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the last of the names of either side that commas join."""
    del param
    before, last = _split_behind(",", incomplete)
    return beginning(last, _names_of_sides(ctx, last), before)


def things(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete an attribute of either side."""
    del param
    return beginning(incomplete, sorted({name for side in SIDES for name in _asked(ctx, "attribute_names", side)}))


def rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name at the end of a rule, or else a folder."""
    from click.shell_completion import CompletionItem

    names = conditions(ctx, param, incomplete)
    return names if incomplete and names else [CompletionItem(incomplete, type="file")]


def sight_rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a rule that the index has."""
    del param
    return beginning(incomplete, _asked(ctx, "sight_rules"))


def assignments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the attribute's name of an assignment, or else a file's."""
    from click.shell_completion import CompletionItem

    del param
    names = beginning(incomplete, [f"{name}=" for name in _asked(ctx, "attribute_names")])
    return names if incomplete and names else [CompletionItem(incomplete, type="file")]


def colors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a colour that some photo of the index is of."""
    del param
    return beginning(incomplete, _asked(ctx, "color_names"))


def classifiers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a classifier's name, perhaps behind its title or ``NAME=``, or else a file."""
    from click.shell_completion import CompletionItem

    from imgsim.models.classifier_model import CLASSIFIER_MODELS

    del ctx, param
    before, last = _split_behind("=", incomplete)
    titled = last.startswith(CLASSIFIER)
    names = beginning(last, CLASSIFIER_MODELS.namings() if titled else CLASSIFIER_MODELS.names(), before)
    return names if last and names else [CompletionItem(incomplete, type="file")]


def labels(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a category of lost-property offices, in the language that is asked for."""
    from imgsim.features.office_categories import OTHER, office_categories

    del param
    language = ctx.params.get("language") or "en"
    return beginning(incomplete, [*(one.name(language) for one in office_categories()), OTHER[language]])


def _split_behind(separators: str, text: str) -> tuple[str, str]:
    """Split a text behind the last of some characters."""
    place = max(map(text.rfind, separators)) + 1
    return text[:place], text[place:]


def _quoted(name: str) -> str:
    """Write a name as conditions do."""
    return name if re.fullmatch(r"[^\W\d]\w*", name) else f'"{name}"'


def _attributes_of(ctx: click.Context, side: str = "") -> list[str]:
    from imgsim.where.conditions import FIELDS

    return [*_asked(ctx, "attribute_names", side), *FIELDS]


def _names_of_sides(ctx: click.Context, last: str, written: Callable[[str], str] = str) -> list[str]:
    """Give the names of both sides, or of the one that was begun to be typed."""
    sides = [side for side in SIDES if last.startswith(f"{side}."[: len(last)])]
    return [f"{side}.{written(name)}" for side in sides for name in _attributes_of(ctx, side)]


def _asked(ctx: click.Context, names: str, side: str = "") -> list[str]:
    """Ask the index that is meant; a shell asks at every key, and hears of names or of nothing."""
    with suppress(Exception):
        from imgsim.cli.which_index import find_meant
        from imgsim.index.location import locate_index
        from imgsim.index.sqlite import known_names

        named, photos = (_folder_of(ctx, side), ()) if side else _meant_by(ctx)
        meant = find_meant(named, photos)
        if meant is not None:
            found: list[str] = getattr(known_names, names)(locate_index(meant))
            return found
    return []


def _meant_by(ctx: click.Context) -> tuple[str | None, Sequence[str]]:
    """Give the index that a line names, and the photos; where an option is completed, click leaves arguments aside."""
    import os

    photos = ctx.params.get("photos") or ctx.params.get("arguments") or ctx.args
    folder = ctx.params.get("folder")
    if any(param.name in ("folder", "arguments") for param in ctx.command.params):
        folder = folder or next((name for name in photos[:1] if os.path.isdir(name)), None)
    return ctx.params.get("index_path") or folder, photos


def _folder_of(ctx: click.Context, side: str) -> str | None:
    """Give the index of a side: of two folders that are named, or of both."""
    folders = ctx.params.get("folders") or ctx.args
    return folders[SIDES.index(side)] if len(folders) == len(SIDES) else ctx.params.get("index_path")


def beginning(incomplete: str, names: Iterable[str], before: str = "") -> list[CompletionItem]:
    """Complete a text by those names that begin with it, behind what is typed before it."""
    from click.shell_completion import CompletionItem  # which nothing but a completion needs

    return [CompletionItem(before + name) for name in names if name.startswith(incomplete)]
