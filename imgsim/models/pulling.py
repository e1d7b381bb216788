"""Downloading published weights: checked against their hash, whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.cache import models_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.models.architectures import Architecture

CHUNK = 1 << 18  # bytes
TIMEOUT = 30  # seconds without a byte


def download_weights(architecture: Architecture, advance: Callable[[int], None]) -> str:
    """Download a network's published weights.

    Parameters
    ----------
    architecture : Architecture
        The network.
    advance : callable
        Hears of every so many bytes.

    Returns
    -------
    str
        A temporary file in the model cache's folder, which the caller removes.

    Raises
    ------
    WeightsError
        If the network does not answer, or sends something else; it says how to do without.
    """
    folder = models_directory()
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=folder, suffix=".part")
    except OSError as error:
        raise WeightsError(
            f"{folder}: cannot be written ({error.strerror}); IMGSIM_MODELS names another folder"
        ) from error
    try:
        digest = _copy(architecture.url, descriptor, advance)
    except (OSError, http.client.HTTPException) as error:
        os.unlink(part)
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise WeightsError(f"{architecture.url}: {_reason(error)}; {_by_hand(architecture)}") from error
    except BaseException:
        os.unlink(part)
        raise
    published = architecture.weights.removesuffix(".pth").rpartition("-")[2]
    if not digest.startswith(published):
        os.unlink(part)
        raise WeightsError(f"{architecture.url}: what came is not what was published (SHA-256 {digest[:8]}): try again")
    return part


def _copy(url: str, descriptor: int, advance: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    with open(descriptor, "wb") as stream, urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 (the table's)
        while chunk := answer.read(CHUNK):
            digest.update(chunk)
            stream.write(chunk)
            advance(len(chunk))
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return f"cannot be downloaded ({' '.join(str(reason).split())})"


def _by_hand(architecture: Architecture) -> str:
    return (
        f"download those {architecture.megabytes:.1f} MB on a machine with a network, bring the file here, and run "
        f"`imgsim models import FILE --architecture {architecture.name}`"
    )
