"""OpenCV is imported in one place, and a system library that it lacks is explained in one line."""

import os
import subprocess
import sys

import pytest


def _import_with(tmp_path, raised):
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "__init__.py").write_text(f"raise {raised}")
    script = (
        "from imgsim.errors import ImgsimError\n"
        "try:\n    from imgsim.images.opencv import cv2\n    print(cv2.INTER_AREA)\n"
        "except ImgsimError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("library", "package"),
    [("libGL.so.1", "libgl1"), ("libgthread-2.0.so.0", "libglib2.0-0t64"), ("libSM.so.6", "libsm6")],
)
def test_missing_system_library_names_its_packages(tmp_path, library, package):
    raised = f"ImportError('{library}: cannot open shared object file: No such file or directory')"
    done = _import_with(tmp_path, raised)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert library in done.stdout
    assert "apt-get install" in done.stdout
    assert package in done.stdout


def test_other_import_errors_stay_what_they_are(tmp_path):
    done = _import_with(tmp_path, "ImportError('numpy.core.multiarray failed to import')")
    assert done.returncode == 1
    assert "numpy.core.multiarray" in done.stderr


def test_exports_opencv():
    from imgsim.images.opencv import cv2

    assert cv2.INTER_AREA == 3
