"""The words of tables and summaries are explained in one sentence each, where they are printed or in docs/words.md."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from imgsim.cli.group import imgsim
from imgsim.index.summary import Summary

WORDS = (Path(__file__).resolve().parents[1] / "docs" / "words.md").read_text(encoding="utf-8")
SENTENCES = dict(re.findall(r"^\| `(.+?)`.*? \|.*\| (.+?) \|$", WORDS, re.MULTILINE))


@pytest.mark.parametrize("word", ["brier", "ece", "compared", "given up", "passed over", "left out"])
def test_a_word_has_its_sentence(word):
    assert SENTENCES[word].endswith(".")


@pytest.mark.parametrize(
    ("command", "words"), [("calibrate", ["brier", "ece"]), ("recommend", ["compared", "given up"])]
)
def test_the_help_says_what_the_words_mean(command, words):
    said = CliRunner().invoke(imgsim, [command, "--help"]).output
    assert [word for word in words if word not in said] == []


def test_the_words_of_a_summary_are_those_of_the_index():
    names = {field.name.replace("_", " ") for field in fields(Summary)}
    assert names & SENTENCES.keys() == {"passed over", "left out", "missing"}
