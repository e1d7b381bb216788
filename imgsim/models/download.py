"""Downloading published weights: checked against their hash, whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import WeightsError
from imgsim.files import open_part
from imgsim.models.architectures import TIMM, find_architecture
from imgsim.models.cache import models_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.models.cut import Cut

CHUNK = 1 << 18  # bytes
TIMEOUT = 30  # seconds without a byte
NAMED_HASH = re.compile(r"-([0-9a-f]{8,64})\.\w+$")  # timm's habit where a file is not on the Hub
SHA256_DIGITS = 64


class Published(NamedTuple):
    """A weight file that can be downloaded."""

    cut: Cut
    url: str
    digest: str
    size: int

    def __str__(self) -> str:
        return f"{self.url} ({self.size / 1e6:.1f} MB)" if self.size else self.url


def find_published(cut: Cut) -> Published:
    """Find a network's published weights."""
    if not cut.architecture.startswith(TIMM):
        known = find_architecture(cut.architecture)
        return Published(cut, known.url, known.digest, round(known.megabytes * 1e6))
    from imgsim.models.timm_networks import timm_weights

    url = timm_weights(cut.architecture.removeprefix(TIMM))
    if not url:
        raise WeightsError(f"{cut.architecture}: timm publishes no weights of it")
    if named := NAMED_HASH.search(url):
        return Published(cut, url, named[1], 0)
    return _ask_hub(Published(cut, url, "", 0))


def _ask_hub(published: Published) -> Published:
    """Complete what is known of a file on the Hugging Face Hub."""
    from huggingface_hub import get_hf_file_metadata

    try:
        metadata = get_hf_file_metadata(published.url, timeout=TIMEOUT)
    except Exception as error:  # its errors have no common ancestor but this, from one version to the next
        raise WeightsError(f"{published.url}: {_reason(error)}; {_by_hand(published)}") from error
    if not metadata.etag or len(metadata.etag) != SHA256_DIGITS:  # that of a large file is its SHA-256
        raise WeightsError(f"{published.url}: no SHA-256 to check it by; {_by_hand(published)}")
    return published._replace(digest=metadata.etag, size=metadata.size or 0)


def download_weights(published: Published, advance: Callable[[int], None]) -> str:
    """Download published weights."""
    folder = models_directory()
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor, part = open_part(folder, os.path.splitext(published.url)[1])
    except OSError as error:
        raise WeightsError(
            f"{folder}: cannot be written ({error.strerror}); IMGSIM_MODELS names another folder"
        ) from error
    try:
        digest = _copy(published.url, descriptor, advance)
    except (OSError, http.client.HTTPException) as error:
        os.unlink(part)
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise WeightsError(f"{published.url}: {_reason(error)}; {_by_hand(published)}") from error
    except BaseException:
        os.unlink(part)
        raise
    if not digest.startswith(published.digest):
        os.unlink(part)
        raise WeightsError(f"{published.url}: what came is not what was published (SHA-256 {digest[:8]}): try again")
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


def _by_hand(published: Published) -> str:
    file = f"those {published.size / 1e6:.1f} MB" if published.size else "that file"
    return f"download {file} on a machine with a network, bring the file here, and run {published.cut.importing}"
