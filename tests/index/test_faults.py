"""Whatever happens to the process, the disk or a neighbour, committed photos stay and answers are right."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from imgsim.errors import ImgsimError, IndexFormatError, IndexLockedError, IndexWriteError
from imgsim.images import find
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.sqlite import connection
from imgsim.index.sqlite.explanations import explained
from imgsim.index.sqlite.filesystem import is_network_share
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.summary import Observer
from imgsim.index.update import check_update, update_index
from imgsim.processes import CHUNK
from tests.explained import explains
from tests.photos import draw_photo
from tests.stores import put_described

IMGSIM = [sys.executable, "-m", "imgsim"]


def count(folder):
    """Count committed photos, as a reader from outside."""
    try:
        with (
            closing(sqlite3.connect(f"file:{folder}/.imgsim/index.sqlite?mode=ro", uri=True, timeout=5)) as database,
            database,
        ):
            return database.execute("SELECT count(*) FROM features").fetchone()[0]
    except sqlite3.Error:
        return 0


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for seed in range(400):
        draw_photo(folder / f"{seed:03}.png", seed, (160, 120))
    return folder


@pytest.mark.parametrize("kill_at", [0, 1, 100, 250])
def test_killed_anywhere_it_keeps_what_was_committed_and_goes_on(many, tmp_path, kill_at):
    folder = shutil.copytree(many, tmp_path / "photos")
    command = [*IMGSIM, "index", str(folder), "-x", "lbp", "-x", "histogram", "--jobs", "2"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    give_up = time.monotonic() + 60
    while count(folder) < 2 * kill_at and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    committed = count(folder)
    assert 2 * kill_at <= committed < 800
    done = update_index(folder, extractors=["lbp", "histogram"])
    assert (done.added, done.unchanged, done.failed) == (400 - committed // 2, committed // 2, 0)
    assert count(folder) == 800
    _await_orphans(process.pid)


def _await_orphans(session):
    """Workers whose parent was killed end by themselves."""
    for _ in range(200):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("workers outlive their parent")


CRASHING = """
import os, signal, sys
from imgsim.features import measure
from imgsim.index.options import Options

decode = measure.decode

def crash(stream, name, *rest, **options):
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("stop"):
        os.kill(os.getpid(), signal.SIGKILL)
    return decode(stream, name, *rest, **options)

measure.decode = crash  # in worker processes, too

if __name__ == "__main__":
    import imgsim
    folder, jobs = sys.argv[1:]
    done = imgsim.update_index(folder, extractors=["phash"], options=Options(jobs=int(jobs)))
    print(done.added, done.unchanged, done.failed)
"""
CRASHED = "the decoder crashed on it"
HANGING = """
import re, sys
from imgsim import bounds
from imgsim.images import read
from imgsim.index.options import Options

bounds.GRACE = 0.1
decode = read._decode_all

def hang(stream, name, *rest):
    if name.startswith("hang"):
        re.match("(a+)+$", "a" * 64 + "b")  # no Python runs meanwhile
    return decode(stream, name, *rest)

read._decode_all = hang  # in worker processes, too

if __name__ == "__main__":
    import imgsim
    done = imgsim.update_index(sys.argv[1], extractors=["phash"], options=Options(jobs=2, max_seconds=1))
    print(done.added, done.unchanged, done.failed)
