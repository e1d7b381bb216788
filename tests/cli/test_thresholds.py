"""Thresholds of `imgsim query`: their range, bits, and what is said where nothing kept to them."""

import json
import os
import pty
import subprocess

import pytest

from imgsim.errors import ParameterError
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.metrics.calibration import Calibration
from tests.cli.conftest import IMGSIM

QUERY = ("query", "shelf/0.png", "--index", "shelf")
PHASH = ("-x", "phash")


def distances(result):
    return [json.loads(line)["distance"] for line in result.out.splitlines()]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            [*PHASH, "--max-distance", "4"],
            "4: distances by hamming are 0 to 1, the share of 64 bits that differ; 4 bits are written 4b",
        ),
        ([*PHASH, "--max-distance", "65"], "65: distances by hamming are 0 to 1, the share of 64 bits that differ"),
        ([*PHASH, "--max-distance", "65b"], "65b: there are 64 bits"),
        ([*PHASH, "-m", "cosine", "--max-distance", "2.1"], "2.1: distances by cosine are 0 to 2"),
        (["-m", "hellinger", "--max-distance", "1.5"], "1.5: distances by hellinger are 0 to 1"),
        (["-m", "euclidean", "--max-distance", "-0.1"], "-0.1: distances by euclidean are 0 or more"),
        (["-m", "hamming", "--max-distance", "4"], "4: distances by hamming are 0 to 1"),
    ],
)
def test_outside_the_range_nothing_is_answered(run, shelf, options, says):
    result = run(*QUERY, *options)
    assert (result.code, result.out, result.err) == (2, "", f"imgsim: --max-distance {says}\n")


@pytest.mark.parametrize(
    "options",
    [
        [*PHASH, "-m", "cosine"],
        ["-x", "histogram"],
        ["-x", "histogram", "-m", "hamming"],
        ["-m", "inner_product"],
        [*PHASH, "-x", "histogram"],
        [*PHASH, "-x", "histogram", "-m", "hamming"],
    ],
)
def test_bits_are_of_one_binary_extractor_by_hamming(run, shelf, options):
    result = run(*QUERY, *options, "--max-distance", "6b")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("imgsim: --max-distance 6b: bits are counted by hamming between binary features")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("value", ["b", "-6b", "6.5b", "6 bits", "6B", ""])
def test_what_is_neither_a_distance_nor_bits(run, shelf, value):
    result = run(*QUERY, *PHASH, f"--max-distance={value}")
    assert (result.code, result.out) == (2, "")
    assert f"{value!r} is no distance, nor a number of bits such as 6b." in result.err


def test_bits_are_shares_of_the_bits(run, shelf):
    found = distances(run(*QUERY, *PHASH, "--format", "jsonl"))
    bits = [round(64 * distance) for distance in found]
    middle = bits[3]
    within = distances(run(*QUERY, *PHASH, "--format", "jsonl", "--max-distance", f"{middle}b"))
    assert within == [distance for distance in found if distance <= middle / 64]
    assert 0 < len(within) < len(found)
    fewer = distances(run(*QUERY, *PHASH, "--format", "jsonl", "--max-distance", f"{middle - 1}b"))
    assert len(fewer) == sum(count < middle for count in bits)
    assert run(*QUERY, *PHASH, "--max-distance", "64b").out == run(*QUERY, *PHASH, "--max-distance", "1").out


@pytest.mark.parametrize("value", ["0", "2", "2.0", "1e0"])
def test_the_ends_of_a_range_belong_to_it(run, shelf, value):
    assert run(*QUERY, *PHASH, "-m", "cosine", "--max-distance", value).code in (0, 1)
    assert run(*QUERY, "-m", "inner_product", "--max-distance", "-5").code in (0, 1)


def test_fused_distances_have_the_range_of_their_units(shelf):
    extractors = ["phash", "histogram"]
    with open_index(shelf) as index, index.searcher(extractors) as searcher:
        farthest = searcher.search([shelf / "0.png"], 8)[-1].distance
        assert searcher.search([shelf / "0.png"], 8, max_distance=farthest)
        with pytest.raises(ParameterError, match="99: distances by 2 extractors fused are 0 to [1-9]"):
            searcher.search([shelf / "0.png"], 8, max_distance=99)
        with pytest.raises(ParameterError, match="-1: distances by 2 extractors fused"):
            searcher.search([shelf / "0.png"], 8, max_distance=-1)


def test_a_program_gives_bits_and_probabilities_too(shelf):
    with open_index(shelf) as index:
        photo = shelf / "0.png"
        by_bits = index.search(photo, extractors=["phash"], max_distance="30b")
        assert by_bits == index.search(photo, extractors=["phash"], max_distance=30 / 64)
        with pytest.raises(ParameterError, match="x: neither a distance nor"):
            index.search(photo, extractors=["phash"], max_distance="x")
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.keep_calibration(writer.distance(), Calibration("isotonic", (0.0, 1.0), (1.0, 0.0)))
        with pytest.raises(ParameterError, match="7: probabilities are 0 to 1"):
            writer.search(photo, min_probability=7)


def test_colours_are_within_probabilities(run, shelf):
    result = run("query", "--color", "red", "--index", "shelf", "--max-distance", "3")
    assert result.err == "imgsim: --max-distance 3: distances by a colour's probability are 0 to 1\n"
    assert run("query", "--color", "red", "--index", "shelf", "--max-distance", "3b").code == 2


def on_a_terminal(*arguments):
    """Run a query of which only stderr is a terminal; give its exit code and what that got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*IMGSIM, *arguments], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    got = b""
    try:
        while more := os.read(ours, 65536):
            got += more
    except OSError:  # how a terminal says that nobody writes any more
        pass
    os.close(ours)
    return process.wait(), got.decode().replace("\r\n", "\n")


def test_a_terminal_hears_what_was_nearest(run, shelf):
    nearest = round(64 * distances(run(*QUERY, *PHASH, "-k", 1, "--format", "jsonl"))[0])
    options = (*QUERY, *PHASH, "--max-distance", "1b")
    assert nearest > 1
    assert on_a_terminal(*options) == (1, f"imgsim: nothing within 1 bit; the nearest is at {nearest}\n")
    assert on_a_terminal(*options, "-q") == (1, "")
    assert run(*options) == (1, "", "")
    share = f"imgsim: nothing within 0.01; the nearest is at {nearest / 64:.3g}\n"
    assert on_a_terminal(*QUERY, *PHASH, "--max-distance", "0.01") == (1, share)


def test_several_queries_share_a_line(run, shelf):
    photos = [f"shelf/{number}.png" for number in range(5)]
    code, said = on_a_terminal("query", *photos, "--index", "shelf", *PHASH, "--max-distance", "0")
    assert code == 1
    assert said.count("\n") == 1
    assert said.startswith("imgsim: nothing within 0 for shelf/0.png (the nearest is at 0.")
    assert said.endswith(" and 2 more\n")


def test_a_terminal_hears_what_was_most_probable(shelf):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.keep_calibration(writer.distance(), Calibration("isotonic", (0.0, 1.0), (0.4, 0.4)))
    code, said = on_a_terminal(*QUERY, "--min-probability", "0.9")
    assert (code, said) == (1, "imgsim: nothing of a probability of 0.9; the most probable has 0.4\n")
