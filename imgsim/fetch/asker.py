"""One request, and what came of it."""

from __future__ import annotations

import itertools
import os
import ssl
import time
from contextlib import closing, contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImageReadError
from imgsim.fetch.addresses import without_secrets
from imgsim.fetch.arrived_photo import HEAD, ArrivedPhoto, is_lasting, look_at, why_no_photo
from imgsim.fetch.arriving_file import ArrivingFile
from imgsim.fetch.checked_transport import NO_ADDRESS, CheckedTransport, RefusedAddressError
from imgsim.fetch.http_library import httpcore, httpx
from imgsim.fetch.robots_rules import LARGEST, RobotsRules, parse_robots

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from imgsim.fetch.fetch_options import FetchOptions
    from imgsim.fetch.host_queue import Ask

TIMEOUTS = dict.fromkeys(("connect", "read", "write"), 30.0)  # seconds, without a byte
LITTLE = 1 << 18  # bytes of an answer that is none, read so that its connection can be used again
BUSY = {408, 425, 429, 500, 502, 503, 504}
GONE = {404: "there is none any more (404)", 410: "there is none any more (410)"}
REDIRECTS = {301, 302, 303, 307, 308}
_NUMBERS = itertools.count()  # of files without a name yet, in folders that no other process writes to


class Arrived(NamedTuple):
    """A photo came, with what the server calls this state of it."""

    photo: ArrivedPhoto
    etag: str
    modified: str


class Unchanged(NamedTuple):
    """The photo is as it was."""


class LedElsewhere(NamedTuple):
    """The server says where it is."""

    place: str


class NotNow(NamedTuple):
    """It did not come this time; `wait`: how long the server asks to wait; `fault`: whether the host is to blame."""

    reason: str
    wait: float | None = None
    fault: bool = True


class NotHad(NamedTuple):
    """It cannot be had; `lasting`: nor by asking again."""

    reason: str
    lasting: bool = True
    fault: bool = False


class RulesRead(NamedTuple):
    """What a site's robots.txt says."""

    rules: RobotsRules


class DiskFailed(NamedTuple):
    """What came could not be written."""

    error: Exception


Outcome: TypeAlias = "Arrived | Unchanged | LedElsewhere | NotNow | NotHad | RulesRead | DiskFailed"