"""


@pytest.fixture
def crashing(tmp_path):
    """Index a folder in a process whose decoder crashes on some photos; give what it printed, or minus the signal."""
    script = tmp_path / "crashing.py"
    script.write_text(CRASHING)

    def index(folder, jobs=1):
        command = [sys.executable, str(script), str(folder), str(jobs)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return result.stdout.split() if result.returncode == 0 else result.returncode

    return index


def ledger(folder):
    with open_index(folder) as index:
        return {failure.path: failure.reason for failure in index.failures}


def mark_of(folder):
    return folder / ".imgsim" / "decoding"


def test_a_photo_that_kills_its_worker_is_one_failure(make_photos, crashing):
    folder = make_photos("crash.png", *(f"{place}.png" for place in range(3 * CHUNK)))
    assert crashing(folder, jobs=2) == [str(3 * CHUNK), "0", "1"]
    assert ledger(folder) == {"crash.png": CRASHED}


@pytest.mark.parametrize("names", [["crash.png"], ["crash.png", "crash2.png"], ["b.png", "crash.png", "zz.png"]])
def test_a_crash_ends_a_small_run_once_and_is_then_a_failure(make_photos, crashing, names):
    folder = make_photos("a.png", *names)
    guilty = [name for name in names if name.startswith("crash")]
    whole = 1 + len(names) - len(guilty)
    assert crashing(folder) == -signal.SIGSEGV
    assert mark_of(folder).exists()
    assert crashing(folder) == [str(whole), "0", str(len(guilty))]
    assert ledger(folder) == dict.fromkeys(guilty, CRASHED)
    assert not mark_of(folder).exists()
    assert crashing(folder) == ["0", str(whole), str(len(guilty))]  # it is not tried again
    assert not mark_of(folder).exists()


def test_a_photo_that_takes_too_long_is_one_failure_and_the_others_go_on(make_photos, tmp_path):
    folder = make_photos("hang.png", *(f"{place}.png" for place in range(3 * CHUNK)))
    (tmp_path / "hanging.py").write_text(HANGING)
    command = [sys.executable, str(tmp_path / "hanging.py"), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.split() == [str(3 * CHUNK), "0", "1"]
    assert ledger(folder) == {"hang.png": "takes longer than 1 seconds to decode (max_seconds)"}
    assert not mark_of(folder).exists()


def test_a_crash_with_one_job_keeps_what_was_committed_and_goes_on(make_photos, crashing):
    folder = make_photos("crash.png", *(f"{place:03}.png" for place in range(80)))
    assert crashing(folder) == -signal.SIGSEGV
    assert count(folder) == 64
    assert crashing(folder) == ["16", "64", "1"]
    assert ledger(folder) == {"crash.png": CRASHED}


def test_a_run_killed_without_a_crash_costs_the_next_one_nothing_but_a_process(make_photos, crashing):
    folder = make_photos("a.png", "b.png", "stop.png")
    assert crashing(folder) == -signal.SIGKILL
    (folder / "stop.png").rename(folder / "c.png")
    assert crashing(folder) == ["3", "0", "0"]
    assert not mark_of(folder).exists()


def test_a_run_that_only_fails_leaves_no_mark(make_photos, monkeypatch):
    folder = make_photos(2)
    monkeypatch.setattr("imgsim.index.measurement.Measurement._commit", None)
    with pytest.raises(TypeError):
        update_index(folder, extractors=["phash"])
    assert not mark_of(folder).exists()


@pytest.mark.parametrize("kind", ["text", "link", "folder"])
def test_a_mark_that_somebody_made_is_not_followed_or_believed(make_photos, tmp_path, kind):
    folder = make_photos(3)
    (folder / ".imgsim").mkdir()
    outside = tmp_path / "outside"
    outside.write_text("mine")
    if kind == "text":
        mark_of(folder).write_text("0.png\n../outside\n/etc/passwd\n")
    elif kind == "link":
        mark_of(folder).symlink_to(outside)
    else:
        mark_of(folder).mkdir()
    assert update_index(folder, extractors=["phash"]).added == 3
    assert outside.read_text() == "mine"
    assert mark_of(folder).is_dir() is (kind == "folder")
    assert ledger(folder) == {}


def test_an_unguarded_script_is_told_what_it_lacks(many, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import imgsim\nimgsim.update_index({str(many)!r}, index={str(tmp_path / 'index')!r}, extractors=['phash'])\n"
    )
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert "worker processes cannot start" in result.stderr


def test_the_second_indexer_says_so_at_once(make_photos):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    result, refused = _timed_index(folder)
    store.close()
    assert result.returncode == 2
    assert "another process is writing this index" in result.stderr
    assert result.stderr.count("\n") == 1
    done, unhindered = _timed_index(folder)
    assert done.returncode == 0
    assert refused < unhindered + 4  # it did not wait for the lock: SQLite would for 5 s
    with pytest.raises(IndexLockedError):
        _while_locked(folder)
    assert update_index(folder).unchanged == 2


def _timed_index(folder):
    began = time.monotonic()
    result = subprocess.run([*IMGSIM, "index", str(folder)], capture_output=True, text=True, check=False)
    return result, time.monotonic() - began


def _while_locked(folder):
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    try:
        update_index(folder)
    finally:
        store.close()


def test_a_reader_sees_one_state_while_another_indexes(make_photos):
    folder = make_photos(4)
    update_index(folder, extractors=["phash"])
    with open_index(folder) as index, index.searcher() as searcher:
        before = searcher.search([folder / "0.png"], 20)
        for seed in range(50, 60):
            draw_photo(folder / f"{seed}.png", seed)
        update_index(folder)
        assert searcher.search([folder / "0.png"], 20) == before
    with open_index(folder) as index:
        assert len(index.search(folder / "0.png", k=20)) == 13


def test_queries_during_indexing_are_answered_from_whole_batches(many, tmp_path):
    folder = shutil.copytree(many, tmp_path / "photos")
    command = [*IMGSIM, "index", str(folder), "-x", "lbp", "--jobs", "2", "-q"]
    process = subprocess.Popen(command)
    seen = []
    while process.poll() is None:
        if count(folder):
            with open_index(folder) as index:
                seen.append(len(index.search(folder / "000.png", k=1000, include_self=True)))
    assert process.returncode == 0
    assert seen == sorted(seen)
    with open_index(folder) as index:
        assert len(index.search(folder / "000.png", k=1000, include_self=True)) == 400


def test_a_full_disk_is_one_line_and_loses_nothing(many, tmp_path):
    folder = shutil.copytree(many, tmp_path / "photos")

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    command = [*IMGSIM, "index", str(folder), "-x", "hog", "--jobs", "1"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=small_disk)
    assert result.returncode == 2
    assert "the disk is full or failing" in result.stderr
    assert "Traceback" not in result.stderr
    committed = count(folder)
    done = update_index(folder, extractors=["hog"])
    assert (done.unchanged, done.added) == (committed, 400 - committed)


def test_a_photo_that_vanishes_between_walk_and_read(make_photos, monkeypatch):
    folder = make_photos(3)
    find_images = find.find_images

    def with_ghost(root, **options):
        found = find_images(root, **options)
        return found._replace(images=[*found.images, find.FoundImage("ghost.png", 1, 1)])

    monkeypatch.setattr("imgsim.images.find.find_images", with_ghost)
    summary = update_index(folder, extractors=["phash"])
    assert (summary.added, summary.failed) == (3, 1)
    with open_index(folder) as index:
        assert [failure.path for failure in index.failures] == ["ghost.png"]
    monkeypatch.undo()
    assert update_index(folder).failed == 0


def test_another_programs_database_or_a_folder_that_refuses_asks_for_another_place(make_photos):
    folder = make_photos(1)
    (folder / ".imgsim").mkdir()
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as other, other:
        other.execute("CREATE TABLE notes (text)")
    with explains(IndexFormatError, r"index\.sqlite is not an imgsim index; choose another with --index$"):
        update_index(folder)
    (folder / ".imgsim" / "index.sqlite").unlink()
    (folder / ".imgsim" / "writer.lock").unlink()
    (folder / ".imgsim" / "writer.lock").mkdir()  # which no database can be
    with explains(IndexWriteError, r"cannot be written here \(.*\); choose another with --index$"):
        update_index(folder)


def test_a_newer_index_is_refused(make_photos):
    folder = make_photos(1)
    update_index(folder, extractors=["phash"])
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("PRAGMA user_version = 99")
    for use in (lambda: open_index(folder), lambda: update_index(folder)):
        with pytest.raises(IndexFormatError, match="format 99 is newer.*update imgsim"):
            use()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to look like one" * 20, None])
def test_another_file_in_its_place_is_refused(make_photos, content):
    folder = make_photos(1)
    (folder / ".imgsim").mkdir()
    database = folder / ".imgsim" / "index.sqlite"
    if content is None:
        with closing(sqlite3.connect(database)) as other, other:
            other.execute("CREATE TABLE someone_elses (x)")
    else:
        database.write_bytes(content)
    before = database.read_bytes()
    for use in (lambda: open_index(folder), lambda: update_index(folder)):
        with pytest.raises(IndexFormatError, match="damaged|not an imgsim index"):
            use()
    assert database.read_bytes() == before


def test_a_read_only_folder_cut_off_mid_write_is_not_misread(make_photos, monkeypatch):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    (folder / ".imgsim" / "index.sqlite-wal").write_bytes(b"x" * 100)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(IndexFormatError, match="copy it"):
        open_index(folder)


def test_where_no_index_can_be_made(make_photos, tmp_path):
    folder = make_photos(1)
    (tmp_path / "file").write_text("in the way")
    with explains(IndexWriteError, "choose another with --index"):
        update_index(folder, index=tmp_path / "file" / "index")
    with pytest.raises(ImgsimError, match="no such folder"):
        update_index(tmp_path / "nowhere")


def test_the_last_one_out_folds_the_log_in(make_photos):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    assert sorted(path.name for path in (folder / ".imgsim").iterdir()) == ["cache", "index.sqlite", "writer.lock"]


MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:50 / /srv/shared\\040photos rw shared:2 - nfs4 server:/photos rw
23 22 8:2 / /srv/shared\\040photos/local rw shared:3 - ext4 /dev/sdb1 rw
"""


