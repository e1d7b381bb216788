"""What comes through stdin is answered as it comes: the first photo's answer does not wait for the last name."""

import select
import subprocess
import sys

import pytest

from imgsim.index.update import update_index

COMMANDS = {
    "extract": ["extract", "-", "-x", "phash"],
    "stats": ["stats", "-", "--format", "tsv"],
    "query": ["query", "-", "--index", ".", "--format", "tsv", "-k", "1"],
    "show": ["show", "-", "--columns", "8"],
    "color label": ["color", "label", "-", "--format", "tsv"],
    "color name": ["color", "name", "-", "--format", "tsv"],
}


def answer_of(process, expected):
    """Read stdout until it holds a text, or for a minute."""
    seen = b""
    while expected not in seen and select.select([process.stdout], [], [], 60)[0]:
        chunk = process.stdout.read1()
        if not chunk:
            break
        seen += chunk
    return seen


@pytest.mark.parametrize("name", COMMANDS)
def test_names_on_stdin_are_answered_one_by_one(make_photos, name):
    folder = make_photos("a.png", "b.png", "c.png")
    update_index(folder, extractors=["phash"])
    sent = [b"255,0,0\n", b"0,0,255\n"] if name == "color name" else [b"a.png\n", b"b.png\n"]
    answers = [line.strip() for line in sent]
    process = subprocess.Popen(
        [sys.executable, "-m", "imgsim", *COMMANDS[name]], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        for line, answer in zip(sent, answers, strict=True):
            process.stdin.write(line)
            process.stdin.flush()
            assert answer in answer_of(process, answer)
            assert process.poll() is None
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    assert process.returncode == 0
