"""A shop's server that gives photos, and misbehaves in every way that is asked of it by a path."""

import io
import ssl
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import PIL.Image

CERTIFICATE = Path(__file__).with_name("localhost.pem")


def photo_bytes(seed, size=(48, 36), kind="JPEG"):
    """Draw a photo that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    stream = io.BytesIO()
    PIL.Image.fromarray(coarse).resize(size, PIL.Image.Resampling.BICUBIC).save(stream, kind)
    return stream.getvalue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_GET(self):
        shop = self.server
        path = self.path.partition("?")[0]
        with shop.lock:
            shop.asked[path] += 1
            shop.headers.append((path, dict(self.headers)))
            shop.at_once += 1
            shop.most_at_once = max(shop.most_at_once, shop.at_once)
        try:
            how = path.strip("/").partition("/")[0].partition(".")[0].partition("-")[0]
            getattr(self, f"answer_{how}", self.answer_absent)(path)
        except OSError:
            self.close_connection = True
        finally:
            with shop.lock:
                shop.at_once -= 1

    def log_message(self, *_):
        pass

    def give(self, content, status=200, length=None, **headers):
        self.send_response(status)
        if length is None or length >= 0:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        else:
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def answer_robots(self, path):
        text, status = self.server.robots
        self.give(text.encode(), status)

    def answer_photo(self, path):
        """Give ``/photo/7.jpg``, with a state that a later question may name."""
        name = path.rpartition("/")[2].partition(".")[0]
        content = self.server.replaced.get(name) or photo_bytes(int(name))
        etag = f'"{hash(content) & 0xFFFFFF}"'
        if self.headers.get("If-None-Match") == etag:
            self.give(b"", 304, ETag=etag)
        else:
            self.give(content, ETag=etag, Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT", Content_Type="image/jpeg")

    def answer_held(self, path):
        """Give a photo once the test lets it go."""
        self.server.gate.wait(30)
        self.answer_photo(path)

    def answer_slow(self, path):
        """Give a byte now and then, and never all."""
        content = photo_bytes(1)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for byte in content[:200]:
            if self.server.gate.wait(0.05):
                return
            self.wfile.write(bytes([byte]))

    def answer_headless(self, path):
        """Give headers without an end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.gate.wait(0.05):
            self.wfile.write(b"X-More: y\r\n")

    def answer_truncated(self, path):
        content = photo_bytes(2)
        self.close_connection = True
        self.give(content[: len(content) // 2], length=len(content))

    def answer_unmeasured(self, path):
        """Close where nothing but the photo's own end would tell."""
        content = photo_bytes(3, (480, 360))
        self.give(content[: len(content) // 2], length=-1)

    def answer_closed(self, path):
        self.close_connection = True

    def answer_rubbish(self, path):
        self.close_connection = True
        self.wfile.write(b"this is not HTTP at all\r\n\r\n")

    def answer_loop(self, path):
        self.give(b"", 302, Location="/loop/again")

    def answer_moved(self, path):
        self.give(b"", 301, Location="/photo/40.jpg")

    def answer_to(self, path):
        """Redirect to what is asked for behind ``?``."""
        self.give(b"", 302, Location=self.path.partition("?")[2])

    def answer_html(self, path):
        self.give(b"<!DOCTYPE html><title>Please log in</title>" + bytes(2000), Content_Type="image/jpeg")

    def answer_text(self, path):
        self.give(b"nothing to see", Content_Type="text/plain")

    def answer_psd(self, path):
        self.give(b"8BPS" + bytes(3000), Content_Type="image/vnd.adobe.photoshop")

    def answer_odd(self, path):
        """Call a photo something else."""
        self.give(photo_bytes(41, kind="PNG"), Content_Type="application/octet-stream")

    def answer_empty(self, path):
        self.give(b"")

    def answer_damaged(self, path):
        self.give(photo_bytes(5)[:300] + bytes(100))

    def answer_packed(self, path):
        self.give(photo_bytes(6), Content_Encoding="gzip")

    def answer_large(self, path):
        self.give(photo_bytes(7) + bytes(3_000_000))

    def answer_wide(self, path):
        self.give(photo_bytes(8, (3000, 2000)))

    def answer_busy(self, path):
        """Answer 429 twice, then give a photo."""
        if self.server.asked[path] <= 2:
            self.give(b"", 429, Retry_After="0")
        else:
            self.give(photo_bytes(42))

    def answer_later(self, path):
        self.give(b"", 503, Retry_After=time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 7200)))

    def answer_broken(self, path):
        self.give(b"", 500)

    def answer_absent(self, path):
        self.give(b"", 404)


class Shop(ThreadingHTTPServer):
    daemon_threads = False  # closing it waits for them
    request_queue_size = 64

    def __init__(self, secure=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.secure, self.lock, self.gate = secure, threading.Lock(), threading.Event()
        self.robots, self.replaced = ("", 404), {}
        self.asked, self.headers = Counter(), []
        self.at_once = self.most_at_once = self.connections = 0
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away."""

    def url(self, path):
        host = "localhost" if self.secure else "127.0.0.1"
        return f"http{'s' * self.secure}://{host}:{self.server_port}{path}"

    def photos_asked(self):
        return {path: count for path, count in self.asked.items() if path != "/robots.txt"}


@contextmanager
def open_shop(secure=False):
    with Shop(secure) as shop:
        thread = threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shop
        finally:
            shop.gate.set()
            shop.shutdown()
            thread.join()
