"""Files of the same content are found by reading those alone that have the same size."""

from imgsim.images import content
from imgsim.images.content import contents
from imgsim.images.find import FoundImage


def test_only_files_of_one_size_are_read(tmp_path, monkeypatch):
    written = {"a.png": b"one", "b.png": b"two", "c.png": b"one", "d.png": b"longer", "gone.png": None}
    written |= {"e.png": b"", "f.png": b""}
    for name, held in written.items():
        if held is not None:
            (tmp_path / name).write_bytes(held)
    read = []
    whole = content.open_photo
    monkeypatch.setattr(content, "open_photo", lambda path: read.append(path.rpartition("/")[2]) or whole(path))
    images = [FoundImage(name, len(b"one" if held is None else held), 0) for name, held in written.items()]
    keys = contents(str(tmp_path), images)
    assert keys[0] == keys[2] != keys[1]
    assert [bool(key) for key in keys] == [True, True, True, False, False, False, False]
    assert read == ["a.png", "b.png", "c.png", "gone.png"]
