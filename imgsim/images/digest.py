"""What tells one file's content from another's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from typing import BinaryIO


def content_digest(stream: BinaryIO) -> bytes:
    """Digest a file's content: BLAKE2b-128."""
    try:
        stream.seek(0)
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).digest()  # type: ignore[arg-type]
    except OSError as error:
        raise ImageReadError(str(stream.name), error.strerror or "the disk failed") from error
