"""imgsim is offline: ONNX Runtime is told to report nothing."""

import os
import subprocess
import sys


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
