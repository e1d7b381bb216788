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
from imgsim.models.architectures import find_architecture
from imgsim.models.cache import models_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.models.trunk_spec import TrunkSpec

CHUNK = 1 << 18  # bytes
TIMEOUT = 30  # seconds without a byte
NAMED_HASH = re.compile(r"-([0-9a-f]{8,64})\.\w+$")  # timm's habit where a file is not on the Hub
SHA256_DIGITS = 64


class Published(NamedTuple):
    """A weight file that can be downloaded."""

    spec: TrunkSpec
    url: str
    digest: str
    size: int

    def __str__(self) -> str:
        return f"{self.url} ({self.size / 1e6:.1f} MB)" if self.size else self.url


def find_published(spec: TrunkSpec) -> Published:
    """Find a network's published weights."""
    known = find_architecture(spec.architecture)
    if known.weights:
        return Published(spec, known.url, known.digest, round(known.megabytes * 1e6))
    from imgsim.models.timm_networks import timm_weights

    url = timm_weights(spec.architecture)
    if not url:
        raise WeightsError(f"{spec.architecture}: timm publishes no weights of it")
    if named := NAMED_HASH.search(url):
        return Published(spec, url, named[1], 0)
    return _ask_hub(Published(spec, url, "", 0))


def _ask_hub(published: Published) -> Published:
    """Complete what is known of a file on the Hugging Face Hub."""
    from huggingface_hub import get_hf_file_metadata

    try:
        metadata = get_hf_file_metadata(published.url, timeout=TIMEOUT)
    except Exception as error:  # its errors have no common ancestor but this, from one version to the next
        raise _by_hand(published, _reason(error)) from error
    if not metadata.etag or len(metadata.etag) != SHA256_DIGITS:  # that of a large file is its SHA-256
        raise _by_hand(published, "no SHA-256 to check it by")
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
        _copy(published, descriptor, advance)
    except BaseException as error:  # an interrupt as well
        os.unlink(part)
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        if isinstance(error, OSError | http.client.HTTPException):
            raise _by_hand(published, _reason(error)) from error
        raise
    return part


def _copy(published: Published, descriptor: int, advance: Callable[[int], None]) -> None:
    """Copy what comes to a file, and make sure that it is what was published."""
    url, digest = published.url, hashlib.sha256()
    with open(descriptor, "wb") as stream, urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 (the table's)
        while chunk := answer.read(CHUNK):
            digest.update(chunk)
            stream.write(chunk)
            advance(len(chunk))
    if not (came := digest.hexdigest()).startswith(published.digest):
        raise WeightsError(f"{url}: what came is not what was published (SHA-256 {came[:8]}): try again")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return f"cannot be downloaded ({' '.join(str(reason).split())})"


def _by_hand(published: Published, reason: str) -> WeightsError:
    remedy, megabytes = f"download{'-megabytes' if published.size else ''}-by-hand", f"{published.size / 1e6:.1f}"
    return WeightsError(f"{published.url}: {reason}", remedy=remedy, megabytes=megabytes, **published.spec.facts)
