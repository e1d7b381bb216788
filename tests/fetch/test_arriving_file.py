"""What comes is whole where it is kept, and leaves nothing where it is not."""

import os

import pytest

from imgsim.fetch.arriving_file import SHORT, ArrivingFile

PIECES = {"short": [b"ab", b"cd"], "just short": [bytes(SHORT)], "long": [bytes(SHORT), b"end", bytes(3 * SHORT)]}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "one.part")


@pytest.mark.parametrize("pieces", list(PIECES.values()), ids=list(PIECES))
@pytest.mark.parametrize("kept", [True, False])
def test_what_comes_is_read_and_then_kept_or_gone(path, pieces, kept):
    with ArrivingFile(path) as file:
        for piece in pieces:
            file.write(piece)
        assert os.path.exists(path) == (len(b"".join(pieces)) > SHORT)
        file.stream.seek(0)
        assert file.stream.read() == b"".join(pieces)
        if kept:
            file.keep()
    assert os.path.exists(path) == kept
    if kept:
        with open(path, "rb") as stream:
            assert stream.read() == b"".join(pieces)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("pieces", list(PIECES.values()), ids=list(PIECES))
def test_a_disk_that_is_full_is_told_and_left_as_it_was(path, monkeypatch, pieces):
    def open_full(path, mode, **options):
        open(path, mode).close()
        return open("/dev/full", "wb+", **options)

    def take():
        with ArrivingFile(path) as file:
            for piece in pieces:
                file.write(piece)
            file.keep()

    monkeypatch.setattr("imgsim.fetch.arriving_file.open", open_full, raising=False)
    with pytest.raises(OSError, match="No space left"):
        take()
    assert not os.path.exists(path)
