"""Who is connected to: only whoever was checked, whatever a name, a redirect or the environment says."""

import socket
import threading

import pytest

httpcore = pytest.importorskip("httpcore", reason="the extra fetch is not installed")

from imgsim.fetch.checked_transport import RefusedAddressError, allowed_addresses  # noqa: E402
from imgsim.fetch.public_addresses import why_refused  # noqa: E402
from tests.fetch.conftest import rows_of  # noqa: E402
from tests.fetch.shop import CERTIFICATE, open_shop, photo_bytes  # noqa: E402

ELSEWHERE = {
    "IPv4": "127.0.0.1 127.8.8.8 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 198.18.0.1",
    "nobody": "192.0.2.1 224.0.0.1 255.255.255.255 240.0.0.1 :: fec0::1 ff02::1 2001:db8::1 64:ff9b:1::1",
    "IPv6": "::1 fe80::1 fe80::1%eth0 fc00::1",
    "IPv4 within": "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1::",
}
PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::")


@pytest.mark.parametrize("addresses", list(ELSEWHERE.values()), ids=list(ELSEWHERE))
def test_addresses_of_this_machine_and_house_are_refused(addresses):
    assert [address for address in addresses.split() if not why_refused(address)] == []


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_everybody_are_not(address):
    assert why_refused(address) == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "::1"])
def test_other_ways_to_write_this_machine_are_refused(host):
    with pytest.raises(RefusedAddressError, match="refused: .*loopback.*allow_private"):
        allowed_addresses(host, 80, allow_private=False)


@pytest.fixture
def names(monkeypatch):
    """Let a name have other addresses at each look: ``names["a.shop"] = [["8.8.8.8"], ["127.0.0.1"]]``."""
    known, looks = {}, []

    def look_up(host, port, *_, **__):
        looks.append(host)
        listed = known.get(host) or [[host]]
        found = listed.pop(0) if len(listed) > 1 else listed[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr("imgsim.fetch.checked_transport.socket.getaddrinfo", look_up)
    known["looks"] = looks
    return known


@pytest.fixture
def connected(monkeypatch):
    """Hear to which addresses connections are made, all of which end at the shop, and take this machine for public."""
    places, connect = [], httpcore.SyncBackend.connect_tcp

    def redirect(self, host, port, *rest, **options):
        places.append(host)
        return connect(self, "127.0.0.1", port, *rest, **options)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", redirect)
    return places


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(run, shop, table, names, connected):
    names["a.shop"] = [["8.8.8.8"], ["127.0.0.1"]]
    url = f"http://a.shop:{shop.server_port}/photo/1.jpg"
    assert run("fetch", table([{"url": url}]), "-o", "got").code == 0
    assert names["looks"].count("a.shop") == 1
    assert connected == ["8.8.8.8"]
    assert {headers["Host"] for _, headers in shop.headers} == {f"a.shop:{shop.server_port}"}


def test_of_several_addresses_those_of_the_house_are_left_out(run, shop, table, names, connected):
    names["a.shop"] = [["10.0.0.1", "8.8.4.4", "::1"]]
    assert run("fetch", table([{"url": f"http://a.shop:{shop.server_port}/photo/1.jpg"}]), "-o", "got").code == 0
    assert connected == ["8.8.4.4"]


@pytest.mark.parametrize("place", ["http://127.0.0.1/", "http://b.shop/", "http://[::1]/", "//169.254.169.254/latest"])
def test_a_redirect_into_the_house_is_not_followed(run, shop, table, names, connected, place):
    names["a.shop"], names["b.shop"] = [["8.8.8.8"]], [["192.168.0.1"]]
    result = run("fetch", table([{"url": f"http://a.shop:{shop.server_port}/to/1.jpg?{place}"}]), "-o", "got")
    assert result.code == 1
    assert "(--allow-private)" in result.err
    (row,) = rows_of("got/failures.csv")
    assert row["reason"].startswith("refused: ")
    assert connected == ["8.8.8.8"]


def test_hosts_of_the_house_are_refused_together(run, shop, table):
    result = run("fetch", table([{"url": shop.url(f"/photo/{n}.jpg")} for n in range(300)]), "-o", "got")
    assert result.code == 1
    assert "skipped 300 addresses of 127.0.0.1: refused: 127.0.0.1 is loopback (--allow-private)\n" in result.err
    assert len(rows_of("got/failures.csv")) == 300
    assert shop.asked == {}


def test_certificates_are_verified_for_the_name_and_not_the_address(fetch, table, monkeypatch):
    with open_shop(secure=True) as shop:
        rows = [{"url": shop.url("/photo/1.jpg")}]
        assert fetch(table(rows)).code == 1
        (row,) = rows_of("got/failures.csv")
        assert row["reason"].startswith("its certificate is not to be trusted: self")
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert fetch().code == 0
        rows = [{"url": rows[0]["url"].replace("localhost", "127.0.0.1").replace("1.jpg", "2.jpg")}]
        fetch(table(rows))
        assert "its certificate is not to be trusted: IP address mismatch" in rows_of("got/failures.csv")[0]["reason"]


WHAT = ("1.jpg", "robots.txt")


def test_certificates_that_are_not_there_are_told(fetch, shop, table, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
    result = fetch(table([{"url": shop.url("/photo/1.jpg")}]))
    assert result.code == 2
    assert result.err.startswith("imgsim: the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read (")
    assert result.err.count("\n") == 1


class Proxy:
    """A proxy that gives a photo itself, and remembers for whom."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    @property
    def url(self):
        return f"http://user:secret@127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self):
        while True:
            client, _ = self.socket.accept()
            with client:
                head = client.recv(65536).decode()
                if not head:
                    return
                self.asked.append(head.split("\r\n"))
                content = b"" if "robots.txt" in head else photo_bytes(1)
                client.sendall(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content
                )

    def close(self):
        socket.create_connection(self.socket.getsockname()).close()
        self.thread.join()
        self.socket.close()


@pytest.fixture
def proxy(monkeypatch):
    proxy = Proxy()
    monkeypatch.setenv("http_proxy", proxy.url)
    yield proxy
    proxy.close()


def test_proxies_of_the_environment_are_passed_over_and_told(run, shop, table, proxy):
    result = run("fetch", table([{"url": shop.url("/photo/1.jpg")}]), "-o", "got", "--allow-private")
    assert result.code == 0
    assert result.err.startswith("http_proxy passed over: with --proxy, ")
    assert proxy.asked == []
    assert shop.photos_asked() == {"/photo/1.jpg": 1}


def test_proxies_are_used_when_told_to_and_addresses_checked_all_the_same(run, shop, table, proxy, monkeypatch):
    rows = [{"url": "http://8.8.8.8/1.jpg"}, {"url": shop.url("/photo/1.jpg")}, {"url": "http://name.invalid/1.jpg"}]
    result = run("fetch", table(rows), "-o", "got", "--proxy")
    assert result.code == 0
    asked = [head[0].split()[1] for head in proxy.asked]
    assert sorted(asked) == [f"http://{host}/{what}" for host in ("8.8.8.8", "name.invalid") for what in WHAT]
    assert all(any(line.startswith("Proxy-Authorization: Basic ") for line in head) for head in proxy.asked)
    assert [row["url"] for row in rows_of("got/failures.csv")] == [shop.url("/photo/1.jpg")]
    assert "secret" not in result.err
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert run("fetch", "items.csv", "-o", "got", "--proxy", "--allow-private").code == 0
    assert shop.photos_asked() == {"/photo/1.jpg": 1}
