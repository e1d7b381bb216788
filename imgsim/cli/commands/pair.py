"""`imgsim pair`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import stderr
from imgsim.cli.flags import general_options
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.pair_lines import NamedPair, listed_pairs, paired, pairs_in
from imgsim.cli.which_index import open_for
from imgsim.errors import ImgsimError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.index.index import Index
    from imgsim.index.index_writer import IndexWriter
    from imgsim.index.store.pair_store import DecidedPair

F = TypeVar("F", bound=Callable[..., Any])
STDIN = "-"
NAMED = 3  # pairs that are told of one by one


@click.group(short_help="Keep what people decided about a lost photo and a found one.")
@general_options
def pair() -> None:
    """Keep what people decided about a lost photo and a found one, in the index of the found one.

    `imgsim match` then says a rejected pair no more, and of a confirmed one neither thing; `imgsim pairs` lists them.
    Decisions are about what is in the files: copies share one, and it outlives new names, moves and new indexing.
    """


def _photo_options(command: F) -> F:
    """Add the pairs, and where their indexes are."""
    options = (
        click.argument("photos", metavar="LOST FOUND|-", nargs=-1, required=True, type=click.Path()),
        click.option("-0", "--null", is_flag=True, help="Paths on stdin end in NUL, lost and found in turn."),
        click.option(
            "--lost",
            type=click.Path(),
            metavar="FOLDER",
            help="The indexed folder of the lost photos. Without it: that above the photo, or the nearest.",
        ),
        _found_option,
        wait_option,
        general_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _found_option(command: F) -> F:
    return click.option(
        "--found",
        type=click.Path(),
        metavar="FOLDER",
        help="The indexed folder of the found photos, whose index keeps the pairs. Without it: that above the photo, "
        "or the nearest.",
    )(command)


def _by_option(command: F) -> F:
    return click.option("--by", default="", metavar="NAME", help="Who decided, to be kept with it.")(command)


@pair.command(short_help="Keep that two photos show the same thing.")
@_by_option
@_photo_options
def confirm(by: str, **asked: Any) -> None:  # noqa: ANN401 (each has its own type)
    """Keep that LOST and FOUND show the same thing, which closes both: `imgsim match` says neither any more.

    Paths are seen from the working folder or, where nothing is there, from the indexed ones. A pair of - reads pairs
    from stdin, a line each: two columns as `imgsim match` and `imgsim pairs` write them, with a header or without, or
    their jsonl. All are kept or, where anything is wrong, none. A later decision takes the place of an earlier one.
    Exit codes: 0 done, 1 stdin names no pair, 2 error.
    """
    _decide("confirmed", by, **asked)


@pair.command(short_help="Keep that two photos do not show the same thing.")
@_by_option
@_photo_options
def reject(by: str, **asked: Any) -> None:  # noqa: ANN401 (each has its own type)
    """Keep that LOST and FOUND do not show the same thing: `imgsim match` does not say the pair any more.

    Pairs are named as for `imgsim pair confirm`.
    """
    _decide("rejected", by, **asked)


@pair.command(short_help="Forget what was decided about two photos.")
@_photo_options
def forget(photos: tuple[str, ...], null: bool, lost: str | None, found: str | None) -> None:  # noqa: FBT001
    """Forget what was decided about LOST and FOUND, or that the pair was said: `imgsim match --new` says it again.

    Pairs are named as for `imgsim pair confirm`; photos that are gone, as `imgsim pairs` names them. Exit codes: 0
    done, 1 nothing was kept of any of them, 2 error.
    """
    named = _named(photos, null=null)
    with _opened(named, lost, found) as sides:
        kept = {one[:2] for one in sides[1].pairs()}
        meant = [_digests_to_forget(sides, one) for one in named]
        there = [digests for digests in dict.fromkeys(meant) if digests in kept]
        if there:
            once_unlocked(lambda: _written(sides[1], lambda writer: writer.forget_pairs(there)))
    absent = [one for one, digests in zip(named, meant, strict=True) if digests not in kept]
    for one in absent[:NAMED]:
        stderr.say(f"imgsim: {one.lost}, {one.found}: nothing is kept of this pair")
    if len(absent) > NAMED:
        stderr.say(f"imgsim: and of {len(absent) - NAMED:,} more")
    if there:
        stderr.say(_told(named, len(there), "forgotten"))
    click.get_current_context().exit(0 if there else 1)


@pair.command("import", short_help="Keep pairs that another index had.")
@click.argument("file", type=click.Path())
@_found_option
@wait_option
@general_options
def import_(file: str, found: str | None) -> None:
    """Keep the pairs of FILE, or of stdin for -, as `imgsim pairs --format jsonl` wrote them, on this machine or not.

    They come with who decided and when; of two decisions about a pair the later one is kept. Exit codes: 0 done, 1
    FILE has no pair, 2 error.
    """
    named = listed_pairs(null=False) if file == STDIN else pairs_in(file)
    brought = [_brought(one) for one in named]
    with open_for(found) as index:
        count = once_unlocked(lambda: _written(index, lambda writer: _keep_later(writer, brought))) if brought else 0
    if brought:
        stderr.say(f"{_pairs(count)} kept, {len(brought) - count:,} were there")
    else:
        stderr.say(f"imgsim: {'standard input' if file == STDIN else file} names no pair")
    click.get_current_context().exit(0 if brought else 1)


def _named(photos: Sequence[str], *, null: bool) -> list[NamedPair]:
    """Read which pairs are meant; without any, the command ends."""
    if null and STDIN not in photos:
        raise click.UsageError("-0 is about paths on stdin: give - in place of LOST FOUND")
    if STDIN in photos and len(photos) > 1:
        raise click.UsageError("- reads pairs from stdin: give it alone")
    if len(photos) % 2 and STDIN not in photos:
        raise click.UsageError("Missing argument 'FOUND'.")
    named = listed_pairs(null=null) if STDIN in photos else paired(photos, "LOST FOUND")
    if not named:
        stderr.say("imgsim: standard input names no pair")
        click.get_current_context().exit(1)
    return named


@contextmanager
def _opened(named: Sequence[NamedPair], lost: str | None, found: str | None) -> Iterator[tuple[Index, Index]]:
    """Open the indexes of both sides; one index twice is one."""
    with ExitStack() as stack:
        theirs = stack.enter_context(_open_side(found, named[0].found))
        ours = stack.enter_context(_open_side(lost, named[0].lost))
        same = os.path.realpath(ours.directory) == os.path.realpath(theirs.directory)
        yield (theirs if same else ours), theirs


def _open_side(place: str | None, photo: str) -> Index:
    from imgsim.index.location import find_index

    above = find_index(photo) if os.path.lexists(photo) else None
    return open_for(place or above, [photo])


def _decide(state: str, by: str, *, photos: Sequence[str], null: bool, lost: str | None, found: str | None) -> None:
    named = _named(photos, null=null)
    with _opened(named, lost, found) as sides:
        decided = [one._replace(state=state, who=by.strip()) for one in _found_pairs(sides, named)]

        def write(writer: IndexWriter) -> list[str]:
            now = time.time_ns()
            mine = [one._replace(decided_ns=now) for one in decided]
            notes = [note for one, old in zip(mine, writer.decide(mine), strict=True) if (note := _note(one, old))]
            return [*notes, *(_contradictions(mine, writer.pairs(sides[0])) if state == "confirmed" else ())]

        notes = once_unlocked(lambda: _written(sides[1], write))
    for note in notes:
        stderr.say(f"imgsim: {note}")
    stderr.say(_told(named, len(decided), state))


def _written(found: Index, write: Callable[[IndexWriter], Any]) -> Any:  # noqa: ANN401 (whatever is written)
    with found.writing() as writer:
        return write(writer)


def _found_pairs(sides: tuple[Index, Index], named: Sequence[NamedPair]) -> list[DecidedPair]:
    """Find the photos of pairs, each pair once, in its last place."""
    from imgsim.index.store.pair_store import DecidedPair

    lookups = [one for one in named if one.digests is None]
    ours = iter(sides[0].find_photos(one.lost for one in lookups))
    theirs = iter(sides[1].find_photos(one.found for one in lookups))
    pairs = {}
    for one in named:
        if one.digests is None:
            lost, found = next(ours), next(theirs)
            if sides[0] is sides[1] and lost.path == found.path:
                raise ParameterError(f"{one.lost}: a photo and itself are no pair")
            made = DecidedPair(lost.digest, found.digest, "", lost.path, found.path, lost_store=sides[0].identity)
        else:
            made = DecidedPair(*one.digests, "", one.lost, one.found, lost_store=sides[0].identity)
        pairs[made[:2]] = made
    return list(pairs.values())


def _digests_to_forget(sides: tuple[Index, Index], named: NamedPair) -> tuple[bytes, bytes]:
    """Give the digests of a pair; photos that are gone are found by the paths that they were kept with."""
    try:
        return _found_pairs(sides, [named])[0][:2]
    except ImgsimError:
        for one in sides[1].pairs(sides[0]):
            if (one.lost_path, one.found_path) == named[:2]:
                return one[:2]
        raise


def _brought(named: NamedPair) -> DecidedPair:
    """Read a pair that another index had."""
    from imgsim.index.store.pair_store import LATEST, STATES, DecidedPair

    state, who, store, moment = (named.facts.get(name) for name in ("state", "by", "lost_store", "decided_ns"))
    if named.digests is None or state not in STATES or not (isinstance(who, str) and isinstance(store, str)):
        raise _no_export(named)
    if not isinstance(moment, int) or isinstance(moment, bool) or not 0 <= moment < LATEST:
        raise _no_export(named)
    return DecidedPair(*named.digests, str(state), named.lost, named.found, who, moment, store)


def _no_export(named: NamedPair) -> ImgsimError:
    return ImgsimError(f"{named.lost}, {named.found}: no pair as `imgsim pairs --format jsonl` writes them")


def _keep_later(writer: IndexWriter, brought: Sequence[DecidedPair]) -> int:
    """Keep what is later than what is there; give how many that are."""
    with writer.transaction():
        there = {one[:2]: one for one in writer.pairs()}
        later = [one for one in brought if _is_later(one, there.get(one[:2]))]
        writer.decide(later)
    return len(later)


def _is_later(one: DecidedPair, there: DecidedPair | None) -> bool:
    if there is None or one.state == "said":
        return there is None
    return there.state == "said" or one.decided_ns > there.decided_ns


def _note(one: DecidedPair, before: DecidedPair | None) -> str:
    """Say what somebody had decided before."""
    if before is None or before.state == "said":
        return ""
    return f"{one.lost_path}, {one.found_path}: was {before.state}{_by_whom(before)}"


def _contradictions(mine: Sequence[DecidedPair], kept: Sequence[DecidedPair]) -> Iterator[str]:
    """Say with what else the photos of confirmed pairs were confirmed."""
    confirmed = [one for one in kept if one.state == "confirmed"]
    for one in mine:
        for other in confirmed:
            if other[:2] != one[:2] and other.lost == one.lost:
                yield f"{one.lost_path} was confirmed with {other.found_path} too{_by_whom(other)}"
            elif other[:2] != one[:2] and other.found == one.found:
                yield f"{one.found_path} was confirmed with {other.lost_path} too{_by_whom(other)}"


def _by_whom(one: DecidedPair) -> str:
    return f"{f' by {one.who}' if one.who else ''} on {one.decided}"


def _told(named: Sequence[NamedPair], count: int, done: str) -> str:
    one = named[0]
    return f"{one.lost}, {one.found}: {done}" if len(named) == 1 else f"{_pairs(count)} {done}"


def _pairs(count: int) -> str:
    return f"{count:,} pair{'s' * (count != 1)}"
