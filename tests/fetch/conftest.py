"""A shop on this machine, and tables of it."""

import csv

import pytest

from tests.cli import conftest as command_line
from tests.fetch.shop import open_shop

run, shell = command_line.run, command_line.shell

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Ask nobody else's proxy, and wait for moments only."""
    pytest.importorskip("httpx", reason="the extra fetch is not installed")
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("imgsim.fetch.host_queue.FIRST_PAUSE", 0.01)


@pytest.fixture
def shop():
    with open_shop() as shop:
        yield shop


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write a table: ``table([{"url": ..., "price": ...}])`` gives its path; the working folder is its own."""
    monkeypatch.chdir(tmp_path)

    def write(rows, name="items.csv"):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with open(tmp_path / name, "w", newline="", encoding="utf-8") as stream:
            lines = csv.DictWriter(stream, columns)
            lines.writeheader()
            lines.writerows(rows)
        return name

    return write


def rows_of(path):
    """Read a table that was written."""
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def fetch(run):
    """Fetch as fast as it goes, from this machine: ``fetch("items.csv")`` into the folder `got`."""

    def invoke(table="items.csv", *options):
        return run("fetch", table, "-o", "got", "--allow-private", "--rate", 0, "--per-host", 8, *options)

    return invoke
