"""Networks in the model cache, and those of packages, for `imgsim models`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from imgsim.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.models.cache import ModelFile

COLUMNS = ("architecture", "weights", "padding", "layer", "megabytes", "path", "kind", "licence", "source", "name")


def cached_rows(files: Iterable[ModelFile]) -> list[dict[str, Any]]:
    """Describe models, but for those that went away meanwhile."""
    from imgsim.models.cache import SHOWN_DIGITS
    from imgsim.models.header import read_header
    from imgsim.models.own_names import own_names

    rows, names = [], own_names()
    for file in files:
        with suppress(WeightsError):
            row = file._asdict() | {"weights": file.weights[:SHOWN_DIGITS], "megabytes": round(file.size / 1e6, 1)}
            rows.append({key: row[key] for key in COLUMNS[:6]})
            rows[-1]["name"] = ",".join(name for name, named in names.items() if named.name == file.name)
            header = read_header(file.path)  # one that does not say what it is, is listed by its name
            rows[-1] |= {key: getattr(header, key) for key in COLUMNS[6:9]}
    return rows


def packaged_rows() -> list[dict[str, Any]]:
    """Describe models whose weights are installed as packages."""
    from imgsim.models.architectures import find_architecture
    from imgsim.models.cache import SHOWN_DIGITS
    from imgsim.models.packaged import PACKAGES, find_packaged

    rows = []
    for file in filter(None, map(find_packaged, PACKAGES)):
        known = find_architecture(file.architecture)
        row = file._asdict() | {"weights": file.weights[:SHOWN_DIGITS], "megabytes": known.megabytes}
        row |= {"kind": "trunk", "licence": known.licence, "source": known.url, "name": ""}
        rows.append({key: row[key] for key in COLUMNS})
    return rows
