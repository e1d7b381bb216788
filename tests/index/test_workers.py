"""Photos are dealt to workers so that none is still at a long chunk when the others have nothing left."""

import pytest

from imgsim.features import load_extractor
from imgsim.index.tasks import Assignment, Task
from imgsim.index.workers import CHUNK, measure_photos


@pytest.mark.parametrize("count", [0, 1, 40, 150])
def test_chunks_shrink_toward_the_end_and_lose_no_photo(make_photos, count):
    folder = make_photos(1)
    spec = load_extractor("phash").spec
    names = ["0.png" if place % 2 else "missing.png" for place in range(count)]
    tasks = [Task(name, 1, 1, (1,)) for name in names]
    chunks = list(measure_photos(Assignment(str(folder), {1: spec}, 100), tasks, 2))
    sizes = [len(chunk) for chunk in chunks]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=0) <= CHUNK
    assert sizes[-2:] == [1] * min(count, 2)
    measured = [getattr(one, "path", None) or one.record.path for chunk in chunks for one in chunk]
    assert measured == names