@pytest.mark.parametrize(
    ("folder", "network"),
    [("/srv", False), ("/srv/shared photos/x", True), ("/srv/shared photos/local/y", False), ("/srv/shared", False)],
)
def test_network_shares_are_recognised_by_the_nearest_mount(tmp_path, folder, network):
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert is_network_share(folder, tmp_path / "mountinfo") is network
    assert not is_network_share(folder, tmp_path / "absent")


def test_on_a_network_share_there_is_no_write_ahead_log(make_photos, monkeypatch):
    folder = make_photos(2)
    monkeypatch.setattr(connection, "is_network_share", lambda _: True)
    update_index(folder, extractors=["phash"])
    with open_index(folder) as index:
        assert index.journal_mode == "delete"
        assert len(index.search(folder / "0.png")) == 1


def test_what_would_stop_an_update_is_found_out_before_and_changes_nothing(make_photos, tmp_path, monkeypatch):
    folder = make_photos(3)
    check_update(folder)
    check_update(folder, index=tmp_path / "a" / "b")
    assert sorted(tmp_path.iterdir()) == [folder]
    assert not (folder / ".imgsim").exists()
    (tmp_path / "file").write_text("in the way")
    with explains(IndexWriteError, "choose another with --index"):
        check_update(folder, index=tmp_path / "file" / "index")
    with monkeypatch.context() as patch, explains(IndexWriteError, "choose another with --index"):
        patch.setattr("os.access", lambda *_: False)
        check_update(folder)
    update_index(folder, extractors=["phash"])
    check_update(folder)
    for name in ("0.png", "1.png"):
        (folder / name).unlink()
    with pytest.raises(ImgsimError, match="2 of 3 indexed photos are missing"):
        check_update(folder)
    assert count(folder) == 3


