"""`imgsim index`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import device_option, extractor_option, format_option, general_options, limits_options
from imgsim.cli.inputs import listed_paths
from imgsim.cli.labels import update_showing
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.output import JSON, write_object
from imgsim.cli.segment_options import cut_options
from imgsim.cli.table_forms import table_options
from imgsim.naming import parse_naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.description import AttributeTable
    from imgsim.index.features_file import FeaturesFile
    from imgsim.index.options import Options
    from imgsim.index.summary import Summary
    from imgsim.tables.cell_forms import CellForms

# Of what a summary's names alone do not say.
WORDS = {
    "partless": "photo{} without the part that is asked for",
    "headers": "header{} read",
    "drawn": "picture{} drawn by imgsim passed over",
    "links": "further name{} of the same photos or folders",
    "imported": "row{} of features stored",
    "replaced": "of them in place of earlier ones",
    "unknown": "row{} without a photo",
}


@click.command()
@click.argument("folder", type=click.Path())
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="Keep the index in this folder instead.")
@extractor_option(fused=False)
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes. Without it: one a processor.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Index only photos whose name or path matches.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out photos and folders that match.")
@click.option(
    "--files-from",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Index only the photos listed in FILE, a path a line or NUL-separated; - for stdin.",
)
@click.option(
    "--weights", type=click.Path(), metavar="FILE", help="Import this weight file for the deep extractor of -x."
)
@click.option(
    "--attributes",
    "table",
    type=click.Path(),
    metavar="FILE",
    help="Give the photos the attributes in this table (.csv, .tsv, .jsonl, .parquet), a row a photo.",
)
@click.option(
    "--key",
    metavar="COLUMN",
    help="The column of --attributes that names the photos, or a pattern such as '{house}_*.jpg'. Without it: the "
    "column that finds most photos.",
)
@click.option("--encoding", metavar="NAME", help="The encoding of --attributes, if it is not UTF-8 or UTF-16.")
@table_options
@click.option(
    "--features",
    metavar="NAME=FILE.npy",
    help="Store the rows (N, D) that another program made of N photos, for -x external:NAME.",
)
@click.option(
    "--paths",
    "row_paths",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Of which photos the rows of --features are: a path a line or NUL-separated, as `imgsim extract --paths` "
    "writes them; - for stdin.",
)
@limits_options(remembered=True)
@click.option(
    "--strict", is_flag=True, help="Exit with 2 if any photo cannot be read, or lacks a row, or a row a photo."
)
@click.option(
    "--verify",
    is_flag=True,
    help="Compare every row, the cache and each photo's content with what is recorded, and measure again what differs; "
    "exit with 2 if anything stays wrong.",
)
@click.option("--retry-failed", is_flag=True, help="Try the files in the ledger again.")
@click.option(
    "--prune",
    is_flag=True,
    help="Remove missing photos, and what was typed about them, even if they are more than half.",
)
@click.option("--moved", is_flag=True, help="FOLDER is where the indexed folder was moved to.")
@click.option("--refit", is_flag=True, help="Pin the statistics that some distances use anew.")
@click.option(
    "--colors/--no-colors",
    default=None,
    help="Name the colours of each photo too, as attributes, now and in later runs; or no longer.",
)
@click.option(
    "--exif/--no-exif",
    default=None,
    help="Read when and where each photo was taken, and by which camera, from its EXIF, as attributes (taken, camera, "
    "place_lat, place_lon), now and in later runs; or no longer.",
)
@click.option(
    "--kinds/--no-kinds",
    default=None,
    help="Tell what kind of thing each photo shows, without any training, as attributes (kind, kind_probability), now "
    "and in later runs; or no longer, and forget what was told.",
)
@click.option(
    "--kind-language",
    type=click.Choice(["en", "ko"]),
    help="Name the kinds of --kinds in English or Korean.  [default: as before; en at first]",
)
@click.option(
    "--classify",
    multiple=True,
    metavar="[NAME=]MODEL",
    shell_complete=name_completion.classifiers,
    help="Classify the photos by this trained model, its file or the name that it was imported under, as attributes "
    "(NAME, or category, and NAME_probability), now and in later runs; repeat it for several. NAME= takes one back, "
    "and what it told.",
)
@cut_options(remembered=True)
@click.option("--default", metavar="NAME", help="Make this extractor the one that queries use.")
@click.option("--drop", multiple=True, metavar="NAME", help="Drop an extractor and its features, and stop.")
@click.option("--compact", is_flag=True, help="Give unused space in the index back to the disk, and stop.")
@wait_option
@format_option(*JSON, default="a summary on stderr")
@device_option
@general_options
def index(
    folder: str,
    index_path: str | None,
    extractors: tuple[str, ...],
    files_from: str | None,
    weights: str | None,
    table: str | None,
    key: str | None,
    encoding: str | None,
    forms: CellForms | None,
    drop: tuple[str, ...],
    compact: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    format_: str | None,
    **choices: object,
) -> None:
    """Index the photos in FOLDER, or bring its index up to date.

    New and changed photos are measured, and renamed ones recognised by content. Photos that are missing or left out are
    hidden, with what was typed about them: content that comes back, under any name, has it again. Photos that cannot
    be read are skipped, listed by `imgsim failures`, and tried again when they or their cause change. Pictures that
    imgsim drew, further names of a file (links) and what is no picture are passed over, and named with -v. The index is
    FOLDER/.imgsim. It remembers --include, --exclude, --max-megapixels (100 at first), --max-seconds (60), --max-memory
    (4000), --colors, --exif, --kinds, --kind-language, --classify, --segment, --background, --crop, and how tables are
    read (--decimal, --dates, --type, and --encoding for tables that are not UTF-8): later runs, and commands that
    measure, go by them until they are given again; a PATTERN of '' is none, --type NAME= takes one back.
    """
    if drop or compact:
        once_unlocked(lambda: _maintain(folder, index_path, drop, compact=compact))
        return
    from imgsim.index.options import Options

    if table is None and (key is not None or encoding is not None):
        raise click.UsageError("--key and --encoding are for a table: name it with --attributes")
    if table is None and forms:
        raise click.UsageError("--decimal, --dates and --type are for a table: name it with --attributes")
    if not _provide_models(extractors, weights) and weights is not None:
        raise click.UsageError("--weights is for a deep extractor: name it with -x, for example -x resnet50")
    choices["features"] = _features(choices["features"], choices.pop("row_paths"))  # type: ignore[arg-type]
    files = None if files_from is None else list(listed_paths(files_from))
    choices |= {name: choices[name] or None for name in ("include", "exclude")}
    options = Options(files=files, attributes=_source(table, key, encoding, forms), **choices)  # type: ignore[arg-type]
    summary = _update(folder, index_path, extractors, options)
    if format_ in JSON:
        write_object(asdict(summary))
    incomplete = summary.failed or summary.lost_rows or summary.without_row or summary.unknown or summary.partless
    if summary.unrepaired or (strict and incomplete):
        click.get_current_context().exit(2)


def _provide_models(extractors: Sequence[str], weights: str | None) -> bool:
    """Bring the networks here that are asked for, and tell whether there are any."""
    from imgsim.features import write_out
    from imgsim.models.architectures import is_architecture

    networks = [text for text in write_out(extractors) if is_architecture(parse_naming(text)[0])]
    if networks:
        from imgsim.cli.networks import provide_model

        for text in networks:
            provide_model(text, weights)
    return bool(networks)


def _source(table: str | None, key: str | None, encoding: str | None, forms: CellForms | None) -> AttributeTable | None:
    if table is None:
        return None
    from imgsim.index.description import AttributeTable

    source = AttributeTable(table, key, encoding)
    return source if forms is None else replace(source, forms=forms)


def _features(named: str | None, paths: str | None) -> FeaturesFile | None:
    if named is None or paths is None:
        if named != paths:
            raise click.UsageError(
                "--features NAME=FILE.npy and --paths FILE go together: the rows, and whose they are"
            )
        return None
    from imgsim.index.features_file import FeaturesFile

    return FeaturesFile.named(named, list(listed_paths(paths)))


def _update(folder: str, index_path: str | None, extractors: tuple[str, ...], options: Options) -> Summary:
    summary = update_showing(folder, index_path, extractors, options)
    counts = {key: value for key, value in asdict(summary).items() if key != "seconds"}
    always = {"added", "unchanged", *(["described"] if options.attributes else [])}
    said = [_counted(name, value) for name, value in counts.items() if value or name in always]
    hint = summary.passed_over + summary.drawn + summary.links > 0 and not stderr.is_verbose()
    named = " (-v names what was passed over)" * hint
    stderr.say(f"{folder}: {', '.join(said)} in {summary.seconds:.1f} s{named}")
    if summary.missing:
        stderr.detail("what is known of missing photos is kept until `imgsim index` with --prune")
    if summary.failed:
        stderr.detail("`imgsim failures` lists what cannot be read, `--retry-failed` tries it again")
    return summary


def _counted(name: str, count: int) -> str:
    return f"{count:,} {WORDS.get(name, name.replace('_', ' ')).format('s' * (count != 1))}"


def _maintain(folder: str, index_path: str | None, drop: tuple[str, ...], *, compact: bool) -> None:
    """Do what needs no look at the photos."""
    from imgsim.index.index_writer import IndexWriter

    with IndexWriter.open(index_path or folder) as writer:
        with writer.transaction():
            for name in drop:
                writer.drop_extractor(writer.find_extractor(name))
                stderr.say(f"dropped {name}")
        if compact:
            writer.compact()
            stderr.say("compacted")
