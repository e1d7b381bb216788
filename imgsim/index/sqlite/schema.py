"""The tables of a SQLite index, and their version.

Paths are blobs, since file names are bytes. A photo has parts: one, owned by nobody and without a name, is the whole of
it, the others belong to the spec of what cut it up; a part has one row of features for each extractor. Attributes are
two JSON objects, what people typed and what was measured, which hides behind it; `facts` holds both once more, sorted
by value, so that conditions need not read the objects of all photos. A photo with a reason in `hidden` is not where it
was: it keeps its rows, but has no facts, and another photo may have its path. Pairs are by the digests of photos'
content, so that they outlive whatever becomes of photos; their paths are what people knew the photos by.

Format 1 had no facts; formats 1 and 2 had calibrations in `meta`, no columns `measured`, `decoding`, `hidden`,
`ctime_ns`, `inode`, `conditions` and `checksum`, and no owners of parts; formats 1 to 3 did not note when a photo was
added, nor whose headers were read; formats 1 to 4 had no pairs; `imgsim.index.sqlite.migrations` adds them. What
reads format 4 and no later one knows of no part but the whole, and would compare all with one another.
"""

FORMAT_VERSION = 5
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
CALIBRATIONS = """
CREATE TABLE calibrations (
    distance TEXT PRIMARY KEY,
    calibration TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE calibrated_extractors (
    distance TEXT NOT NULL REFERENCES calibrations (distance) ON DELETE CASCADE,
    extractor_id INTEGER NOT NULL REFERENCES extractors (id) ON DELETE CASCADE,
    PRIMARY KEY (distance, extractor_id)
) WITHOUT ROWID;
"""
PARTS = """
CREATE TABLE {name} (
    id INTEGER PRIMARY KEY,
    image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (image_id, owner, name)
);
"""
CHECKSUM = "checksum INTEGER NOT NULL DEFAULT 0"  # of a vector and its part's key
NOTES = (
    "added_ns INTEGER",  # unknown of photos that an earlier format had
    "headers INTEGER NOT NULL DEFAULT 0",  # the version of reading them; 0 where nobody did
)  # of images
IMAGES = """
CREATE TABLE {name} (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    attributes TEXT NOT NULL DEFAULT '{{}}',
    measured TEXT NOT NULL DEFAULT '{{}}',
    decoding INTEGER NOT NULL DEFAULT 1,
    ctime_ns INTEGER NOT NULL DEFAULT 0,
    inode INTEGER NOT NULL DEFAULT 0,
    hidden TEXT NOT NULL DEFAULT '',
    {notes}
);
""".replace("{notes}", ", ".join(NOTES))
PAIRS = """
CREATE {temporary} TABLE pairs (
    lost BLOB NOT NULL,
    found BLOB NOT NULL,
    state TEXT NOT NULL,
    lost_path BLOB NOT NULL,
    found_path BLOB NOT NULL,
    lost_store TEXT NOT NULL,
    who TEXT NOT NULL,
    decided_ns INTEGER NOT NULL,
    PRIMARY KEY (lost, found)
) WITHOUT ROWID;
"""
SHOWN = """
CREATE UNIQUE INDEX shown ON images (hidden, path) WHERE hidden = '';
CREATE INDEX hidden_images ON images (hidden) WHERE hidden != '';
"""
CONDITIONS = (
    "ctime_ns INTEGER NOT NULL DEFAULT 0",
    "inode INTEGER NOT NULL DEFAULT 0",
    "conditions TEXT NOT NULL DEFAULT '{}'",
)  # of failures

TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
{IMAGES.format(name="images")}
{SHOWN}
{PARTS.format(name="parts")}
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
    {CHECKSUM},
    UNIQUE (extractor_id, part_id)
);
CREATE INDEX features_of_part ON features (part_id);
CREATE TABLE failures (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    reason TEXT NOT NULL,
    {", ".join(CONDITIONS)}
) WITHOUT ROWID;
{FACTS.format(temporary="")}
{CALIBRATIONS}
{PAIRS.format(temporary="")}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT_VERSION};
"""
