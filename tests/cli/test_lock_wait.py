"""An index that another process is writing: refused at once, or waited for."""

import threading
import time

import pytest

from imgsim.index.sqlite.sqlite_store import SqliteStore

WRITERS = {
    "index": ["index", "shelf"],
    "compact": ["index", "shelf", "--compact"],
    "set": ["set", "shelf/0.png", "price=5", "--index", "shelf"],
    "evaluate": ["evaluate", "shelf", "-x", "phash", "--labels", "labels.csv:kind", "--retrieval-only"],
    "pair": ["pair", "confirm", "shelf/0.png", "shelf/1.png"],
    "match --new": ["match", "--index", "shelf", "--lost", "path = '0.png'", "--found", "path != '0.png'", "--new"],
    "calibrate": ["calibrate", "shelf", "-x", "phash", "--labels", "labels.csv:kind"],
}


@pytest.fixture
def writer(shelf, tmp_path):
    """Somebody who writes the index."""
    lines = [f"{place}.png,{'ab'[place % 2]}\n" for place in range(8)]
    (tmp_path / "labels.csv").write_text("file,kind\n" + "".join(lines))
    writer = SqliteStore.open_writer(str(shelf / ".imgsim"), str(shelf))
    yield writer
    writer.close()


@pytest.mark.parametrize("name", WRITERS)
def test_it_is_refused_at_once_or_after_as_long_as_was_said(run, writer, name):
    began = time.monotonic()
    result = run(*WRITERS[name])
    assert result.code == 2
    assert "another process is writing this index; try again later, or let --wait SECONDS wait for it\n" in result.err
    refused = time.monotonic() - began
    result = run(*WRITERS[name], "--wait", "0.6")
    assert result.code == 2
    assert time.monotonic() - began - refused >= 0.6
    assert result.err.count("waiting") == 1


@pytest.mark.parametrize("name", WRITERS)
def test_it_is_waited_for(run, shelf, tmp_path, name):
    lines = [f"{place}.png,{'ab'[place % 2]}\n" for place in range(8)]
    (tmp_path / "labels.csv").write_text("file,kind\n" + "".join(lines))
    held, done = threading.Event(), threading.Event()

    def hold():
        writer = SqliteStore.open_writer(str(shelf / ".imgsim"), str(shelf))
        held.set()
        done.wait(1.0)
        writer.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    result = run(*WRITERS[name], "--wait", "120", "-q")
    thread.join()
    assert (result.code, result.err) == (0, "")
