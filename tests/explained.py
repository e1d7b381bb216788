"""What the command line makes of a library's error."""

import re
from contextlib import contextmanager

import pytest

from imgsim.cli.remedies import explain


@contextmanager
def explains(kind, pattern):
    """Expect an error in whose explanation, remedy included, a pattern is found."""
    with pytest.raises(kind) as raised:
        yield
    assert re.search(pattern, explain(raised.value)), explain(raised.value)
