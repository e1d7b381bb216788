"""Downloads, from a server on this machine."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from imgsim.cli.remedies import explain
from imgsim.errors import UnknownNameError, WeightsError
from imgsim.models.download import Published, download_weights, find_published
from imgsim.models.trunk_spec import TrunkSpec

CONTENT = bytes(range(256)) * 3000  # three chunks
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        """As the Hugging Face Hub: a large file's SHA-256 is the ETag of what is linked."""
        if self.path.startswith("/absent"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.send_header("ETag", '"0123456789"')
        if not self.path.startswith("/small"):
            self.send_header("X-Linked-ETag", f'"{DIGEST}"')
        self.end_headers()

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
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def published(server, how):
    url = f"http://127.0.0.1:{server.server_port}/{how}-{DIGEST[:8]}.pth"
    return Published(TrunkSpec("squeezenet1_1"), url, DIGEST[:8], 4_700_000)


def test_what_was_published_arrives_whole(server, cache):
    told = []
    part = download_weights(published(server, "good"), told.append)
    with open(part, "rb") as stream:
        assert stream.read() == CONTENT
    assert part.endswith(".pth")
    assert sum(told) == len(CONTENT)
    assert len(told) > 1
    assert [str(path) for path in cache.iterdir()] == [part]


def test_what_a_killed_download_left_is_removed_by_the_next_after_a_day(server, left):
    killed, in_work = (download_weights(published(server, "good"), lambda _: None) for _ in range(2))
    os.utime(killed, (1, 1))
    new = download_weights(published(server, "good"), lambda _: None)
    assert left() == sorted(os.path.basename(path) for path in (in_work, new))


@pytest.mark.parametrize("how", ["tampered", "truncated"])
def test_anything_else_is_thrown_away(server, left, how):
    with pytest.raises(WeightsError, match=r"squeezenet|what came is not what was published|IncompleteRead"):
        download_weights(published(server, how), lambda _: None)
    assert left() == []


@pytest.mark.parametrize(
    ("how", "reason"), [("absent", "Not Found"), ("rubbish", "this is not HTTP"), ("chunks", "IncompleteRead")]
)
def test_a_failure_says_how_to_do_without(server, left, how, reason):
    asked = published(server, how)
    with pytest.raises(WeightsError) as caught:
        download_weights(asked, lambda _: None)
    message = explain(caught.value)
    assert "\n" not in message
    assert reason in message
    for needed in (asked.url, "4.7 MB", "`imgsim models import FILE --architecture squeezenet1_1`"):
        assert needed in message
    assert left() == []


def test_no_server_at_all(left):
    with Server(("127.0.0.1", 0), Handler) as closed:
        asked = published(closed, "good")
    with pytest.raises(WeightsError, match=r"^http://127.*: cannot be downloaded \(.*refused\)$") as caught:
        download_weights(asked, lambda _: None)
    assert "; download those 4.7 MB on a machine with a network, bring " in explain(caught.value)
    assert left() == []


def test_an_interrupted_download_leaves_nothing(server, left):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_weights(published(server, "good"), interrupt)
    assert left() == []


def test_a_cache_that_cannot_be_written_is_not_blamed_on_the_network(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(WeightsError, match=r"models: cannot be written \(Not a directory\)"):
        download_weights(published(server, "good"), lambda _: None)


def test_torchvision_names_file_hash_and_size():
    found = find_published(TrunkSpec("resnet50"))
    assert found == (
        TrunkSpec("resnet50"),
        "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
        "11ad3fa6",
        97_800_000,
    )
    assert str(found) == "https://download.pytorch.org/models/resnet50-11ad3fa6.pth (97.8 MB)"
    with pytest.raises(UnknownNameError, match="did you mean resnet50"):
        find_published(TrunkSpec("resnet51"))


@pytest.fixture
def publish(monkeypatch, server):
    """Let timm's networks be published on this machine's server: ``publish("good")``."""
    pytest.importorskip("timm", reason="the extra timm is not installed")
    address = f"http://127.0.0.1:{server.server_port}"

    def on_server(how):
        monkeypatch.setattr("imgsim.models.timm_networks.timm_weights", lambda name: f"{address}/{how}/{name}")

    return on_server


def test_the_hub_is_asked_for_the_hash_of_timms_weights(server, cache, publish):
    publish("good/model.safetensors?")
    found = find_published(TrunkSpec("timm/xception41"))
    assert (found.spec.architecture, found.digest, found.size) == ("timm/xception41", DIGEST, len(CONTENT))
    part = download_weights(found, lambda _: None)
    with open(part, "rb") as stream:
        assert stream.read() == CONTENT


@pytest.mark.parametrize(("how", "reason"), [("absent", "404"), ("small", "no SHA-256 to check it by")])
def test_a_hub_without_answer_is_told(publish, left, how, reason):
    publish(how)
    with pytest.raises(WeightsError) as caught:
        find_published(TrunkSpec("timm/xception41"))
    message = explain(caught.value)
    assert "\n" not in message
    assert message.startswith("http://127.0.0.1:")
    assert reason in message
    assert "download that file on a machine with a network" in message
    assert "`imgsim models import FILE --architecture timm/xception41`" in message
    assert left() == []


def test_what_timm_says_of_its_weights():
    pytest.importorskip("timm", reason="the extra timm is not installed")
    from imgsim.models.timm_networks import timm_weights

    safetensors = "/timm/xception41.tf_in1k/resolve/main/model.safetensors"
    assert timm_weights("xception41") == timm_weights("xception41.tf_in1k")
    assert timm_weights("xception41").endswith(safetensors)
    # Its name ends in it: no network is asked.
    assert find_published(TrunkSpec("timm/legacy_xception")).digest == "43020ad28"
    with pytest.raises(WeightsError, match="timm publishes no weights"):
        find_published(TrunkSpec("timm/botnet50ts_256"))
