"""Copies among the photos of an index, to the last bit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.index.index import Index


def copy_keys(index: Index) -> Iterator[Sequence[bytes]]:
    """Give what tells copies to the last bit: the photos' content, and their rows by each extractor."""
    from imgsim.evaluation.copies import keys_of_rows

    digests = {record.path: record.digest for record in index}
    yield [digests[path] for path in index.paths]
    for one in index.extractors:
        with suppress(ImgsimError):  # one that cannot be made here is not judged either
            yield [] if one.binary else keys_of_rows(index.distance([str(one.spec)]).features()[0])
