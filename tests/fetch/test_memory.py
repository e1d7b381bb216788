"""Memory does not grow with the table."""

import subprocess
import sys

import pytest

MEASURE = """
import resource, sys
from imgsim.fetch.fetch_options import FetchOptions
from imgsim.fetch.fetch_run import FetchObserver
from imgsim.fetch.table_fetch import TableFetch, TableSource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with TableFetch(TableSource(sys.argv[1]), sys.argv[2], FetchOptions()) as fetching:
    summary = fetching.run(FetchObserver())
assert summary.failed == summary.items
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is in other units")
def test_tens_of_thousands_of_rows_take_what_thousands_do(tmp_path):
    """Rows of 1 kB of a host that is refused; the peak of a process stays, so each count has its own."""
    peaks = {}
    for count in (2_000, 40_000):
        rows = (f"http://10.0.0.1/{n}.jpg,{'x' * 900},{n}" for n in range(count))
        (tmp_path / f"{count}.csv").write_text("\n".join(["url,name,price", *rows]))
        command = [sys.executable, "-c", MEASURE, str(tmp_path / f"{count}.csv"), str(tmp_path / f"got{count}")]
        peaks[count] = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peaks[40_000] - peaks[2_000] < 8_000  # kB, of 38,000 rows and as many kB
