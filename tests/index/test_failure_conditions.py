"""When a file that could not be read is worth another try."""

import pytest

from imgsim.errors import ImageReadError, MissingDependencyError
from imgsim.images import plugins, read
from imgsim.images.find import FoundImage
from imgsim.images.read import read_image
from imgsim.index import failure_conditions
from imgsim.index.failure_conditions import conditions_of, still_stands
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.store.ledger_store import Failure
from imgsim.index.update import update_index
from imgsim.side_process import SideProcesses

FILE = FoundImage("a.png", 5, 1, 7, 8)
LIMITS = {"max_megapixels": 2.0}


def failed(error, limits=LIMITS):
    return Failure(*FILE[:3], error.reason, *FILE[3:], conditions_of(error, limits))


@pytest.mark.parametrize(
    ("file", "stands"),
    [
        (FILE, True),
        (FILE._replace(size=6), False),
        (FILE._replace(mtime_ns=2), False),
        (FILE._replace(ctime_ns=9), False),
        (FILE._replace(inode=9), False),
        (FILE._replace(ctime_ns=0, inode=0), True),  # which are not known
    ],
)
def test_a_file_that_changed_is_tried(file, stands):
    assert still_stands(failed(ImageReadError("a.png", "damaged")), file, LIMITS) == stands


@pytest.mark.parametrize(("limit", "stands"), [(1.0, True), (2.0, True), (2.5, False)])
def test_a_limit_that_was_raised_concerns_those_that_were_over_it(limit, stands):
    over = ImageReadError("a.png", "too large", limit="max_megapixels")
    assert still_stands(failed(over), FILE, {"max_megapixels": limit}) == stands
    assert still_stands(failed(ImageReadError("a.png", "damaged")), FILE, {"max_megapixels": limit})


def test_another_decoder_concerns_all(monkeypatch):
    failure = failed(ImageReadError("a.png", "damaged"))
    assert still_stands(failure, FILE, LIMITS)
    monkeypatch.setattr(failure_conditions, "_decoders", lambda: "pillow 99")
    assert not still_stands(failure, FILE, LIMITS)
    assert still_stands(failure, FILE, None)  # where nobody tries


def test_what_the_system_refused_is_tried_every_time():
    assert not still_stands(failed(ImageReadError("a.png", "permission denied", system=True)), FILE, LIMITS)


def test_failures_of_which_no_conditions_are_kept_are_tried():
    assert not still_stands(Failure("a.png", 5, 1, "damaged"), FILE, LIMITS)


def test_a_package_that_can_be_imported_now_concerns_those_that_lacked_it():
    lacking = failed(ImageReadError("a.heic", "a HEIC picture", package="no-such-package"))
    lacked = failed(ImageReadError("a.heic", "a HEIC picture", package="imgsim"))
    assert still_stands(lacking, FILE, LIMITS)
    assert not still_stands(lacked, FILE, LIMITS)


def test_reading_says_what_a_failure_depends_on(tmp_path, monkeypatch, make_photos):
    photo = make_photos(1) / "0.png"
    heic = tmp_path / "a.heic"
    heic.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1")

    def lack():
        raise MissingDependencyError("pillow-heif", "heif")

    monkeypatch.setattr(plugins, "_heif_class", lack)
    monkeypatch.setattr(read, "_decoders", SideProcesses(read._answer))  # none that was forked before
    for path, options, facts in (
        (photo, {"max_megapixels": 1e-6}, {"limit": "max_megapixels"}),
        (heic, {}, {"package": "pillow-heif"}),
        (tmp_path / "gone.png", {}, {"system": True}),
    ):
        with pytest.raises(ImageReadError) as raised:
            read_image(path, **options)
        assert raised.value.facts == facts


def test_what_a_failure_depends_on_survives_the_way_from_a_worker(make_photos):
    folder = make_photos(70)
    options = {"jobs": 2, "max_megapixels": 1e-6}
    assert update_index(folder, extractors=["phash"], options=Options(**options)).failed == 70
    with open_index(folder) as opened:
        assert all(failure.conditions["limits"] == {"max_megapixels": 1e-6} for failure in opened.failures)
    assert update_index(folder, options=Options(max_megapixels=1)).added == 70
