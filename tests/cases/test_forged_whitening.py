"""A whitening file that digests to its name, but is no whitening."""

import hashlib
import io
import shutil
from pathlib import Path

import numpy as np

TRUNKS = Path(__file__).parents[1] / "fixtures" / "format2" / "models"
EXTRACTOR = "squeezenet1_1:layer=features.3"


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


FORGED = {
    "nothing": b"",
    "a text": b"hello",
    "other arrays": archive(a=np.zeros(3)),
    "an object": archive(mean=np.array([{}], object), projection=np.zeros((128, 2)), fitted_to=np.array("x")),
}


def test_it_is_called_damaged(make_photos, cache, run):
    shutil.copytree(TRUNKS, cache, dirs_exist_ok=True)
    photo = make_photos(1) / "0.png"
    (whole,) = (path.stem.rpartition("-")[2] for path in cache.glob("whitening*"))
    assert run("extract", photo, "-x", f"{EXTRACTOR},whitening={whole}").code == 0
    unexplained = {}
    for name, content in FORGED.items():
        digest = hashlib.sha256(content).hexdigest()[:12]
        (cache / f"whitening--{digest}.npz").write_bytes(content)
        ran = run("extract", photo, "-x", f"{EXTRACTOR},whitening={digest}")
        if not ran.is_explained or ran.code != 2:
            unexplained[name] = ran
    assert unexplained == {}
