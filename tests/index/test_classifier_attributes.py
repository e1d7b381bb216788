"""What classifiers tell of photos as attributes: measured with the features, renewed with content and model."""

import shutil

import pytest

from imgsim.core import ExtractorSpec
from imgsim.errors import IndexFormatError, ParameterError, UnknownNameError, WeightsError
from imgsim.features.classifier import load_classifier
from imgsim.features.kinds import OfficeKinds
from imgsim.features.measure import Measurer, measure_all
from imgsim.features.ranked_labels import rank_labels
from imgsim.index.asked_classifiers import AskedClassifiers
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store.measurement_store import StoredClassifier, labelled
from imgsim.index.summary import Observer
from imgsim.index.update import check_index, update_index
from imgsim.models.classifier_model import CLASSIFIER_MODELS
from tests.features.test_kinds import installed
from tests.index.test_color_attributes import attributes_of, put, stored, write_attributes
from tests.learned import probe, write_model
from tests.photos import draw_photo

LABELS = ("coat", "bag", "shoe")


@pytest.fixture(autouse=True)
def cache(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return model_cache


@pytest.fixture
def model(tmp_path):
    """A trained classifier's file; ``model(seed=1)`` puts another in its place."""

    def make(name="things.onnx", **options):
        return str(write_model(tmp_path / name, probe(**options)))

    return make


class Heard(Observer):
    """What is said of classifiers."""

    def __init__(self):
        self.lacking, self.anew = {}, {}

    def lacks_classifier(self, attribute, error):
        self.lacking[attribute] = str(error)

    def labels_anew(self, attribute, model):
        self.anew[attribute] = model


@pytest.fixture
def classified(monkeypatch):
    """Paths that something was told of by a classifier, in this process."""
    seen = []
    original = Measurer.__call__

    def measure(self, task):
        seen.extend([task.name] if any(isinstance(key, str) for key in task.extractors or ()) else [])
        return original(self, task)

    monkeypatch.setattr(Measurer, "__call__", measure)
    return seen


def index(folder, **options):
    heard = Heard()
    extractors = ["phash"] if not (folder / ".imgsim").exists() else []
    summary = update_index(folder, extractors=extractors, options=Options(jobs=1, **options), observer=heard)
    return summary, heard


def expected(folder, path, name, model):
    """What a classifier tells of a photo by itself."""
    classifier = load_classifier(str(model))
    (rows,) = measure_all([folder / path], [classifier])
    (answer,) = rank_labels(classifier, rows[0], 1)
    return dict(zip(labelled(name), (answer.label, answer.probability), strict=True))


def test_attributes_are_what_the_classifier_says(make_photos, model):
    folder = make_photos(3)
    file, other = model(), model("other.onnx", seed=3, labels=("plain", "striped"))
    index(folder, classify=[file, f"stripes={other}"])
    for path, attributes in attributes_of(folder).items():
        assert attributes == expected(folder, path, "category", file) | expected(folder, path, "stripes", other)


def test_they_do_not_depend_on_processes(make_photos, model):
    folders = [make_photos(40, folder=name) for name in ("here", "there")]
    file = model(rows_of=("lbp", "phash"))
    for folder, jobs in zip(folders, (1, 2), strict=True):
        update_index(folder, extractors=["phash"], options=Options(jobs=jobs, classify=[file]))
    assert attributes_of(folders[0]) == attributes_of(folders[1])


def test_they_are_remembered_until_taken_back(make_photos, model, classified):
    folder, file = make_photos(2), model()
    index(folder, classify=[file])
    index(folder)
    assert classified == ["0.png", "1.png"]
    draw_photo(folder / "new.png", 50)
    index(folder)
    assert classified == ["0.png", "1.png", "new.png"]
    index(folder, classify=["category="])
    assert set(map(len, attributes_of(folder).values())) == {0}
    draw_photo(folder / "newer.png", 51)
    index(folder)
    assert classified == ["0.png", "1.png", "new.png"]


def test_what_was_indexed_before_is_told_without_its_features_anew(make_photos, model, monkeypatch):
    folder = make_photos(2)
    index(folder)
    asked = []
    original = Measurer.__call__
    monkeypatch.setattr(
        Measurer, "__call__", lambda self, task: (asked.append(task.extractors), original(self, task))[1]
    )
    index(folder, classify=[f"kind={model()}"])
    assert asked == [["label kind"]] * 2


def test_what_somebody_typed_wins_and_stays(make_photos, model):
    folder, file = make_photos(2), model()
    index(folder)
    write_attributes(folder, "0.png", category="scarf")
    for options in ({"classify": [file]}, {}, {"classify": ["category="]}, {"classify": [file]}):
        index(folder, **options)
        assert attributes_of(folder)["0.png"]["category"] == "scarf"
    draw_photo(folder / "0.png", 60)
    index(folder)
    assert attributes_of(folder)["0.png"]["category"] == "scarf"
    write_attributes(folder, "0.png", category=None)
    assert attributes_of(folder)["0.png"] == expected(folder, "0.png", "category", file)


def test_new_content_is_told_anew_and_renamed_photos_are_not(make_photos, model, classified):
    folder, file = make_photos(3), model()
    index(folder, classify=[file])
    classified.clear()
    (folder / "1.png").rename(folder / "renamed.png")
    draw_photo(folder / "0.png", 70)
    index(folder)
    assert classified == ["0.png"]
    for path, attributes in attributes_of(folder).items():
        assert attributes == expected(folder, path, "category", file)


def test_another_model_under_the_same_name_is_told_of_and_asked_again(make_photos, model):
    folder, file = make_photos(3), model()
    index(folder, classify=[file])
    (folder / "2.png").rename(folder.parent / "2.png")
    index(folder)  # hidden, with what was told of it
    model(seed=1, labels=("umbrella", "glove", "ring"))
    assert check_index(folder)  # whoever may only read goes by what was told
    assert index(folder)[1].anew == {"category": file}
    (folder.parent / "2.png").rename(folder / "2.png")
    assert index(folder)[1].anew == {}
    for path, attributes in attributes_of(folder).items():
        assert attributes == expected(folder, path, "category", file)


def test_a_file_that_is_gone_loses_nothing_while_the_cache_has_it(make_photos, model, classified):
    folder, file = make_photos(2), model()
    index(folder, classify=[file])
    shutil.move(file, "elsewhere.onnx")
    draw_photo(folder / "new.png", 80)
    assert index(folder)[1].lacking == {}
    assert attributes_of(folder)["new.png"] == expected(folder, "new.png", "category", "elsewhere.onnx")


def test_a_model_that_is_gone_loses_nothing_and_is_told(make_photos, model, cache):
    folder, file = make_photos(2), model()
    index(folder, classify=[file])
    before = attributes_of(folder)
    shutil.move(file, "elsewhere.onnx")
    shutil.rmtree(cache)
    draw_photo(folder / "new.png", 80)
    for _ in range(2):
        summary, heard = index(folder)
        assert "is not in" in heard.lacking["category"]
    assert (summary.unchanged, attributes_of(folder)) == (3, before | {"new.png": {}})
    CLASSIFIER_MODELS.bring("elsewhere.onnx")
    index(folder)
    assert attributes_of(folder)["new.png"] == expected(folder, "new.png", "category", "elsewhere.onnx")


def test_a_file_that_was_not_touched_is_not_digested_again(make_photos, model, monkeypatch):
    folder, file = make_photos(2), model()
    index(folder, classify=[file])
    digested = []
    monkeypatch.setattr("imgsim.models.model_shelf.digest_file", digested.append)
    index(folder)
    assert digested == []


def test_a_file_is_taken_into_a_cache_that_lost_it(make_photos, model, cache):
    folder, file = make_photos(2), model()
    index(folder, classify=[file])
    shutil.rmtree(cache)
    draw_photo(folder / "new.png", 80)
    assert index(folder)[1].lacking == {}
    assert attributes_of(folder)["new.png"] == expected(folder, "new.png", "category", file)


def test_a_name_that_a_model_was_imported_under_is_followed(make_photos, model):
    folder = make_photos(2)
    CLASSIFIER_MODELS.keep_name("things", CLASSIFIER_MODELS.bring(model()))
    index(folder, classify=["sort=things"])
    model("things", seed=9)  # a file that lies where the next run is started
    CLASSIFIER_MODELS.keep_name("things", CLASSIFIER_MODELS.bring(model("second.onnx", seed=5)))
    assert index(folder)[1].anew == {"sort": "things"}
    for path, attributes in attributes_of(folder).items():
        assert attributes == expected(folder, path, "sort", "second.onnx")


def test_a_killed_run_goes_on(make_photos, model, monkeypatch):
    folder, file = make_photos(4), model()
    monkeypatch.setattr("imgsim.index.measurement.BATCH_PHOTOS", 2)
    original = Measurer.__call__

    def fail(self, task):
        if task.name == "3.png":
            raise KeyboardInterrupt
        return original(self, task)

    monkeypatch.setattr(Measurer, "__call__", fail)
    with pytest.raises(KeyboardInterrupt):
        index(folder, classify=[file])
    monkeypatch.setattr(Measurer, "__call__", original)
    index(folder)
    for path, attributes in attributes_of(folder).items():
        assert attributes == expected(folder, path, "category", file)


def test_a_photo_that_cannot_be_read_is_in_the_ledger_and_no_other_is_shifted(make_photos, model):
    folder, file = make_photos(3), model()
    (folder / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    summary, _ = index(folder, classify=[file])
    assert summary.failed == 1
    assert attributes_of(folder) == {path: expected(folder, path, "category", file) for path in ("0.png", "2.png")}


@installed
def test_kinds_are_told_in_the_language_that_is_remembered(make_photos):
    folder = make_photos(1)
    index(folder, kinds=True, colors=True)
    attributes = attributes_of(folder)["0.png"]
    assert set(attributes) == {"kind", "kind_probability", "color", "color_probabilities", "palette"}
    place = OfficeKinds().labels.index(attributes["kind"])
    for options in ({"kind_language": "ko"}, {}, {"kinds": True}):
        index(folder, **options)
        assert attributes_of(folder)["0.png"]["kind"] == OfficeKinds("ko").labels[place]
    index(folder, kinds=False)
    assert "kind" not in attributes_of(folder)["0.png"]
    assert "color" in attributes_of(folder)["0.png"]
    index(folder, kinds=True)
    assert attributes_of(folder)["0.png"] == attributes


@installed
def test_without_the_networks_weights_nothing_is_lost(make_photos, monkeypatch):
    folder = make_photos(1)
    index(folder, kinds=True)
    before = attributes_of(folder)
    with monkeypatch.context() as patched:
        patched.setattr("imgsim.models.packaged.find_spec", lambda name: None)
        draw_photo(folder / "new.png", 90)
        _, heard = index(folder)
        assert heard.lacking == {"kind": "the weights of efficientnet_lite0 are not installed"}
        assert attributes_of(folder) == before | {"new.png": {}}
        index(folder, kinds=False)  # which needs none
    assert attributes_of(folder) == {"0.png": {}, "new.png": {}}


@installed
def test_another_table_of_categories_is_asked_again(make_photos, monkeypatch):
    folder = make_photos(1)
    index(folder, kinds=True)
    assert index(folder)[1].anew == {}
    monkeypatch.setattr("imgsim.features.kinds.table_identity", lambda: "0123456789ab")
    assert index(folder)[1].anew == {"kind": ""}
    with open_index(folder) as opened:
        assert dict(opened.options.classifiers["kind"].spec.params)["table"] == "0123456789ab"


@installed
def test_kinds_and_a_model_take_each_others_place(make_photos, model):
    folder, file = make_photos(1), model()
    index(folder, kinds=True)
    index(folder, classify=[f"kind={file}"])
    assert attributes_of(folder)["0.png"] == expected(folder, "0.png", "kind", file)
    index(folder, kinds=False)  # which are not told any more
    assert attributes_of(folder)["0.png"] == expected(folder, "0.png", "kind", file)
    index(folder, kinds=True)
    assert attributes_of(folder)["0.png"]["kind"] in OfficeKinds().labels
    index(folder, classify=["kind=imagenet"])
    with open_index(folder) as opened:
        assert opened.options.classifiers["kind"].spec.name == "imagenet"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classify": ["gone.onnx"]}, "no such file"),
        ({"classify": ["category="]}, "unknown attribute of a classifier 'category'"),
        ({"classify": ["=things.onnx"]}, r"write \[NAME=\]MODEL"),
        ({"classify": [""]}, r"write \[NAME=\]MODEL"),
        ({"classify": ["width=things.onnx"]}, "width is what photos have otherwise"),
        ({"classify": ["color=things.onnx"]}, "color is what photos have otherwise"),
        ({"classify": ["a=things.onnx", "a=things.onnx"]}, "a is given twice"),
        ({"classify": ["kind=things.onnx"], "kinds": True}, "kind is given twice"),
        ({"classify": ["a=things.onnx", "a_probability=things.onnx"]}, "a_probability is the probability of a"),
        ({"kind_language": "ko"}, "no kinds are asked for"),
        ({"kind_language": "fr", "kinds": True}, "unknown language 'fr'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_changes(make_photos, model, options, message):
    folder = make_photos(1)
    model()
    index(folder)
    with pytest.raises((ParameterError, UnknownNameError, WeightsError), match=message):
        index(folder, **options)
    assert attributes_of(folder)["0.png"] == {}
    with open_index(folder) as opened:
        assert opened.options.classifiers == {}


def test_a_file_whose_name_has_a_sign_of_equality_is_a_model(make_photos, model):
    folder, file = make_photos(1), model("a=b.onnx")
    index(folder, classify=["a=b.onnx"])
    assert attributes_of(folder)["0.png"] == expected(folder, "0.png", "category", file)
    with open_index(folder) as opened:
        assert opened.options.classifiers["category"].model == file  # whole: the next run may be from elsewhere


def test_nothing_asked_changes_nothing():
    before = {"a": StoredClassifier(ExtractorSpec("classifier:12"), "a.onnx")}
    assert AskedClassifiers.of(Options()).chosen(before) == before


# ---------------------------------------------------------------- stores


ONE, TWO = (StoredClassifier(ExtractorSpec("classifier:12", (("sha256", digit * 64),)), "m") for digit in "12")


@pytest.mark.parametrize("name", ["kind", "종류", 'a "b"', "a.b", "a\\b"])
def test_a_store_knows_what_was_not_told_of(store, name):
    told = dict(zip(labelled(name), ("bag", 0.5), strict=True))
    put(store, "a", measured=told)
    put(store, "b", attributes={name: "bag"})
    assert store.lacking_measured(name) == {"b"}
    assert stored(store)["a"] == told


def test_a_store_forgets_what_another_model_told(store):
    assert store.classifiers == {}
    told = {"kind": "bag", "kind_probability": 0.5}
    for chosen, left in (
        ({"kind": ONE}, True),
        ({"kind": ONE._replace(model="moved")}, True),
        ({"kind": ONE, "other": TWO}, True),
        ({"kind": TWO}, False),
        ({}, False),
    ):
        put(store, "a", measured=told, attributes={"price": 1})
        with store.transaction():
            store.choose_classifiers(chosen)
        assert store.classifiers == chosen
        assert stored(store)["a"] == {"price": 1} | (told if left else {})


def test_choosing_makes_no_new_stamp(store):
    put(store, "a", measured={"kind": "bag", "kind_probability": 0.5})
    before = store.stamp
    with store.transaction():
        store.choose_classifiers({"kind": ONE})
        store.choose_classifiers({})
    assert store.stamp == before


@pytest.mark.parametrize(
    "kept", ['{"kind": 3}', '{"kind": {"spec": "{}", "model": ""}}', "[]", '{"kind": {"model": ""}}']
)
def test_damaged_classifiers_are_told(make_photos, kept):
    folder = make_photos(1)
    index(folder)
    store = SqliteStore.open_writer(str(folder / ".imgsim"), str(folder))
    with store.transaction():
        store._set_meta("classifiers", kept)
    store.close()
    with pytest.raises(IndexFormatError, match="its classifiers"), open_index(folder) as opened:
        assert opened.options