@pytest.mark.parametrize("name", ["index.sqlite", "index.sqlite-wal", "writer.lock"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(make_photos, name):
    folder = make_photos(1)
    update_index(folder, extractors=["phash"])
    (folder / ".imgsim" / name).unlink(missing_ok=True)
    os.mkfifo(folder / ".imgsim" / name)
    for use in (lambda: open_index(folder), lambda: update_index(folder)):
        with pytest.raises(IndexFormatError, match=rf"{name}: is not a file, so this is no index$"):
            use()


def test_an_index_that_cannot_be_read_is_said_to_be_one(make_photos):
    folder = make_photos(1)
    (folder / ".imgsim" / "index.sqlite").mkdir(
        parents=True
    )  # which SQLite cannot open, as it cannot what is locked away
    with pytest.raises(IndexFormatError, match=r"\.imgsim: cannot be read \(.*\)$"):
        open_index(folder)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("SQLITE_CORRUPT_VTAB", "malformed", "the index is damaged (malformed); delete it and index again"),
        ("SQLITE_NOTADB", "not a database", "the index is damaged (not a database); delete it and index again"),
        ("SQLITE_NOMEM", "out of memory", "SQLite cannot go on (out of memory)"),
        ("SQLITE_LOCKED", "is locked", "SQLite cannot go on (is locked)"),
        (
            "SQLITE_ERROR",
            "no such table: parts",
            "the index is damaged (no such table: parts); delete it and index again",
        ),
    ],
)
def test_damage_is_what_sqlite_calls_so(name, code, said):
    error = sqlite3.OperationalError(code)
    error.sqlite_errorname = name
    with pytest.raises(IndexFormatError) as caught, explained("here"):
        raise error
    assert str(caught.value) == f"here: {said}"


