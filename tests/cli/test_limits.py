"""What reading a photo may take is an option of every command that reads photos, and an index remembers it."""

import json
import os
import re
import signal
import time

import PIL.Image
import pytest

from imgsim import bounds
from imgsim.images import read
from imgsim.side_process import AVAILABLE, SideProcesses

TOO_SLOW = "takes longer than 0.3 seconds to decode (--max-seconds)\n"


@pytest.fixture
def folder(make_photos):
    folder = make_photos(3)
    PIL.Image.open(folder / "0.png").save(folder.parent / "bomb.webp")
    return folder


def hang():
    re.match("(a+)+$", "a" * 64 + "b")  # no Python runs meanwhile


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.fixture
def decoder(monkeypatch):
    """Put something in the place of the decoder of WebP pictures."""
    decode = read._decode_all
    monkeypatch.setattr(bounds, "GRACE", 0.1)

    def behave(act):
        def decode_or_act(stream, name, kind, *rest):
            return act() if kind == "WEBP" else decode(stream, name, kind, *rest)

        monkeypatch.setattr(read, "_decoders", SideProcesses(read._answer))
        monkeypatch.setattr(read, "_decode_all", decode_or_act)

    return behave


COMMANDS = [["query", "--index", "photos"], ["show"], ["stats"], ["extract"], ["distances"], ["color", "label"]]


@pytest.mark.skipif(not AVAILABLE, reason="no process can be forked here")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_photo_that_hangs_or_crashes_its_decoder_is_one_line(folder, decoder, run, monkeypatch, command):
    monkeypatch.chdir(folder.parent)
    assert run("index", "photos", "-x", "phash", "-q").code == 0
    decoder(hang)
    began = time.monotonic()
    result = run(*command, "bomb.webp", "--max-seconds", "0.3")
    assert time.monotonic() - began < 10
    assert (result.code, result.err) == (2, f"imgsim: bomb.webp: {TOO_SLOW}")
    decoder(crash)
    result = run(*command, "bomb.webp")
    assert (result.code, result.err) == (2, "imgsim: bomb.webp: the decoder crashed on it\n")


@pytest.mark.skipif(not AVAILABLE, reason="no process can be forked here")
def test_a_small_folder_is_indexed_but_for_the_photo_that_hangs(folder, decoder, run):
    (folder.parent / "bomb.webp").rename(folder / "1.webp")
    decoder(hang)
    result = run("index", folder, "-x", "phash", "--max-seconds", "0.3")
    assert f"skipped 1.webp: {TOO_SLOW}" in result.err
    assert "3 added, 0 unchanged, 1 failed" in result.err
    assert run("failures", folder).out.split("\t")[-1] == TOO_SLOW


def test_an_index_remembers_its_limits(folder, run):
    def limits():
        facts = json.loads(run("info", folder, "--format", "json").out)
        return facts["max_megapixels"], facts["max_seconds"], facts["max_memory"]

    run("index", folder, "-x", "phash")
    assert limits() == (100, 60, 4000)
    run("index", folder, "--max-seconds", "20", "--max-memory", "500")
    run("index", folder)
    assert limits() == (100, 20, 500)
    assert "max seconds: 20.0\nmax memory: 500.0\n" in run("info", folder).out


@pytest.mark.parametrize("option", ["--max-seconds", "--max-memory", "--max-megapixels"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "soon"])
def test_a_limit_is_a_number_above_zero(folder, run, option, value):
    for command in (["index", folder], ["extract", folder / "0.png"]):
        result = run(*command, option, value)
        assert (result.code, option in result.err) == (2, True)
