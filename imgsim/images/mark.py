"""The mark of the pictures that imgsim draws: in a folder of photos they are none."""

from __future__ import annotations

MARK = "imgsim"  # the text `Software` of a PNG, the creator of an SVG

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT = b"Software\0" + MARK.encode()


def is_drawn(head: bytes) -> bool:
    r"""Tell from a file's first kilobyte whether imgsim drew it; what else its metadata mention is no mark.

    Examples
    --------
    >>> is_drawn(_SIGNATURE + bytes(25) + b"\0\0\0\x0ftEXtSoftware\0imgsim")
    True
    >>> is_drawn(_SIGNATURE + bytes(25) + b"\0\0\0\x13tEXtComment\0not by imgsim")
    False
    """
    at = 33 if head.startswith(_SIGNATURE) else len(head)  # where the chunk IHDR ends
    while at < len(head):
        size, kind, text = int.from_bytes(head[at : at + 4]), head[at + 4 : at + 8], head[at + 8 :]
        if kind == b"IDAT":
            return False
        if kind == b"tEXt" and text[:size] == _TEXT:
            return True
        at += 12 + size  # with its checksum
    return False
