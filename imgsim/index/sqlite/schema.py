"""The tables of a SQLite index, and their version.

Paths are blobs, since file names are bytes. A photo has parts (one with an empty name, unless it was cut up); a part
has one row of features for each extractor. Attributes are a JSON object; `facts` holds them once more, sorted by value,
so that conditions need not read the objects of all photos.

Format 1 had no facts; `imgsim.index.sqlite.migrations` adds them.
"""

FORMAT_VERSION = 2
APPLICATION_ID = 0x696D6773  # "imgs"

FACTS = """
CREATE {temporary} TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    UNIQUE (name, type)
);
CREATE {temporary} TABLE facts (
    kind_id INTEGER NOT NULL REFERENCES kinds (id),
    value NOT NULL,
    image_id INTEGER NOT NULL,
    PRIMARY KEY (kind_id, value, image_id)
) WITHOUT ROWID;
"""

TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{{}}'
);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (image_id, name)
);
CREATE TABLE extractors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    spec TEXT NOT NULL UNIQUE,
    dim INTEGER NOT NULL,
    binary INTEGER NOT NULL,
    statistics BLOB
);
CREATE TABLE features (
    extractor_id INTEGER NOT NULL REFERENCES extractors (id) ON DELETE CASCADE,
    part_id INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    UNIQUE (extractor_id, part_id)
);
CREATE INDEX features_of_part ON features (part_id);
CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
{FACTS.format(temporary="")}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT_VERSION};
"""
