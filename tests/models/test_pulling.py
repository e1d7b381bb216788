"""Downloads, from a server on this machine."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from imgsim.errors import WeightsError
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.pulling import download_weights

CONTENT = bytes(range(256)) * 3000  # three chunks
PUBLISHED = hashlib.sha256(CONTENT).hexdigest()[:8]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        how = self.path.rpartition("/")[2].partition("-")[0]
        if how == "absent":
            self.send_error(404)
            return
        if how == "rubbish":
            self.wfile.write(b"this is not HTTP at all\r\n\r\n")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked") if how == "chunks" else self.send_header(
            "Content-Length", str(len(CONTENT))
        )
        self.end_headers()
        if how == "chunks":
            self.wfile.write(b"ffff\r\n" + CONTENT[:5000])
        else:
            self.wfile.write({"truncated": CONTENT[:5000], "tampered": b"?" + CONTENT[1:]}.get(how, CONTENT))

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing it waits for them


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setattr("imgsim.models.architectures.URL", f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def published(how):
    return ARCHITECTURES["squeezenet1_1"]._replace(weights=f"{how}-{PUBLISHED}.pth")


def test_what_was_published_arrives_whole(server, cache):
    told = []
    part = download_weights(published("good"), told.append)
    with open(part, "rb") as stream:
        assert stream.read() == CONTENT
    assert sum(told) == len(CONTENT)
    assert len(told) > 1
    assert [str(path) for path in cache.iterdir()] == [part]


@pytest.mark.parametrize("how", ["tampered", "truncated"])
def test_anything_else_is_thrown_away(server, left, how):
    with pytest.raises(WeightsError, match=r"squeezenet|what came is not what was published|IncompleteRead"):
        download_weights(published(how), lambda _: None)
    assert left() == []


@pytest.mark.parametrize(
    ("how", "reason"), [("absent", "Not Found"), ("rubbish", "this is not HTTP"), ("chunks", "IncompleteRead")]
)
def test_a_failure_says_how_to_do_without(server, left, how, reason):
    architecture = published(how)
    with pytest.raises(WeightsError) as caught:
        download_weights(architecture, lambda _: None)
    message = str(caught.value)
    assert "\n" not in message
    assert reason in message
    for needed in (architecture.url, "4.7 MB", "`imgsim models import FILE --architecture squeezenet1_1`"):
        assert needed in message
    assert left() == []


def test_no_server_at_all(server, left, monkeypatch):
    with Server(("127.0.0.1", 0), Handler) as closed:
        monkeypatch.setattr("imgsim.models.architectures.URL", f"http://127.0.0.1:{closed.server_port}/")
    with pytest.raises(
        WeightsError, match=r"^http://127.*: cannot be downloaded \(.*refused\); download those 4\.7 MB"
    ):
        download_weights(published("good"), lambda _: None)
    assert left() == []


def test_an_interrupted_download_leaves_nothing(server, left):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_weights(published("good"), interrupt)
    assert left() == []


def test_a_cache_that_cannot_be_written_is_not_blamed_on_the_network(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(WeightsError, match=r"models: cannot be written \(Not a directory\)"):
        download_weights(published("good"), lambda _: None)
