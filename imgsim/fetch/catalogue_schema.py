"""The tables in which a catalogue is remembered between runs, and those of one run."""

from __future__ import annotations

APPLICATION_ID = 0x696D6674  # "imft"
FORMAT = 1

# A former item is what an item was with an earlier photo. `place` counts the rows of the newest table; what has none is
# gone. `cells` is what the table says, `typed` what somebody wrote over it, `written` both as items.csv has them.
TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE photos (
    digest TEXT PRIMARY KEY, file TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, present INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE TABLE addresses (
    address TEXT PRIMARY KEY, digest TEXT, etag TEXT NOT NULL DEFAULT '', modified TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', lasting INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE items (
    item INTEGER PRIMARY KEY, place INTEGER, line TEXT NOT NULL, page TEXT NOT NULL, address TEXT NOT NULL,
    host TEXT NOT NULL, name TEXT NOT NULL, cells TEXT NOT NULL, fault TEXT NOT NULL DEFAULT '',
    typed TEXT NOT NULL DEFAULT '{}', written TEXT, digest TEXT, gone TEXT, former INTEGER NOT NULL DEFAULT 0,
    fresh INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE own_rows (file TEXT PRIMARY KEY, cells TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX items_by_digest ON items (digest);
CREATE INDEX items_by_address ON items (address);
"""

OF_A_RUN = """
CREATE TEMP TABLE incoming (
    place INTEGER PRIMARY KEY, line TEXT NOT NULL, page TEXT NOT NULL, address TEXT NOT NULL, host TEXT NOT NULL,
    name TEXT NOT NULL, cells TEXT NOT NULL, fault TEXT NOT NULL, item INTEGER
);
CREATE INDEX temp.incoming_by_item ON incoming (item);
CREATE TEMP TABLE leaving (item INTEGER PRIMARY KEY);
CREATE TEMP TABLE asks (
    place INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, host TEXT NOT NULL, why TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX temp.asks_by_host ON asks (host, place);
"""
# Which item of the catalogue a row is about: of those that are alike, in the order of the table.
PAIR = """
WITH old AS (
    SELECT item, {key}, row_number() OVER (PARTITION BY {key} ORDER BY gone IS NOT NULL, place, item) AS turn
    FROM items WHERE NOT former AND {some} AND NOT EXISTS (SELECT 1 FROM incoming WHERE incoming.item = items.item)
), new AS (
    SELECT place, {key}, row_number() OVER (PARTITION BY {key} ORDER BY place) AS turn
    FROM incoming WHERE item IS NULL AND {some}
)
UPDATE incoming SET item = pairs.item
FROM (SELECT new.place, old.item FROM new JOIN old USING ({key}, turn)) AS pairs WHERE incoming.place = pairs.place
"""
PAIRINGS = (("page, address", "(page <> '' OR address <> '')"), ("page", "page <> ''"), ("address", "address <> ''"))

FIND_ASKS = """
INSERT OR IGNORE INTO asks (place, address, host, why)
SELECT place, address, host, why FROM (
    SELECT items.place, items.address, items.host, CASE
        WHEN asked.address IS NULL THEN 'new'
        WHEN asked.digest IS NULL AND NOT asked.lasting THEN 'failed before'
        WHEN asked.digest IS NULL AND :retry_failed THEN 'failed before'
        WHEN asked.digest IS NULL THEN ''
        WHEN NOT coalesce(photos.present, 0) THEN 'photo is missing'
        WHEN asked.reason <> '' AND NOT asked.lasting THEN 'failed before'
        WHEN :refresh THEN 'perhaps changed'
        ELSE '' END AS why
    FROM items LEFT JOIN addresses AS asked USING (address) LEFT JOIN photos ON photos.digest = asked.digest
    WHERE items.place IS NOT NULL AND items.fault = '' ORDER BY items.place
) WHERE why <> ''
"""

# A gone item and a new one that have a photo which no other item has.
ALONE = """
SELECT min(iif(place IS NULL, item, NULL)), min(iif(place IS NULL, NULL, item)) FROM items
WHERE digest IS NOT NULL AND NOT former GROUP BY digest
HAVING count(*) = 2 AND sum(place IS NULL) = 1 AND sum(fresh AND place IS NOT NULL) = 1 LIMIT ?
"""
SHOWN = """
WITH shown AS (
    SELECT item, file, cells, typed, gone, place, min(place) OVER one AS first,
        row_number() OVER (one ORDER BY place IS NULL, place, former, item) > 1 AS again
    FROM items JOIN photos USING (digest) WHERE present WINDOW one AS (PARTITION BY digest)
)
SELECT item, file, cells, typed, coalesce(gone, ''), again FROM shown
WHERE place IS NOT NULL OR first IS NULL ORDER BY place IS NULL, place, item
"""