@pytest.mark.parametrize("replaced", [False, True])
def test_an_index_that_is_removed_while_it_is_written_is_an_error(make_photos, replaced):
    folder, other = make_photos(70), make_photos(1, folder="other")
    update_index(other, extractors=["phash"])

    class Remover(Observer):
        def advanced(self, photos):
            if replaced:
                shutil.copy(other / ".imgsim" / "index.sqlite", folder / "copy")
                (folder / "copy").rename(folder / ".imgsim" / "index.sqlite")
            else:
                shutil.rmtree(folder / ".imgsim", ignore_errors=True)

    with explains(IndexWriteError, "the index was removed or replaced while it was written.*run again"):
        update_index(folder, extractors=["phash"], observer=Remover())
    shutil.rmtree(folder / ".imgsim", ignore_errors=True)
    assert update_index(folder, extractors=["phash"]).added == 70


def test_an_index_that_is_removed_at_the_last_moment_is_an_error(make_photos):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    with pytest.raises(IndexWriteError, match="removed or replaced"), IndexWriter(str(folder / ".imgsim")) as writer:
        with writer.transaction():
            pass
        shutil.rmtree(folder / ".imgsim")


def test_an_interrupt_is_not_hidden_by_a_removed_index(make_photos):
    folder = make_photos(2)
    update_index(folder, extractors=["phash"])
    with pytest.raises(KeyboardInterrupt), IndexWriter(str(folder / ".imgsim")):
        shutil.rmtree(folder / ".imgsim")
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["index.sqlite", "index.sqlite-wal", "index.sqlite-journal", "writer.lock"])
def test_nothing_is_written_through_a_link_in_place_of_a_file(make_photos, tmp_path, name):
    folder = make_photos(1)
    update_index(folder, extractors=["phash"])
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (folder / ".imgsim" / name).unlink(missing_ok=True)
    (folder / ".imgsim" / name).symlink_to(victim)
    for use in (lambda: open_index(folder), lambda: update_index(folder)):
        with pytest.raises(IndexFormatError, match=rf"{name}: is a link, so this is no index$"):
            use()
    assert victim.read_bytes() == b""


def test_photos_that_are_not_all_asked_for_are_no_damage(make_photos):
    folder = make_photos(3)
    update_index(folder, extractors=["phash"])
    with open_index(folder) as index:
        photos = index.photos()
        assert next(photos).path == "0.png"
        photos.close()
        assert len(list(index.photos())) == 3
        photos = index.photos()
        next(photos)
    photos.close()  # after the index


def test_a_list_of_which_the_head_is_enough_ends_in_silence(make_photos, tmp_path):
    with closing(SqliteStore.open_writer(str(tmp_path), str(tmp_path))) as store:
        put_described(store, {f"{'long' * 40}{number}.jpg": {} for number in range(4000)})
    reader, writer = os.pipe()
    process = subprocess.Popen([*IMGSIM, "list", str(tmp_path)], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    os.read(reader, 100)
    os.close(reader)
    assert process.communicate() == (None, b"")
    assert process.returncode == 141
