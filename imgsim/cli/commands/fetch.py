"""`imgsim fetch`."""

from __future__ import annotations

import os
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from imgsim import __version__
from imgsim.cli import stderr
from imgsim.cli.flags import format_option, general_options, limits_options, refuse_nan
from imgsim.cli.output import JSON, ROW_FORMATS, RowWriter, choose_format, write_object
from imgsim.fetch.addresses import without_secrets

if TYPE_CHECKING:
    from imgsim.fetch.table_fetch import TableFetch
    from imgsim.images.limits import Limits

COLUMNS = ("row", "url", "why")
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
BATCH = 1000  # rows that are written at a time
_SECONDS = click.FloatRange(min=0, min_open=True, max=1e6)


@click.command()
@click.argument("table", type=click.Path())
@click.option("-o", "--output", "folder", type=click.Path(), required=True, metavar="DIR", help="Where photos go.")
@click.option("--url", metavar="COLUMN", help="The column with the photos' addresses.  [default: url]")
@click.option("--page", metavar="COLUMN", help="The column with the items' own pages, if any.  [default: page]")
@click.option("--name", metavar="COLUMN", help="The column that photos are named by, if any.  [default: name]")
@click.option("--encoding", metavar="NAME", help="The encoding of TABLE, if it is not UTF-8 or UTF-16.")
@click.option("--connections", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests at a time.")
@click.option(
    "--per-host", type=click.IntRange(1, 64), default=2, show_default=True, help="Of those, to one host at a time."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0),
    callback=refuse_nan,
    default=5.0,
    show_default=True,
    metavar="N",
    help="Requests a second to one host, at most; 0 sets no limit.",
)
@click.option(
    "--timeout",
    type=_SECONDS,
    callback=refuse_nan,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give an answer up that takes longer.",
)
@click.option(
    "--max-megabytes",
    "megabytes",
    type=_SECONDS,
    callback=refuse_nan,
    default=50.0,
    show_default=True,
    metavar="MB",
    help="Give an answer up that is larger.",
)
@click.option(
    "--max-redirects",
    "redirects",
    type=click.IntRange(0, 20),
    default=5,
    show_default=True,
    help="Follow a photo's address on so many times.",
)
@click.option(
    "--retries",
    type=click.IntRange(0, 20),
    default=3,
    show_default=True,
    help="Tries after the first, each after a longer pause.",
)
@click.option(
    "--max-wait",
    "wait",
    type=click.FloatRange(min=0),
    callback=refuse_nan,
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Leave a host to the next run that asks to wait longer.",
)
@click.option("--user-agent", metavar="TEXT", help="What is said to servers; a way to reach you is polite.")
@click.option("--allow-private", is_flag=True, help="Ask hosts of this machine and of private networks too.")
@click.option("--proxy", is_flag=True, help="Go through the proxies that the environment names.")
@click.option("--refresh", is_flag=True, help="Ask whether photos that are here have changed.")
@click.option("--retry-failed", is_flag=True, help="Ask again for what cannot be had, too.")
@click.option("--dry-run", is_flag=True, help="List what would be asked for, and do nothing.")
@click.option("--strict", is_flag=True, help="Exit with 2 if any photo did not come.")
@limits_options()
@format_option(*ROW_FORMATS, default="a summary on stderr; of --dry-run, a table on a terminal, tsv in a pipe")
@general_options
def fetch(
    table: str,
    folder: str,
    url: str | None,
    page: str | None,
    name: str | None,
    encoding: str | None,
    user_agent: str | None,
    dry_run: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    format_: str | None,
    limits: Limits,
    **choices: Any,  # noqa: ANN401 (as FetchOptions has them)
) -> None:
    """Bring the photos of a product table here, and keep them in line with newer ones.

    TABLE (.csv, .tsv, .jsonl, .parquet) has a row an item, in which --url names its photo's address. Each photo becomes
    a file in DIR, named by its item and its content; DIR/items.csv has the table's columns beside the files, for
    `imgsim index DIR --attributes DIR/items.csv`, and DIR/failures.csv says which photos did not come, and why.

    A site's robots.txt is heeded, and Retry-After. Once more with a newer table only what is new or failed is asked
    for; prices and links are updated, items that are no longer in it are marked as gone, and no photo is removed. What
    was typed into DIR/items.csv stays. A run that was stopped is gone on with by the next.
    """
    from imgsim.fetch.fetch_options import USER_AGENT, FetchOptions, TableColumns
    from imgsim.fetch.table_fetch import TableFetch, TableSource

    if not dry_run and format_ not in (None, *JSON):
        raise click.UsageError(f"--format {format_} is for --dry-run: a run has a summary, for json and jsonl")
    agent = USER_AGENT.replace("imgsim", f"imgsim/{__version__}", 1) if user_agent is None else _header(user_agent)
    options = FetchOptions(limits=limits, user_agent=agent, **choices)
    if not options.proxy and (named := sorted({name for name in os.environ if name.lower() in PROXIES})):
        stderr.say(f"{', '.join(named)} passed over: with --proxy, addresses are looked up by the proxy itself")
    source = TableSource(table, TableColumns(url, page, name), encoding)
    with TableFetch(source, folder, options, dry=dry_run) as fetching:
        code = _list(fetching, format_) if dry_run else _run(fetching, folder, format_, strict=strict)
    click.get_current_context().exit(code)


def _header(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not text.strip():
        raise click.UsageError("--user-agent: plain characters of ASCII, and some of them")
    return text.strip()


def _list(fetching: TableFetch, format_: str | None) -> int:
    """Write what would be asked for; give the exit code."""
    chosen = choose_format(format_)
    writer = RowWriter(chosen, COLUMNS)
    rows = (dict(zip(COLUMNS, (row, without_secrets(url), why), strict=True)) for row, url, why in fetching.asks())
    while some := list(islice(rows, None if chosen == "table" else BATCH)):
        writer.write(some)
    stderr.say(f"{fetching.asked:,} addresses would be asked for, and nothing was")
    return 0 if fetching.asked else 1


def _run(fetching: TableFetch, folder: str, format_: str | None, *, strict: bool) -> int:
    """Fetch, and sum up; give the exit code."""
    from imgsim.cli.fetch_progress import FetchProgress, say_summary

    with FetchProgress() as progress:
        summary = fetching.run(progress)
    if format_ in JSON:
        write_object(asdict(summary))
    say_summary(folder, summary, fetching.gone())
    if strict and summary.failed:
        return 2
    return 0 if summary.with_photo else 1
