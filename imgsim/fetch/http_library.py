"""The extra `fetch`, or what to install."""

from __future__ import annotations

from imgsim.errors import MissingDependencyError

try:
    import httpcore
    import httpx
except ImportError as error:
    raise MissingDependencyError("httpx", "fetch") from error

__all__ = ["httpcore", "httpx"]