class Asker:
    """Asks, one thing at a time, and puts what comes into files of a folder."""

    def __init__(self, folder: str, options: FetchOptions, certificates: ssl.SSLContext) -> None:
        self._folder, self._options = folder, options
        self._transport = CheckedTransport(certificates, allow_private=options.allow_private, proxy=options.proxy)
        self._headers = {
            "User-Agent": options.user_agent,
            "Accept": "image/*, */*;q=0.5",
            "Accept-Encoding": "identity",
        }
        self._product = options.user_agent.split()[0].partition("/")[0] if options.user_agent.strip() else "imgsim"

    def end(self) -> None:
        """End whatever is being waited for, from another thread."""
        self._transport.end()

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def ask(self, ask: Ask) -> Outcome:
        """Make one request."""
        try:
            with self._transport.bounded(self._options.timeout), self._answer(ask) as answer:
                return self._read_robots(answer) if ask.robots else self._read(ask, answer)
        except ImageReadError as error:
            return NotHad(error.reason, lasting=is_lasting(error))
        except httpcore.TimeoutException:
            return NotNow(f"did not come within {self._options.timeout:g} s, or stopped coming")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            return _network_failed(error)
        except (RefusedAddressError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return NotHad(_line(error), lasting=False)
        except OSError as error:
            return DiskFailed(error)

    @contextmanager
    def _answer(self, ask: Ask) -> Iterator[httpx.Response]:
        headers = {**self._headers, "If-None-Match": ask.etag, "If-Modified-Since": ask.modified}
        asked = {key: value for key, value in headers.items() if value}
        request = httpx.Request("GET", ask.at, headers=asked, extensions={"timeout": TIMEOUTS})
        with closing(self._transport.handle_request(_signed(request))) as got:
            yield got
            if not got.is_closed and (_length(got) or 0) <= LITTLE and got.status_code != 200:
                for _ in got.iter_raw():  # the connection can then be used again
                    pass

    def _read(self, ask: Ask, answer: httpx.Response) -> Outcome:
        status = answer.status_code
        if status in REDIRECTS and answer.headers.get("Location"):
            return LedElsewhere(answer.headers["Location"])
        if status == 304 and (ask.etag or ask.modified):
            return Unchanged()
        if status in BUSY:
            return NotNow(f"the server answers {status}", _wait_asked(answer), fault=status in (429, 503))
        if status != 200:
            return NotHad(GONE.get(status) or f"the server answers {status}")
        if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            return NotHad("comes compressed, though it was asked for as it is")
        with ArrivingFile(os.path.join(self._folder, f"{next(_NUMBERS)}.part")) as file:
            outcome = self._copy(answer, file) or self._look(answer, file)
            if isinstance(outcome, Arrived):
                file.keep()
            return outcome

    def _copy(self, answer: httpx.Response, file: ArrivingFile) -> Outcome | None:
        """Write what comes, as long as it may be a photo; say why it is none."""
        largest = self._options.megabytes * 1e6
        head, size, told = b"", 0, _length(answer)
        for piece in answer.iter_raw():
            size += len(piece)
            if max(size, told or 0) > largest:
                return NotHad(f"more than {self._options.megabytes:g} MB")
            if len(head) < HEAD:
                head += piece[:HEAD]
                if len(head) >= HEAD and (reason := why_no_photo(head)):
                    return NotHad(reason)
            file.write(piece)
        reason = why_no_photo(head)
        return NotHad(reason) if reason else None

    def _look(self, answer: httpx.Response, file: ArrivingFile) -> Outcome:
        """Make sure that a photo came, and all of it where only its own end tells."""
        unmeasured = _length(answer) is None and "chunked" not in answer.headers.get("Transfer-Encoding", "")
        try:
            photo = look_at(file.stream, file.path, self._options.limits)
        except ImageReadError as error:
            if unmeasured and error.reason.startswith("truncated"):
                return NotNow(error.reason)
            raise
        if unmeasured and photo.remark:
            return NotNow(photo.remark)
        return Arrived(photo, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))

    def _read_robots(self, answer: httpx.Response) -> Outcome:
        status = answer.status_code
        if status in REDIRECTS and answer.headers.get("Location"):
            return LedElsewhere(answer.headers["Location"])
        if status == 429 or status >= 500:
            return NotNow(f"the server answers {status}", _wait_asked(answer))
        if status != 200:  # a site without rules
            return RulesRead(RobotsRules())
        text = b""
        for piece in answer.iter_raw():
            text += piece
            if len(text) >= LARGEST:
                break
        return RulesRead(parse_robots(text[:LARGEST].decode("utf-8", "replace"), self._product))


def _signed(request: httpx.Request) -> httpx.Request:
    """Say who asks, where the address does."""
    url = request.url
    return next(httpx.BasicAuth(url.username, url.password).sync_auth_flow(request)) if url.userinfo else request


def _length(answer: httpx.Response) -> int | None:
    told = answer.headers.get("Content-Length", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else None


def _wait_asked(answer: httpx.Response) -> float | None:
    """Read how long a server asks to wait, in seconds or until when."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    return None


def _network_failed(error: Exception) -> Outcome:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotHad(f"its certificate is not to be trusted: {cause.verify_message}", lasting=False, fault=True)
        cause = cause.__cause__ or cause.__context__
    said = _line(error)
    return NotNow(said if said.startswith(NO_ADDRESS) else f"the connection failed: {said}")


def _line(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return without_secrets(said if len(said) <= 200 else said[:197] + "...")
