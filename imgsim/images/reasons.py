"""Why a file could not be read, in a few words on one line."""

from __future__ import annotations

import errno

_OTHER_WORDS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EISDIR: "is a folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "a link that leads back to itself",
}
_DECODERS_FAULT = (errno.EINVAL, errno.EOVERFLOW)  # a seek to where a damaged file pointed
_NOT_SUPPORTED = ("cannot handle", "unable to determine J2K image mode", "unknown pixel mode")  # whole files too
_LONGEST = 100  # characters


def system_reason(error: OSError) -> str:
    """Say why the system refused, without the path."""
    return _OTHER_WORDS.get(error.errno or 0) or _one_line(error.strerror or str(error)).lower()


def is_systems(error: Exception) -> bool:
    """Tell whether the system is to blame, as for a failing disk, and not the photo."""
    return isinstance(error, OSError) and bool(error.errno) and error.errno not in _DECODERS_FAULT


def decoding_reason(error: Exception, kind: str, size: int) -> str:
    """Say why a picture of this format and of so many bytes could not be decoded, without the path."""
    if isinstance(error, OSError) and is_systems(error):
        return system_reason(error)
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return f"truncated after {size:,} bytes"
    if "not identified" in str(error):  # Pillow found a width or a height of 0
        return "it has no pixels"
    plain = isinstance(error, (OSError, SyntaxError, ValueError, RuntimeError)) and bool(str(error))
    line = _one_line(str(error) if plain else repr(error)).removesuffix(" when reading image file")
    if "upported" in line:
        return line[0].lower() + line[1:]
    whole = line.startswith(_NOT_SUPPORTED)
    return f"a kind of {kind} that is not supported: {line}" if whole else f"damaged {kind}: {line}"


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
