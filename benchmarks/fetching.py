"""Fetching photos from a server on this machine, against bare loops of httpx; and what a row takes of memory."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import IMGSIM, PYTHON, interleave, process_seconds, slowdown
from benchmarks.memory import growth, peak_memory
from benchmarks.pictures import photo_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measuring import Figure, Setting

PHOTO, PHOTOS, CONNECTIONS = (160, 120), 1000, "8"
FEW = 5_000  # rows, enough for caches to have reached their full size
SERVER, PLAIN = (str(Path(__file__).with_name(f"{name}.py")) for name in ("photo_server", "plain_fetch"))
HURRY = ("--allow-private", "--rate", "0", "--connections", CONNECTIONS, "--per-host", CONNECTIONS)


def fetch(setting: Setting) -> list[Figure]:
    """Fetch small photos, which imgsim also decodes, digests, names and remembers."""
    folder = photo_folder(setting.photos, PHOTO, PHOTOS)
    got, plain, table = setting.scratch / "got", str(setting.scratch / "plain"), setting.scratch / "items.csv"
    with _server(folder) as port:
        addresses = [f"http://127.0.0.1:{port}/{number:06d}.jpg" for number in range(PHOTOS)]
        table.write_text("\n".join(["url", *addresses]))
        listed = setting.scratch / "addresses"
        listed.write_text("\n".join(addresses))

        def ours() -> float:
            shutil.rmtree(got, ignore_errors=True)
            return process_seconds(IMGSIM, "fetch", str(table), "-o", str(got), *HURRY)

        bare = (PYTHON, PLAIN, str(listed), plain, CONNECTIONS)
        runs = {
            "ours": ours,
            "theirs": lambda: process_seconds(*bare),
            "threads": lambda: process_seconds(*bare, "--threads"),
        }
        times = interleave(runs, setting.repeats)
    name = f"fetch {PHOTOS:,} {PHOTO[0]}x{PHOTO[1]} photos, {CONNECTIONS} connections"
    threads = {"ours": times["ours"], "theirs": times["threads"]}
    return [
        slowdown(name, "a bare httpx loop", times, 1.3),
        slowdown(name, "the same in threads, nothing looked at", threads, None),
    ]


def fetch_memory(setting: Setting) -> list[Figure]:
    """Fetch tables of two lengths, all rows of which have an address of their own: the peaks of private memory."""
    folder = photo_folder(setting.photos, PHOTO, PHOTOS)
    got, table = setting.scratch / "got", setting.scratch / "items.csv"
    with _server(folder) as port:

        def peak(count: int) -> float:
            shutil.rmtree(got, ignore_errors=True)
            rows = (f"http://127.0.0.1:{port}/{row % PHOTOS:06d}.jpg?{row},Thing {row},{row}" for row in range(count))
            table.write_text("\n".join(["url,name,price", *rows]))
            return peak_memory([IMGSIM, "fetch", str(table), "-o", str(got), *HURRY], "RssAnon")

        return [growth(setting, "fetch: peak private memory", FEW, setting.tiny // 2, peak, "row")]


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    """Serve a folder; give the port."""
    with subprocess.Popen([PYTHON, SERVER, str(folder)], stdout=subprocess.PIPE) as server:
        assert server.stdout
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()
