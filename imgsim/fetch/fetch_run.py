"""A run of fetching: what is to be asked is handed to threads when its host may be asked, and what comes is kept."""

from __future__ import annotations

import random
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.fetch import asker
from imgsim.fetch.addresses import AddressError, parse_address, without_secrets
from imgsim.fetch.asker_threads import AskerThreads
from imgsim.fetch.host_queue import DISALLOWED, HostQueue, led_to
from imgsim.fetch.photo_places import place_photo
from imgsim.fetch.robots_rules import RobotsRules
from imgsim.fetch.written_tables import disk_error

if TYPE_CHECKING:
    from imgsim.fetch.catalogue import Catalogue
    from imgsim.fetch.fetch_options import FetchOptions
    from imgsim.fetch.host_queue import Ask

END = 2**62  # a place behind all others
BATCH = 64  # asks of a host that are at hand
COMMIT_SECONDS = 1.0  # the most work that a kill undoes
REMEMBERED = 1000  # hosts without work whose rules are kept
LONGEST_WAIT = 0.5  # seconds, between two looks for a signal


class FetchObserver:
    """Hears of a run's progress; all of it may be ignored."""

    def started(self, photos: int) -> None:
        """Hear how many addresses are asked."""

    def advanced(self, photos: int) -> None:
        """Hear that some are done."""

    def failed(self, address: str, reason: str) -> None:
        """Hear which gave no photo, and why."""


@dataclass
class Fetched:
    """What became of the addresses that were asked."""

    photos: int = 0
    same: int = 0
    unchanged: int = 0
    failed: int = 0


