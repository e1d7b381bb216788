"""What a fetch goes by."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.images.limits import LIMITS, Limits

USER_AGENT = "imgsim (fetches the photos of a product table)"


@dataclass(frozen=True)
class TableColumns:
    """Which columns of the table hold the photos' addresses, the items' pages and their names; None: the usual ones."""

    url: str | None = None
    page: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class FetchOptions:
    """How politely, how long and how much is asked; times are in seconds, `rate` in requests a second (0: as it comes).

    `wait`: the longest that a server may ask to wait before its photos are left to the next run.
    """

    connections: int = 8
    per_host: int = 2
    rate: float = 5.0
    timeout: float = 60.0
    retries: int = 3
    wait: float = 120.0
    redirects: int = 5
    megabytes: float = 50.0
    user_agent: str = USER_AGENT
    allow_private: bool = False
    proxy: bool = False
    refresh: bool = False
    retry_failed: bool = False
    limits: Limits = LIMITS
