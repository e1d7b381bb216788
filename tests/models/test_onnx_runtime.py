"""imgsim is offline: ONNX Runtime is told to report nothing."""

import os
import subprocess
import sys

import pytest


def run_in(folder, code):
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, env={**environment, "TMPDIR": str(folder), "HOME": str(folder)}, check=True)
    return [path.name for path in folder.rglob("*")]


def test_nothing_is_reported_and_nothing_left_behind(tmp_path):
    code = "import os, imgsim.models.session; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
    assert run_in(tmp_path, code) == []


def test_what_somebody_chose_stays(tmp_path):
    chosen = "import os; os.environ['ORT_DISABLE_TELEMETRY'] = '0'"
    run_in(tmp_path, f"{chosen}; import imgsim.models.session; assert os.environ['ORT_DISABLE_TELEMETRY'] == '0'")


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("__version__ = '1.19.2'", "ONNX Runtime 1.19.2 is too old to run networks here: `pip install --upgrade"),
        ("raise ImportError('compiled for another NumPy')", "cannot be imported: `pip install --upgrade onnxruntime`"),
    ],
)
def test_a_runtime_that_does_not_do_is_one_line(tmp_path, make_photos, module, says):
    (tmp_path / "onnxruntime.py").write_text(module)
    command = [sys.executable, "-m", "imgsim", "extract", str(make_photos(1) / "0.png"), "-x", "efficientnet_lite0"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
