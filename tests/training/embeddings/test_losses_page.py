"""docs/losses.md has a row for every loss, miner and sampler, with its parameters and its paper."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.training.embeddings.losses import LOSSES
from imgsim.training.embeddings.miners import MINERS
from imgsim.training.embeddings.samplers import SAMPLERS
from imgsim.training.named_part import spell_part

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "losses.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TABLES = {"Losses": LOSSES, "Miners": MINERS, "Samplers": SAMPLERS}


def rows_of(section):
    lines = re.findall(r"^\|( `.*)\|$", SECTIONS[section], re.MULTILINE)
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {name.strip("`"): (params.strip("`"), cells) for name, params, *cells in rows}


@pytest.mark.parametrize("section", TABLES)
def test_it_has_a_row_for_each(section):
    assert set(rows_of(section)) == set(TABLES[section])


@pytest.mark.parametrize(("section", "name"), [(section, name) for section, table in TABLES.items() for name in table])
def test_a_row_has_the_parameters_labels_and_paper(section, name):
    table = TABLES[section]
    part = table.load(name)
    params, cells = rows_of(section)[name]
    assert f"{name}:{params}".removesuffix(":") == spell_part(table, name)
    kinds = getattr(part, "kinds", None) or (part.kind,)
    assert cells[1] == ", ".join(kinds)
    assert cells[-1] == part.paper
    if section == "Losses":
        assert part.mined == (cells[2] == "yes")
