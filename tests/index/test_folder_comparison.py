"""A folder against its index: by what the file system tells, then by content."""

import hashlib

import pytest

from imgsim.images.find import Found, FoundImage
from imgsim.index.changes import Copy, Edit, Gone, Move
from imgsim.index.folder_comparison import FEW, find_changes
from imgsim.index.store.photo_file_store import LEFT_OUT, MISSING, UNREADABLE, HiddenPhoto, Known


def digest(content):
    return hashlib.blake2b(content, digest_size=16).digest()


class Folder:
    """A folder, and what its index knows; contents are one word each."""

    def __init__(self, root):
        self.root = root
        self.images, self.known, self.hidden, self.unreadable = [], {}, [], []

    def file(self, path, content, *state):
        """Put a file there, of this time, change time and inode: 1, 0 and 0."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content.encode())
        self.images.append(FoundImage(path, len(content), *(*state, *(1, 0, 0)[len(state) :])))
        return self.images[-1]

    def photo(self, path, content, *state, why="", decoding=2):
        """Let the index know a photo, hidden where there is a reason."""
        mtime, *told = (*state, *(1, 0, 0)[len(state) :])
        key = f"{path} {content}"
        known = Known(len(content), mtime, digest(content.encode()), decoding, *told, key)
        photo = HiddenPhoto(path, why, known)
        if why:
            self.hidden.append(photo)
        else:
            self.known[path] = known
        return photo

    def changes(self, failing=(), wanted=lambda _: True):
        found = Found(self.images, 0, self.unreadable)
        return find_changes(str(self.root), found, self.known, self.hidden, failing=failing, wanted=wanted)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_all_that_the_file_system_tells_decides_without_reading(folder):
    folder.photo("a", "photo", 1, 7, 8)
    folder.images.append(FoundImage("a", 5, 1, 7, 8))  # and no file
    assert [image.path for image in folder.changes().unchanged] == ["a"]


@pytest.mark.parametrize("state", [(2, 7, 8), (1, 9, 8), (1, 7, 9)])
def test_a_touched_file_is_told_from_a_changed_one_by_content(folder, state):
    for path, before, now in (("a", "photo", "photo"), ("b", "photo", "other")):
        folder.photo(path, before, 1, 7, 8)
        folder.file(path, now, *state)
    edited = folder.photo("c", "photo", 1, 7, 8)
    folder.file("c", "photos", *state)
    changes = folder.changes()
    assert [image.path for image in changes.touched] == ["a"]
    assert [edit.image.path for edit in changes.changed] == ["b", "c"]
    assert changes.changed[1].photo == edited
    assert changes.trusted == 0


def test_what_is_not_told_is_not_compared(folder):
    folder.photo("a", "photo", 1, 7, 8)
    folder.images.append(FoundImage("a", 5, 1, 0, 0))  # as on Windows
    changes = folder.changes()
    assert ([image.path for image in changes.unchanged], changes.touched, changes.trusted) == (["a"], [], 0)


def test_what_was_not_known_is_taken_from_the_file_without_reading_it(folder):
    folder.photo("a", "photo")
    folder.images.append(FoundImage("a", 5, 1, 7, 8))
    changes = folder.changes()
    assert (changes.touched, changes.trusted) == (folder.images, 1)


def test_a_photo_that_was_left_out_comes_back_without_a_word_about_its_disk(folder):
    photo = folder.photo("a", "photo", 1, 7, 8, why=LEFT_OUT)
    folder.images.append(FoundImage("a", 5, 1, 7, 8))
    changes = folder.changes()
    assert (changes.moved, changes.trusted) == ([Move(photo, folder.images[0])], 0)


@pytest.mark.parametrize(("others", "read"), [(0, False), (FEW // 4, True)])
def test_where_nearly_all_files_are_new_by_change_time_none_is_read(folder, others, read):
    for number in range(FEW + 1):
        folder.photo(f"{number:03}", "photo", 1, 7, 8)
        folder.file(f"{number:03}", "other", 1, 9, 9)
    for number in range(others):
        folder.photo(f"x{number}", "photo", 1, 7, 8)
        folder.file(f"x{number}", "photo", 1, 7, 8)
    changes = folder.changes()
    assert (len(changes.touched), len(changes.changed)) == ((0, FEW + 1) if read else (FEW + 1, 0))
    assert changes.trusted == (0 if read else FEW + 1)


def test_few_files_are_read_even_where_all_are_new(folder):
    for path, before, now in (("a", "one", "two"), ("b", "two", "one")):
        folder.photo(path, before, 1, 7, 8)
        folder.file(path, now, 1, 9, 9)
    assert {(move.photo.path, move.image.path) for move in folder.changes().moved} == {("a", "b"), ("b", "a")}


def test_a_missing_photo_is_recognised_elsewhere_by_content(folder):
    old = folder.photo("old", "same!")
    new, other = folder.file("new", "same!"), folder.file("other", "other")
    changes = folder.changes()
    assert (changes.moved, changes.added, changes.gone) == ([Move(old, new)], [other], [])
    assert changes.vacated == {"old"}


def test_photos_that_went_round_among_their_names_are_recognised(folder):
    photos = [folder.photo(path, content) for path, content in (("a", "one"), ("b", "two"), ("c", "six"))]
    files = [folder.file(path, content, 2) for path, content in (("b", "one"), ("c", "two"), ("a", "six"))]
    changes = folder.changes()
    assert sorted(changes.moved) == sorted(map(Move, photos, files))
    assert (changes.changed, changes.added, changes.gone) == ([], [], [])


def test_photos_renumbered_after_one_was_deleted(folder):
    deleted, third, fourth = (folder.photo(path, text) for path, text in (("2", "two"), ("3", "six"), ("4", "ten")))
    files = folder.file("2", "six", 2), folder.file("3", "ten", 2)
    changes = folder.changes()
    assert changes.moved == [Move(third, files[0]), Move(fourth, files[1])]
    assert changes.gone == [Gone(deleted, MISSING)]


def test_a_new_photo_in_the_place_of_one_that_went_elsewhere_is_not_that_one(folder):
    photo = folder.photo("a", "photo")
    elsewhere, new = folder.file("b", "photo"), folder.file("a", "other", 2)
    changes = folder.changes()
    assert (changes.moved, changes.added, changes.changed) == ([Move(photo, elsewhere)], [new], [])


def test_a_copy_is_not_a_rename(folder):
    photo = folder.photo("a", "same!")
    folder.file("a", "same!")
    copy = folder.file("copy", "same!")
    changes = folder.changes()
    assert (changes.copied, changes.moved) == ([Copy(copy, (photo.known,))], [])


def test_a_copy_in_the_place_of_another_photo_displaces_it(folder):
    kept, displaced = folder.photo("a", "one"), folder.photo("b", "two")
    folder.file("a", "one")
    copy = folder.file("b", "one", 2)
    changes = folder.changes()
    assert changes.copied == [Copy(copy, (kept.known,))]
    assert changes.gone == [Gone(displaced, MISSING)]


def test_a_displaced_photo_knows_its_copies(folder):
    twin, displaced = folder.photo("a", "one"), folder.photo("b", "one")
    folder.photo("old", "two", why=MISSING)
    folder.file("a", "one")
    folder.file("b", "two", 2)
    assert folder.changes().gone == [Gone(displaced, MISSING, (twin.known,))]


def test_two_missing_copies_are_found_twice_by_name_where_it_is_kept(folder):
    one, other = folder.photo("in/a", "same!"), folder.photo("in/b", "same!")
    files = folder.file("out/b", "same!"), folder.file("x", "same!")
    changes = folder.changes()
    assert changes.moved == [Move(other, files[0]), Move(one, files[1])]
    assert changes.gone == []


def test_failed_files_are_not_tried(folder):
    folder.file("a", "empty")
    other = folder.file("b", "photo")
    changes = folder.changes(failing={"a"})
    assert (changes.still_failing, changes.added) == (["a"], [other])


def test_what_an_unreadable_folder_holds_is_not_missing(folder):
    for path in ("in/a", "inn/b", "in/sub/c"):
        folder.photo(path, "photo")
    folder.photo("in/d", "other", why=LEFT_OUT)
    folder.unreadable = [("in", "permission denied")]
    assert [(gone.photo.path, gone.why) for gone in folder.changes().gone] == [("inn/b", MISSING)]


def test_a_list_of_files_says_nothing_of_the_others(folder):
    folder.photo("a", "photo")
    folder.photo("b", "other", why=MISSING)
    assert folder.changes(wanted=None).gone == []


def test_a_listed_file_with_the_content_of_another_photo_is_a_copy(folder):
    photo = folder.photo("a", "photo")
    listed = folder.file("b", "photo")
    back = folder.photo("c", "other", why=MISSING)
    again = folder.file("d", "other")
    changes = folder.changes(wanted=None)
    assert changes.moved == [Move(back, again)]
    assert changes.copied == [Copy(listed, (photo.known,))]
    assert (changes.added, changes.gone) == ([], [])


def test_missing_and_left_out_are_two_things(folder):
    for path in ("missing", "private/out", "passed over"):
        folder.photo(path, "photo")
    (folder.root / "passed over").write_bytes(b"no photo any more")
    gone = {gone.photo.path: gone.why for gone in folder.changes(wanted=lambda path: "private" not in path).gone}
    assert gone == {"missing": MISSING, "private/out": LEFT_OUT, "passed over": LEFT_OUT}


def test_why_a_photo_is_hidden_follows_what_is_known_of_it(folder):
    expected = {}
    for path, before, now in [
        ("in/left out", LEFT_OUT, MISSING),  # its pattern is no more, and nor is it
        ("private/left out", LEFT_OUT, None),
        ("private/missing", MISSING, None),
        ("back in private", MISSING, LEFT_OUT),
        ("unreadable", UNREADABLE, MISSING),
        ("still unreadable", UNREADABLE, None),
    ]:
        folder.photo(path, path, why=before)
        if now:
            expected[path] = now
    (folder.root / "back in private").touch()
    folder.file("still unreadable", "half", 3)
    changes = folder.changes(failing={"still unreadable"}, wanted=lambda path: "private" not in path)
    assert {gone.photo.path: gone.why for gone in changes.gone} == expected
    assert changes.vacated == set()


@pytest.mark.parametrize("why", [MISSING, LEFT_OUT, UNREADABLE])
@pytest.mark.parametrize(("path", "state"), [("a", (1, 7, 8)), ("a", (1, 9, 9)), ("a", (2, 7, 8)), ("b", (2, 9, 9))])
def test_a_hidden_photo_comes_back_with_its_content(folder, why, path, state):
    photo = folder.photo("a", "photo", 1, 7, 8, why=why)
    file = folder.file(path, "photo", *state)
    changes = folder.changes()
    assert (changes.moved, changes.added, changes.gone) == ([Move(photo, file)], [], [])


@pytest.mark.parametrize(("why", "edited"), [(MISSING, False), (LEFT_OUT, True), (UNREADABLE, True)])
def test_other_content_is_an_edit_only_of_a_photo_that_was_not_seen_to_go(folder, why, edited):
    photo = folder.photo("a", "photo", why=why)
    file = folder.file("a", "other", 2)
    changes = folder.changes()
    assert changes.changed == ([Edit(file, photo)] if edited else [])
    assert changes.added == ([] if edited else [file])
    assert changes.gone == []


def test_a_file_that_cannot_be_read_is_nobodys_copy(folder):
    photo = folder.photo("a", "photo", 1, 7, 8)
    folder.images.append(FoundImage("a", 5, 1, 9, 8))  # which is no longer there
    changes = folder.changes()
    assert changes.changed == [Edit(folder.images[0], photo)]


def test_photos_of_an_older_decoding_are_told_wherever_they_are_now(folder):
    folder.photo("a", "one", decoding=1)
    folder.photo("b", "two", decoding=1, why=MISSING)
    folder.photo("c", "six", decoding=1)
    folder.file("a", "one")
    folder.file("x", "two")
    folder.file("c", "six")
    assert folder.changes(failing={"c"}).older == {"a": 1, "x": 1}
