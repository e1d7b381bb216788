"""Networks are trained from a program as the commands train them, go on after a kill, and refuse what contradicts."""

import pytest

from imgsim.errors import EvaluationError, MissingDependencyError, ParameterError
from imgsim.training.network_runs import Resources, train_classifier, train_embedding
from imgsim.training.told_labels import by_path
from tests.training.embeddings.tiny import draw_classes, tiny_backbone

LITTLE = {"batch": 8, "epochs": 3, "lr": 0.01, "least_crop": 0.5}
QUICK = {
    train_embedding: {**LITTLE, "dim": 64, "loss": "triplet"},
    train_classifier: {**LITTLE, "start": "random", "freeze": "0", "views": 0},
}
ONE = Resources("cpu", jobs=1)


class Killed(Exception):  # noqa: N818
    pass


@pytest.fixture
def tiny(one_torch_thread, monkeypatch):
    pytest.importorskip("torch", reason="the extra deep is not installed")
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return draw_classes(tmp_path / "photos", classes=8, each=4)


@pytest.mark.parametrize("train", QUICK)
def test_a_run_that_was_killed_goes_on_to_the_same_model(tiny, photos, tmp_path, train):
    def kill(epoch):
        if epoch.epoch == 2:
            raise Killed

    whole = train(photos, tmp_path / "whole.onnx", resources=ONE, **QUICK[train])
    with pytest.raises(Killed):
        train(photos, tmp_path / "killed.onnx", resources=ONE, heard=kill, **QUICK[train])
    assert not (tmp_path / "killed.onnx").exists()
    with pytest.raises(ParameterError, match="epochs: a run that goes on has its recipe"):
        train(photos, tmp_path / "killed.onnx", resume=True, epochs=4)
    on = train(photos, tmp_path / "killed.onnx", resume=True, resources=ONE)
    assert (tmp_path / "killed.onnx").read_bytes() == (tmp_path / "whole.onnx").read_bytes() == on.data == whole.data
    assert [one.epoch for one in whole.log][-1] == 3
    with pytest.raises(Exception, match="a run is in it already"):
        train(photos, tmp_path / "whole.onnx", **QUICK[train])
    with pytest.raises(Exception, match="no run is in it to go on with"):
        train(photos, tmp_path / "other.onnx", resume=True)


def test_labels_may_be_told_by_path(tiny, photos):
    """As folders say them: what is learned is the same."""
    told = {str(path): path.parent.name for path in photos.rglob("*.png")}
    by_folder, by_photo = (
        train_embedding(photos, f"{name}.onnx", labels, resources=ONE, **QUICK[train_embedding])
        for name, labels in (("folders", "folders"), ("told", told))
    )
    assert by_folder.data == by_photo.data


def test_scores_are_learned_from(tiny, photos):
    scores = {str(path): 10.0 * int(path.parent.name[-1]) for path in photos.rglob("*.png")}
    recipe = {**LITTLE, "dim": 64, "split": "photos", "widths": "10:15"}
    trained = train_embedding(photos, "scored.onnx", scores=scores, resources=ONE, **recipe)
    assert {one.part for one in trained.outcomes} == {"validation", "test"}
    assert all(0 <= one.to_row()["accuracy"] <= 1 for one in trained.outcomes)
    with pytest.raises(EvaluationError, match="has a score that is a number"):
        train_embedding(photos, "none.onnx", scores=dict.fromkeys(scores, "much"), **recipe)


def test_what_contradicts_itself_is_refused_before_any_work(tiny, photos, tmp_path):
    told = {str(path): "x" for path in photos.rglob("*.png")}
    for choices, match in (
        ({"groups": told}, "groups and widths are of scores"),
        ({"widths": "5:30"}, "groups and widths are of scores"),
        ({"scores": told, "split": "groups"}, "give both or neither"),
        ({"scores": told, "groups": told, "split": "photos"}, "give both or neither"),
        ({"epochs": 0}, "epochs is 1 or more"),
    ):
        with pytest.raises(ParameterError, match=match):
            train_embedding(photos, "m.onnx", **choices)
    with pytest.raises(TypeError, match="epoch"):
        train_embedding(photos, "m.onnx", epoch=3)
    with pytest.raises(EvaluationError, match="no photos in this folder"):
        (tmp_path / "empty").mkdir()
        train_classifier(tmp_path / "empty", "m.onnx")
    assert not (tmp_path / "m.run").exists()


def test_without_torch_it_says_what_to_install(photos, monkeypatch):
    from imgsim.models import imported_weights

    monkeypatch.setattr(imported_weights, "find_spec", lambda name: None)
    for train in QUICK:
        with pytest.raises(MissingDependencyError, match="deep"):
            train(photos, "m.onnx")


def test_paths_lead_to_photos_however_they_are_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shelf").mkdir()
    (tmp_path / "other").symlink_to("shelf")
    told = {"a.png": 1, "shelf/b.png": 2, str(tmp_path / "shelf" / "c.png"): 3, "other/d.png": 4, "shelf/e.png": None}
    cells, lost = by_path({**told, "../f.png": 6}, "shelf", ["a.png", "b.png", "c.png", "d.png", "e.png"])
    assert cells == {"a.png": 1, "b.png": 2, "c.png": 3, "d.png": 4}
    assert lost == ["../f.png"]
