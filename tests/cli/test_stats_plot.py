"""Pictures of `imgsim stats`."""

import pytest


@pytest.fixture
def photos(make_photos, monkeypatch):
    folder = make_photos(3)
    monkeypatch.chdir(folder.parent)
    return folder


def test_a_panel_a_photo_or_one_of_all(run, photos):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    assert run("stats", "photos", "--plot", "each.svg").err == "drew each.svg\n"
    each = (photos.parent / "each.svg").read_text()
    assert all(f"photos/{number}.png" in each for number in range(3))
    assert run("stats", "photos", "--pooled", "--plot", "all.svg").code == 0
    pooled = (photos.parent / "all.svg").read_text()
    assert "all photos" in pooled
    assert "photos/0.png" not in pooled


def test_too_many_panels_are_refused(run, photos, monkeypatch):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    monkeypatch.setattr("imgsim.cli.commands.stats.MOST_PANELS", 2)
    result = run("stats", "photos", "--plot", "each.svg")
    assert result.code == 2
    assert "more than 2 photos are too many panels: --pooled draws them as one" in result.err


def test_what_cannot_be_drawn_is_refused_first(run, photos):
    result = run("stats", "photos", "--plot", "each.bmp")
    assert (result.code, result.out) == (2, "")