class FetchRun:
    """Asks all that a catalogue says is to be asked, and keeps what comes."""

    def __init__(
        self,
        catalogue: Catalogue,
        folder: str,
        options: FetchOptions,
        observer: FetchObserver,
        draw: random.Random | None = None,
    ) -> None:
        self._catalogue, self._folder, self._options, self._observer = catalogue, folder, options, observer
        self._draw = draw or random.Random()  # noqa: S311 (of pauses)
        self._hosts: dict[str, HostQueue] = {}
        self._last: dict[str, int] = {}  # of the table's hosts that are at work: where their next asks stand
        self._host_before, self._more = "", True
        self._threads: AskerThreads
        self._came: deque[tuple[Ask, asker.Outcome]] = deque()
        self.fetched = Fetched()

    def run(self, count: int) -> Fetched:
        """Ask so many addresses; ImgsimError if what comes cannot be kept. What came is kept whatever ends it."""
        self._observer.started(count)
        self._threads = AskerThreads(self._folder, self._options, count)
        try:
            with self._threads:
                self._go_on()
        finally:
            self._take_last()
            self._threads.clear()
            self._catalogue.commit()
        return self.fetched

    def _go_on(self) -> None:
        """Hand out what may be asked, and take in what comes, until there is nothing left."""
        committed = time.monotonic()
        self._catalogue.begin()
        while self._open_hosts():
            now = time.monotonic()
            self._hand_out(now)
            if now - committed > COMMIT_SECONDS:
                self._catalogue.commit()
                self._catalogue.begin()
                committed = now
            if self._threads.active or self._hosts_at_work():
                self._take_in(now)

    def _hosts_at_work(self) -> list[HostQueue]:
        return [host for host in self._hosts.values() if not host.idle]

    def _open_hosts(self) -> bool:
        """Bring asks of as many hosts to hand as can be asked at once; tell whether there is anything to do."""
        for name in list(self._last):
            self._refill(name)
        while len(self._last) < self._options.connections:
            if not self._more or not (name := self._catalogue.addresses.host_after(self._host_before)):
                self._more = False
                break
            self._host_before = name
            self._last[name] = -1
            self._refill(name)
        return bool(self._last or self._threads.active or self._hosts_at_work())

    def _refill(self, name: str) -> None:
        """Bring a host's next asks to hand; a host whose asks are all done makes room for another."""
        host = self._host(name)
        if host.closed:  # since an answer of another host led there
            self._close(host)
            return
        if self._last[name] == END or len(host.waiting) + len(host.later) >= BATCH // 2:
            if host.idle:
                del self._last[name]
            return
        asks = self._catalogue.addresses.next_asks(name, self._last[name], BATCH)
        self._last[name] = asks[-1][0] if asks else END
        host.waiting.extend(ask for _, ask in asks)

    def _host(self, name: str) -> HostQueue:
        if name not in self._hosts:
            for other in list(self._hosts)[: max(0, len(self._hosts) - REMEMBERED)]:
                if self._hosts[other].idle and other not in self._last:
                    del self._hosts[other]
            self._hosts[name] = HostQueue(name, self._options, self._draw)
        return self._hosts[name]

    def _hand_out(self, now: float) -> None:
        hosts = self._hosts_at_work()
        while hosts and not self._threads.busy:  # one of each in turn
            hosts = [host for host in hosts if self._hand_out_one(host, now)]

    def _hand_out_one(self, host: HostQueue, now: float) -> bool:
        """Hand an ask of a host to the threads, if one may be asked; tell whether there was any."""
        ask = host.next_ask(now)
        if ask is None:
            return False
        if host.disallows(ask):
            self._fail(ask, asker.NotHad(DISALLOWED, lasting=False))
        elif self._threads.busy:
            host.put_back(ask, 0.0)
        else:
            host.begin(ask, now)
            self._threads.put(ask)
        return True

    def _take_in(self, now: float) -> None:
        """Take in what came, or wait for it until something may be asked."""
        wakes = min((host.wakes() for host in self._hosts_at_work()), default=now)
        wait = LONGEST_WAIT if self._threads.busy else wakes - now
        self._came.extend(self._threads.take(min(max(wait, 0.001), LONGEST_WAIT)))
        while self._came:
            self._settle(*self._came.popleft())

    def _take_last(self) -> None:
        """Keep what came while the run was ended."""
        with suppress(ImgsimError):
            for ask, outcome in (*self._came, *self._threads.take()):
                if isinstance(outcome, asker.Arrived):
                    self._keep(ask, outcome)

    def _settle(self, ask: Ask, outcome: asker.Outcome) -> None:
        host = self._host(ask.host)
        host.active -= 1
        if isinstance(outcome, asker.DiskFailed):
            if not isinstance(outcome.error, OSError):
                raise outcome.error  # a fault of the program
            raise disk_error(self._folder, outcome.error) from outcome.error
        if isinstance(outcome, asker.NotNow):
            self._try_again(host, ask, outcome)
        elif isinstance(outcome, asker.LedElsewhere):
            self._follow(ask, outcome)
        elif isinstance(outcome, asker.NotHad):
            host.note(fault=outcome.fault)
            self._fail(ask, outcome)
        else:
            host.note(fault=False)
            self._keep(ask, outcome)
        self._close(host)

    def _keep(self, ask: Ask, outcome: asker.Outcome) -> None:
        if isinstance(outcome, asker.RulesRead):
            self._know_rules(ask, outcome.rules)
            return
        if isinstance(outcome, asker.Arrived):
            try:
                new = place_photo(self._catalogue, self._folder, outcome.photo, ask.name)
            except OSError as error:
                raise disk_error(self._folder, error) from error
            self._catalogue.addresses.arrived(ask.address, outcome.photo.digest, outcome.etag, outcome.modified)
            self.fetched.photos += new
            self.fetched.same += not new
        else:
            self._catalogue.addresses.unchanged(ask.address)
            self.fetched.unchanged += 1
        self._observer.advanced(1)

    def _fail(self, ask: Ask, outcome: asker.NotHad) -> None:
        """Enter a photo that cannot be had; without its robots.txt a site is not asked."""
        if ask.robots:
            self._shut_out(ask, outcome.reason)
            return
        self._catalogue.addresses.failed(ask.address, outcome.reason, lasting=outcome.lasting)
        self.fetched.failed += 1
        self._observer.failed(without_secrets(ask.address), outcome.reason)
        self._observer.advanced(1)

    def _try_again(self, host: HostQueue, ask: Ask, outcome: asker.NotNow) -> None:
        now = time.monotonic()
        ask.tries += 1
        if outcome.wait is not None and outcome.wait > self._options.wait:
            reason = f"{outcome.reason} and asks to wait {outcome.wait:,.0f} s: run again then"
            host.closed = reason
            self._fail(ask, asker.NotHad(reason, lasting=False))
        elif ask.tries > self._options.retries:
            host.note(fault=outcome.fault)
            tried = f", {ask.tries} times" if ask.tries > 1 else ""
            self._fail(ask, asker.NotHad(f"{outcome.reason}{tried}", lasting=False))
        else:
            host.put_back(ask, host.pause(ask, outcome.wait, now))

    def _follow(self, ask: Ask, outcome: asker.LedElsewhere) -> None:
        try:
            further = led_to(ask, outcome.place, self._options.redirects)
        except AddressError as error:
            if ask.robots:  # as if there was none
                self._know_rules(ask, RobotsRules())
            else:
                self._fail(ask, asker.NotHad(f"redirected: {error}"))
            return
        host = self._host(further.host)
        if host.closed:
            self._fail(further, asker.NotHad(host.closed, lasting=False))
        else:
            host.put_back(further, 0.0)

    def _know_rules(self, ask: Ask, rules: RobotsRules) -> None:
        origin = parse_address(ask.address)
        host = self._host(origin.host)
        host.robots[origin.origin] = rules
        host.reading.discard(origin.origin)
        if rules.delay > self._options.wait:
            host.closed = f"robots.txt asks to wait {rules.delay:,.0f} s between two requests"
            self._close(host)

    def _shut_out(self, ask: Ask, reason: str) -> None:
        """Leave out a site whose robots.txt cannot be had: nobody knows what it asks for."""
        origin = parse_address(ask.address)
        host = self._host(origin.host)
        host.closed = host.closed or (f"robots.txt: {reason}" if reason.startswith("the server") else reason)
        host.reading.discard(origin.origin)
        self._close(host)

    def _close(self, host: HostQueue) -> None:
        """Enter all that is left of a host that was given up."""
        if not host.closed:
            return
        listed = host.name in self._last  # whose own asks are given up together
        for ask in host.take_all():
            if not ask.robots and not (listed and parse_address(ask.address).host == host.name):
                self._fail(ask, asker.NotHad(host.closed, lasting=False))
        if listed and not host.active:
            left = self._catalogue.addresses.give_up(host.name, host.closed)
            self.fetched.failed += left
            if left:
                self._observer.failed(f"{left:,} address{'es' * (left > 1)} of {host.name}", host.closed)
            self._observer.advanced(left)
            del self._last[host.name]
