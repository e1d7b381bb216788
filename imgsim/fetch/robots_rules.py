"""What a site asks of programs in its robots.txt, read as RFC 9309 says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 500 * 1024  # bytes that are read
_LINE = re.compile(r"^\s*([a-z-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$", re.IGNORECASE)


@dataclass(frozen=True)
class RobotsRules:
    """Which paths of a site a program may ask for, and how many seconds it is to wait between two requests."""

    rules: tuple[tuple[str, bool], ...] = ()
    delay: float = 0.0

    def allow(self, path: str) -> bool:
        r"""Tell whether a path, with its query, may be asked for: the longest rule that fits counts.

        Examples
        --------
        >>> rules = parse_robots("User-agent: *\nDisallow: /private\nAllow: /private/*.jpg$", "imgsim")
        >>> rules.allow("/private/a.jpg"), rules.allow("/private/a.png"), rules.allow("/a.png")
        (True, False, True)
        """
        asked = _plain(path)
        fitting = ((len(rule), allowed) for rule, allowed in self.rules if _fits(rule, asked))
        return path == "/robots.txt" or max(fitting, default=(0, True))[1]


def parse_robots(text: str, product: str) -> RobotsRules:
    """Read the rules for a program: those of its own groups, or else those of ``*``."""
    own: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    named = False
    for agents, key, value in _lines(text):
        if product.lower() in agents:
            named = True
            own.append((key, value))
        if "*" in agents:
            others.append((key, value))
    chosen = own if named else others
    rules = tuple((_plain(value), key == "allow") for key, value in chosen if key != "crawl-delay" and value)
    delays = [float(value) for key, value in chosen if key == "crawl-delay" and re.fullmatch(r"\d{1,6}(\.\d+)?", value)]
    return RobotsRules(rules, max(delays, default=0.0))


def _lines(text: str) -> Iterator[tuple[set[str], str, str]]:
    """Give each rule, and whom it is for; a group without one is told by an empty rule."""
    agents: set[str] = set()
    begun = False
    for line in text.removeprefix("\ufeff").splitlines():
        if not (found := _LINE.match(line)):
            continue
        key, value = found[1].lower(), found[2]
        if key == "user-agent":
            agents = set() if begun else agents
            begun = False
            agents.add(value.partition("/")[0].strip().lower())
            yield agents, "allow", ""
        elif key in ("allow", "disallow", "crawl-delay"):
            begun = True
            yield agents, key, value


def _plain(path: str) -> str:
    """Write a path or a rule in one of the ways that mean the same."""
    return quote(unquote_to_bytes(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe="/*$?&=:@!,;+~()'%")


def _fits(rule: str, path: str) -> bool:
    """Match a rule from a path's start: ``*`` stands for anything, ``$`` for its end; in time of their lengths."""
    ended = rule.endswith("$")
    first, *rest = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for place, piece in enumerate(rest):
        if ended and place == len(rest) - 1:
            return len(path) - len(piece) >= at and path.endswith(piece)
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ended or at == len(path)
