"""The network as it is asked through here: names are looked up once, and the address that was checked is connected to.

So a name that leads elsewhere a moment later gains nothing, and neither does a redirect. TLS and the header Host go by
the name as ever. Every answer has an end in time, and all can be ended at once.
"""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

from imgsim.errors import ImgsimError
from imgsim.fetch.http_library import httpcore, httpx
from imgsim.fetch.public_addresses import why_refused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

CONNECT_SECONDS = 10.0
NO_ADDRESS = "no address is known of"


class RefusedAddressError(ImgsimError):
    """A host that is not to be asked: it is none that everybody may reach."""


class Clock:
    """Until when an answer is waited for."""

    end = float("inf")

    def left(self, seconds: float | None) -> float:
        """Give how long may be waited, at most so long; the exception of httpcore if that is over."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for it is over")
        return min(left, CONNECT_SECONDS if seconds is None else seconds)


class _TimedStream(httpcore.NetworkStream):
    """A connection that keeps to the time of whoever uses it."""

    def __init__(self, stream: httpcore.NetworkStream, network: CheckedNetwork) -> None:
        self._stream, self._network = stream, network
        network.opened(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.clock.left(timeout))

    def close(self) -> None:
        self._network.streams.discard(self)
        self._stream.close()

    def abort(self) -> None:
        """End what waits for it."""
        with suppress(OSError):
            self.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._network.clock.left(timeout))
        self._network.streams.discard(self)
        return _TimedStream(secure, self._network)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 (httpcore's own signature)
        return self._stream.get_extra_info(info)


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to addresses that everybody may reach, and with `allow_private` to any."""

    def __init__(self, clock: Clock, streams: set[_TimedStream], *, allow_private: bool) -> None:
        self.clock, self.streams, self._allow_private = clock, streams, allow_private
        self._network = httpcore.SyncBackend()
        self.ended = False

    def opened(self, stream: _TimedStream) -> None:
        """Note a connection, which ends at once where all have ended."""
        self.streams.add(stream)
        if self.ended:
            stream.abort()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of a host's addresses that was checked."""
        last: Exception = httpcore.ConnectError(f"{NO_ADDRESS} {host}")
        for address in allowed_addresses(host, port, allow_private=self._allow_private):
            try:
                seconds = min(self.clock.left(timeout), CONNECT_SECONDS)
                stream = self._network.connect_tcp(address, port, seconds, local_address, socket_options or ())
                return _TimedStream(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


def allowed_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Look a host's addresses up; RefusedAddressError if none may be asked, ConnectError if there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{NO_ADDRESS} {host}") from error
    listed = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = {address: why_refused(address) for address in listed}
    allowed = [address for address in listed if allow_private or not refused[address]]
    if listed and not allowed:
        what = ", ".join(reason if address == host else f"{address}, {reason}" for address, reason in refused.items())
        raise RefusedAddressError(f"refused: {host} is {what} (allow_private)")
    return allowed


class CheckedTransport(httpx.BaseTransport):
    """A transport of httpx through checked networks, for one thread; `proxy` goes through the environment's.

    It keeps one connection. A pool for all threads would look at all of theirs before and after each request.
    """

    def __init__(self, certificates: ssl.SSLContext, *, allow_private: bool, proxy: bool) -> None:
        self.clock, self._allow_private = Clock(), allow_private
        self._streams: set[_TimedStream] = set()
        self._networks = [
            CheckedNetwork(self.clock, self._streams, allow_private=private) for private in (allow_private, True)
        ]
        self._proxies = {name: url for name, url in getproxies().items() if name in ("http", "https", "all")}
        self._proxies = self._proxies if proxy else {}
        self._options: dict[str, Any] = {"ssl_context": certificates, "max_connections": 1, "keepalive_expiry": 30.0}
        self._direct = httpcore.ConnectionPool(network_backend=self._networks[0], **self._options)
        self._through: dict[str, httpcore.ConnectionPool] = {}

    def end(self) -> None:
        """End all connections, so that nobody waits for them any more."""
        for network in self._networks:
            network.ended = True
        for stream in list(self._streams):
            stream.abort()

    @contextmanager
    def bounded(self, seconds: float) -> Iterator[None]:
        """Give an answer so long."""
        self.clock.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self.clock.end = float("inf")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask; errors are those of httpcore."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            method=request.method, url=url, headers=request.headers.raw, extensions=request.extensions
        )
        answer = self._pool(request.url).handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not proxy or proxy_bypass(url.host):
            return self._direct
        with suppress(httpcore.ConnectError):  # the proxy may know names that are not known here
            allowed_addresses(url.host, url.port or 0, allow_private=self._allow_private)
        if proxy not in self._through:
            self._through[proxy] = self._proxy_pool(httpx.URL(proxy if "://" in proxy else f"http://{proxy}"))
        return self._through[proxy]

    def _proxy_pool(self, proxy: httpx.URL) -> httpcore.ConnectionPool:
        if proxy.scheme not in ("http", "https"):
            raise RefusedAddressError(f"a proxy of another kind than http and https: {proxy.scheme}")
        place = httpcore.URL(scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=b"/")
        auth = (proxy.username.encode(), proxy.password.encode()) if proxy.username else None
        return httpcore.HTTPProxy(place, proxy_auth=auth, network_backend=self._networks[1], **self._options)

    def close(self) -> None:
        """Close all connections."""
        for pool in (self._direct, *self._through.values()):
            pool.close()


def read_certificates() -> ssl.SSLContext:
    """Read whose word is taken for who a server is; they take a while to read, and serve all threads."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        reason = f"cannot be read ({error.strerror or error})"
        raise ImgsimError(f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names {reason}") from error


class _Body(httpx.SyncByteStream):
    """An answer's body as httpx takes it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
