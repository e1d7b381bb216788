"""What is to be asked of one host, and when: never more at once, nor sooner after one another, than is polite."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from imgsim.fetch.addresses import AddressError, parse_address
from imgsim.fetch.robots_rules import RobotsRules

if TYPE_CHECKING:
    import random

    from imgsim.fetch.fetch_options import FetchOptions

FIRST_PAUSE = 1.0  # second before the second try; each further one waits twice as long
LONGEST_PAUSE = 60.0
GIVE_UP = 5  # addresses in a row that did not come for the host's own faults
DISALLOWED = "robots.txt asks programs not to take it"


@dataclass
class Ask:
    """An address of the table that is asked, where it has led so far, and how often that was tried.

    `etag` and `modified` are those of the photo that is here, `name` is its item's; `robots`: it is a robots.txt.
    """

    address: str
    etag: str = ""
    modified: str = ""
    name: str = ""
    at: str = ""
    hops: int = 0
    tries: int = 0
    robots: bool = False

    def __post_init__(self) -> None:
        self.at, self.host, self.origin = parse_address(self.at or self.address)

    @property
    def path(self) -> str:
        """What is asked for there."""
        parts = urlsplit(self.at)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@dataclass
class HostQueue:
    """The asks of one host; times are seconds of one clock, and `draw` the random numbers of pauses."""

    name: str
    options: FetchOptions
    draw: random.Random
    waiting: deque[Ask] = field(default_factory=deque)
    later: list[tuple[float, int, Ask]] = field(default_factory=list)
    active: int = 0
    free_at: float = 0.0
    closed: str = ""
    faults: int = 0
    robots: dict[str, RobotsRules] = field(default_factory=dict)
    reading: set[str] = field(default_factory=set)
    _count: int = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.waiting or self.later or self.active)

    def put_back(self, ask: Ask, at: float) -> None:
        """Ask again at such a time."""
        self._count += 1
        heapq.heappush(self.later, (at, self._count, ask))

    def next_ask(self, now: float) -> Ask | None:
        """Give what may be asked now, a site's robots.txt before all else of it."""
        if self.active >= self.options.per_host or now < self.free_at:
            return None
        if self.later and self.later[0][0] <= now:
            ask = heapq.heappop(self.later)[2]
        elif self.waiting:
            ask = self.waiting.popleft()
        else:
            return None
        if not ask.robots and ask.origin not in self.robots:
            self.waiting.appendleft(ask)
            if ask.origin in self.reading:
                return None
            self.reading.add(ask.origin)
            ask = Ask(f"{ask.origin}/robots.txt", robots=True)
        return ask

    def begin(self, ask: Ask, now: float) -> None:
        """Note that it is asked."""
        self.active += 1
        delay = self.robots.get(ask.origin, RobotsRules()).delay
        self.free_at = max(self.free_at, now + max(delay, 1 / self.options.rate if self.options.rate else 0.0))

    def disallows(self, ask: Ask) -> bool:
        """Tell whether the site's robots.txt asks not to take it."""
        return not ask.robots and not self.robots[ask.origin].allow(ask.path)

    def wakes(self) -> float:
        """Tell when there may be something to ask, unless an answer comes before; infinity where nothing waits."""
        full = self.active >= self.options.per_host
        if full or self.reading or not (self.waiting or self.later):
            return float("inf")
        return max(self.free_at, 0.0 if self.waiting else self.later[0][0])

    def pause(self, ask: Ask, asked: float | None, now: float) -> float:
        """Tell until when to wait before another try: as long as the server asks, or twice as long as before."""
        pause: float = min(FIRST_PAUSE * 2 ** (ask.tries - 1), LONGEST_PAUSE) * self.draw.uniform(0.5, 1.5)
        if asked is not None:
            pause = asked + min(pause, FIRST_PAUSE)
            self.free_at = max(self.free_at, now + asked)
        return now + pause

    def note(self, *, fault: bool) -> None:
        """Note how an ask ended; after some faults in a row the host is given up."""
        self.faults = self.faults + 1 if fault else 0
        if self.faults >= GIVE_UP:
            self.closed = f"the host was given up after {GIVE_UP} faults in a row"

    def take_all(self) -> list[Ask]:
        """Take all that is not asked yet."""
        left = [*self.waiting, *(ask for _, _, ask in self.later)]
        self.waiting.clear()
        self.later.clear()
        return left


def led_to(ask: Ask, place: str, most: int) -> Ask:
    """Follow an answer that leads elsewhere, so many times at most; AddressError where that cannot be asked."""
    if ask.hops >= most:
        raise AddressError(f"more than {most} times")
    at = parse_address(place, ask.at).text
    return replace(ask, at=at, hops=ask.hops + 1)
