"""Work in processes comes back in order, and tells what went wrong."""

import os

import pytest

from imgsim.errors import ImgsimError
from imgsim.processes import map_in_processes


def test_answers_come_in_the_order_of_the_tasks():
    assert list(map_in_processes(str.upper, list("abcdefgh"), 2)) == list("ABCDEFGH")


def test_they_are_other_processes_with_one_thread_each():
    here = os.environ.get("OPENBLAS_NUM_THREADS")
    assert set(map_in_processes(os.getenv, ["OPENBLAS_NUM_THREADS"] * 4, 2)) == {"1"}
    assert os.environ.get("OPENBLAS_NUM_THREADS") == here


def test_an_error_is_passed_on():
    with pytest.raises(ValueError, match="invalid literal"):
        list(map_in_processes(int, ["1", "one"], 2))


def test_a_process_brought_down_is_said():
    with pytest.raises(ImgsimError, match="a process was brought down"):
        list(map_in_processes(os._exit, [3], 2))
