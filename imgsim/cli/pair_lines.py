"""Pairs of photos on stdin: as `match` and `pairs` write them, or paths in turn."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.cli.inputs import decoded_lines, standard_input
from imgsim.errors import ImgsimError
from imgsim.images.formats import HEAD, sniff

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

STDIN = "standard input"
SIDES = ("lost", "found")
DIGESTS = ("lost_digest", "found_digest")
_DIGEST = re.compile("[0-9a-f]{32}")
_ESCAPED = re.compile(r"\\([tnr\\])")
_PLAIN = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


class NamedPair(NamedTuple):
    """A lost photo and a found one as they are named; of a line that has them, their digests, and the whole line."""

    lost: str
    found: str
    digests: tuple[bytes, bytes] | None = None
    facts: Mapping[str, Any] = {}


def listed_pairs(*, null: bool) -> list[NamedPair]:
    """Read all pairs on stdin: two columns of TSV or objects of JSON a line, or by NUL lost and found in turn."""
    with standard_input() as stream:
        data = stream.read()
    if sniff(data[:HEAD]):
        raise ImgsimError(f"{STDIN}: a picture, where pairs of paths are read, one a line")
    if null or b"\0" in data:
        return paired(decoded_lines(data, b"\0"), STDIN)
    return read_lines(decoded_lines(data, b"\n"), STDIN)


def pairs_in(path: str) -> list[NamedPair]:
    """Read the pairs of a file, a line each."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise ImgsimError(f"{path}: {error.strerror}") from error
    return read_lines(decoded_lines(data, b"\n"), path)


def paired(paths: Sequence[str], place: str) -> list[NamedPair]:
    """Pair paths that come in turn."""
    if len(paths) % 2:
        raise ImgsimError(f"{place}: {paths[-1]} has no other: paths come in pairs, LOST FOUND")
    return [NamedPair(*pair) for pair in zip(paths[::2], paths[1::2], strict=True)]


def read_lines(lines: Iterable[str], place: str) -> list[NamedPair]:
    """Read a pair a line; a header is passed over."""
    pairs = []
    for number, line in enumerate(lines, start=1):
        read = _of_object if line.startswith("{") and "\t" not in line else _of_columns
        pair = read(line, f"{place}: line {number}")
        if number > 1 or pair[:2] != SIDES:
            pairs.append(pair)
    return pairs


def _of_columns(line: str, place: str) -> NamedPair:
    cells = [_ESCAPED.sub(lambda found: _PLAIN[found[1]], cell) for cell in line.split("\t")[:2]]
    if len(cells) < 2 or not all(cells):
        raise ImgsimError(f"{place}: two columns are needed, the lost photo, a tab and the found one")
    return NamedPair(cells[0], cells[1])


def _of_object(line: str, place: str) -> NamedPair:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ImgsimError(f"{place} is not JSON") from error
    paths = [facts.get(side) for side in SIDES]
    if not all(isinstance(path, str) and path and "\0" not in path for path in paths):
        raise ImgsimError(f"{place} does not say which photos are lost and found")
    named = NamedPair(paths[0], paths[1], facts=facts)
    digests = [facts.get(name) for name in DIGESTS]
    if digests == [None, None]:
        return named
    if not all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in digests):
        raise ImgsimError(f"{place}: {' and '.join(DIGESTS)} are 32 hexadecimal digits each")
    return named._replace(digests=(bytes.fromhex(digests[0]), bytes.fromhex(digests[1])))
