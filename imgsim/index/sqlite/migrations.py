"""Indexes of earlier formats: brought to the present one when opened for writing, supplemented while they are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imgsim.index.sqlite.fact_rows import Facts, Held
from imgsim.index.sqlite.feature_rows import checksum
from imgsim.index.sqlite.schema import (
    CALIBRATIONS,
    CHECKSUM,
    CONDITIONS,
    FACTS,
    FORMAT_VERSION,
    IMAGES,
    NOTES,
    PAIRS,
    PARTS,
    SHOWN,
)
from imgsim.index.sqlite.stored_values import StoredValues
from imgsim.index.store.measurement_store import COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import ExtractorSpec
    from imgsim.index.sqlite.explanations import Connection

SUM = "imgsim_checksum"  # by which SQLite calls it
# What readers of formats 1 to 3 see in place of the tables: names of the database TEMP hide those of the file.
_OLD_CALIBRATIONS = (
    "SELECT substr(key, 14) AS distance, value AS calibration, 0 AS stale FROM meta WHERE key GLOB 'calibration: *'"
)
_UNNOTED = "NULL AS added_ns, 0 AS headers"
_VIEWS = (
    f"CREATE TEMP VIEW calibrations AS {_OLD_CALIBRATIONS}",
    f"CREATE TEMP VIEW features AS SELECT *, {SUM}(vector, part_id) AS checksum FROM main.features",  # noqa: S608
    "CREATE TEMP VIEW parts AS SELECT id, image_id, '' AS owner, name FROM main.parts",
    # Both together are what they were, and photos with a palette were measured.
    "CREATE TEMP VIEW failures AS SELECT *, 0 AS ctime_ns, 0 AS inode, '{}' AS conditions FROM main.failures",
    f"CREATE TEMP VIEW images AS SELECT *, 1 AS decoding, 0 AS ctime_ns, 0 AS inode, '' AS hidden, {_UNNOTED},"  # noqa: S608
    " iif(json_type(attributes, '$.palette') IS NULL, '{}', attributes) AS measured FROM main.images",
)
_VIEWS_OF_3 = (f"CREATE TEMP VIEW images AS SELECT *, {_UNNOTED} FROM main.images",)  # noqa: S608


def migrate(connection: Connection) -> None:
    """Bring an index to the present format, in one transaction; foreign keys are not enforced yet."""
    version = _version(connection)
    if version == FORMAT_VERSION:
        return
    _provide_checksum(connection)
    with connection:  # which commits, or rolls back
        connection.execute("BEGIN IMMEDIATE")
        if version < 3:
            _bring_on(connection, version)
        elif version == 3:
            _let_photos_be_noted(connection)
        _create(connection, PAIRS.format(temporary=""))
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def _bring_on(connection: Connection, version: int) -> None:
    """Bring an index of format 1 or 2 to format 4."""
    if version < 2:
        _add_facts(connection)
    else:
        _compose_facts(connection)
    _let_photos_hide(connection)
    _separate_measured(connection)
    _keep_conditions(connection)
    _give_owners(connection)
    _sum_up(connection)
    _move_calibrations(connection)


def supplement(connection: Connection) -> None:
    """Add what an index of an earlier format lacks for as long as it is read, without writing to it."""
    version = _version(connection)
    if version < 2:
        _add_facts(connection, "TEMP")
    if version < 3:
        _provide_checksum(connection)
    if version < 4:
        for view in _VIEWS if version < 3 else _VIEWS_OF_3:
            connection.execute(view)
    if version < FORMAT_VERSION:
        _create(connection, PAIRS.format(temporary="TEMP"))


def _provide_checksum(connection: Connection) -> None:
    def sum_up(vector: object, part: int) -> int:
        return checksum(vector, part) if isinstance(vector, bytes) else 0

    connection.create_function(SUM, 2, sum_up, deterministic=True)


def _version(connection: Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create(connection: Connection, tables: str) -> None:
    """Create tables, one statement after another: all at once would end the transaction."""
    for statement in filter(str.strip, tables.split(";")):
        connection.execute(statement)


def _add_facts(connection: Connection, temporary: str = "") -> None:
    """Add what format 2 has and format 1 had not: attributes once more, as facts."""
    _create(connection, FACTS.format(temporary=temporary))
    facts, values = Facts(connection), StoredValues(connection.directory)
    rows = connection.execute("SELECT id, attributes FROM images WHERE attributes != '{}'").fetchall()
    for photo, attributes in rows:
        facts.replace(photo, {}, Held.read(values, attributes, "{}").typed)


def _compose_facts(connection: Connection) -> None:
    """Write facts of format 2 anew where they are no ASCII: text stood there as it was typed, not composed."""
    chosen = "FROM images WHERE instr(attributes, '\\u')"
    rows = connection.execute(f"SELECT id, attributes {chosen}").fetchall()
    connection.execute(f"DELETE FROM facts WHERE image_id IN (SELECT id {chosen})")  # noqa: S608 (what stands above)
    facts, values = Facts(connection), StoredValues(connection.directory)
    for photo, attributes in rows:
        facts.replace(photo, {}, Held.read(values, attributes, "{}").typed)


def _let_photos_hide(connection: Connection) -> None:
    """Let photos that are hidden share a path, and give all photos the columns that they had not."""
    _create(connection, IMAGES.format(name="kept_images"))
    connection.execute(
        "INSERT INTO kept_images (id, path, size, mtime_ns, digest, width, height, attributes)"
        " SELECT id, path, size, mtime_ns, digest, width, height, attributes FROM images"
    )
    connection.execute("DROP TABLE images")
    connection.execute("ALTER TABLE kept_images RENAME TO images")
    _create(connection, SHOWN)


def _let_photos_be_noted(connection: Connection) -> None:
    """Give photos of format 3 what is noted of them since."""
    for column in NOTES:
        connection.execute(f"ALTER TABLE images ADD COLUMN {column}")


def _keep_conditions(connection: Connection) -> None:
    """Let failures keep what they depended on."""
    for column in CONDITIONS:
        connection.execute(f"ALTER TABLE failures ADD COLUMN {column}")


def _separate_measured(connection: Connection) -> None:
    """Tell measured attributes from those that people typed."""
    facts = Facts(connection)
    rows = connection.execute("SELECT id FROM images WHERE json_type(attributes, '$.palette') IS NOT NULL").fetchall()
    for (photo,) in rows:
        held = facts.held(photo)
        facts.write(photo, held, separate(held.typed))


def separate(attributes: Mapping[str, Any]) -> Held:
    """Separate the attributes of a photo whose colours were measured.

    Examples
    --------
    >>> separate({"color": "teal", "color_probabilities": {"red": 0.2, "blue": 0.8}, "palette": [], "price": 5})
    Held(typed={'color': 'teal', 'price': 5}, measured={'color': 'blue', 'color_probabilities': {'red': 0.2, ...
    """
    color, probabilities, _ = COLORS
    measured = {name: attributes[name] for name in COLORS if name in attributes}
    if chances := measured.get(probabilities):
        measured[color] = max(chances, key=chances.__getitem__)
    typed = {name: value for name, value in attributes.items() if measured.get(name) != value}
    return Held(typed, {name: measured[name] for name in COLORS if name in measured})


def _give_owners(connection: Connection) -> None:
    """Let parts have owners; all that there were are whole photos."""
    _create(connection, PARTS.format(name="owned_parts"))
    connection.execute("INSERT INTO owned_parts SELECT id, image_id, '', name FROM parts")
    connection.execute("DROP TABLE parts")
    connection.execute("ALTER TABLE owned_parts RENAME TO parts")


def _sum_up(connection: Connection) -> None:
    """Give rows of features their checksums."""
    connection.execute(f"ALTER TABLE features ADD COLUMN {CHECKSUM}")
    connection.execute(f"UPDATE features SET checksum = {SUM}(vector, part_id)")  # noqa: S608 (what stands above)


def _move_calibrations(connection: Connection) -> None:
    """Give calibrations their tables, and each the extractors that its distance names."""
    _create(connection, CALIBRATIONS)
    read = StoredValues(connection.directory).extractor
    specs = {row[0]: read(*row).spec for row in connection.execute("SELECT id, spec, dim, binary FROM extractors")}
    for distance, calibration, stale in connection.execute(_OLD_CALIBRATIONS).fetchall():
        if extractors := named_extractors(distance, specs):
            connection.execute("INSERT INTO calibrations VALUES (?, ?, ?)", (distance, calibration, stale))
            rows = [(distance, key) for key in extractors]
            connection.executemany("INSERT INTO calibrated_extractors VALUES (?, ?)", rows)
    connection.execute("DELETE FROM meta WHERE key GLOB 'calibration: *'")


def named_extractors(distance: str, specs: Mapping[int, ExtractorSpec]) -> list[int]:
    """Find the extractors that a distance's name is made of, by their keys; none if it names another one too.

    Examples
    --------
    >>> from imgsim.core import ExtractorSpec
    >>> specs = {4: ExtractorSpec("phash"), 5: ExtractorSpec("hog"), 6: ExtractorSpec("hog", version=2)}
    >>> named_extractors("0.5 of hog (version 2) by cosine + 0.5 of phash (version 1) by hamming", specs)
    [4, 6]
    """
    labels = (f"(?P<e{key}>{re.escape(f'{spec} (version {spec.version})')})" for key, spec in specs.items())
    found = re.fullmatch(rf"(?:(?:[\d.e+-]+ of )?(?:{'|'.join(labels)}) by \w+(?: \+ |$))+", distance)
    return [key for key in specs if found and found[f"e{key}"]]
