"""`imgsim evaluate`, `recommend` and `calibrate`, as a user meets them."""

import csv
import io
import json
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import PIL.PngImagePlugin
import pytest

from imgsim.cli.commands import recommend
from imgsim.errors import IndexWriteError
from imgsim.evaluation.classification import classify
from imgsim.features import EXTRACTORS, load_extractor
from imgsim.index.index import open_index
from tests.photos import draw_photo

FIGURES = ["recall@1", "recall@5", "recall@10", "map", "map@r", "ndcg", "loocv_accuracy", "loocv_macro_f1"]


@pytest.fixture
def classes(tmp_path, monkeypatch):
    """A folder `shelf` with two classes of six photos, seen from above."""
    for number in range(12):
        draw_photo(tmp_path / "shelf" / ("bags" if number % 2 else "coats") / f"{number}.png", number)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shelf"


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "labels.csv").write_text(text, encoding="utf-8")

    return write


def test_json_is_a_list_of_objects_with_intervals_and_nothing_else_on_stdout(run, classes):
    result = run("evaluate", "shelf", "-x", "histogram:bins=4", "-x", "phash", "--format", "json")
    assert result.code == 0
    rows = json.loads(result.out)
    assert [(row["extractor"], row["metric"], row["n"]) for row in rows] == [
        ("histogram:bins=4", "hellinger", 12),
        ("phash", "hamming", 12),
    ]
    for row in rows:
        assert {*FIGURES, *(f"{name}_ci" for name in FIGURES)} <= set(row)
        assert row["loocv_procedure"] == "leave-one-out"
    assert sum(row["verdict"] == "best" for row in rows) == 1
    with open_index(classes) as index:
        assert {extractor.spec.name for extractor in index.extractors} == {"histogram", "phash"}


def test_every_format_tells_the_same(run, classes):
    command = ("evaluate", "shelf", "-x", "phash", "-m", "hamming", "-m", "jaccard", "--retrieval-only")
    rows = json.loads(run(*command, "--format", "json").out)
    flat = list(csv.DictReader(io.StringIO(run(*command, "--format", "csv").out)))
    assert [float(row["recall@1"]) for row in flat] == [row["recall@1"] for row in rows]
    assert [float(row["map_low"]) for row in flat] == [row["map_ci"][0] for row in rows]
    markdown = run(*command, "--format", "markdown").out.splitlines()
    assert markdown[0].split(" | ")[0] == "| extractor"
    assert len(markdown) == 4
    shown = run(*command).out
    assert all(f"{row['recall@1']:.3f}" in shown for row in rows)
    assert "loocv_accuracy" not in rows[0]


def test_without_extractors_the_index_says_which(run, classes):
    run("index", "shelf", "-x", "lbp", "-q")
    (row,) = json.loads(run("evaluate", "shelf", "--retrieval-only", "--format", "json").out)
    assert row["extractor"].startswith("lbp:")


def test_a_fresh_folder_is_judged_by_all_that_need_no_weights(run, classes):
    for _ in range(2):  # with no index, then with that of the first run
        result = run("evaluate", "shelf", "--retrieval-only", "--format", "json")
        assert (result.code, result.err) == (0, "")
        rows = json.loads(result.out)
        assert [row["extractor"] for row in rows] == [str(load_extractor(name).spec) for name in EXTRACTORS]


def test_a_plus_within_a_parameter_fuses_nothing(run, classes):
    haralick = "haralick:aggregate=mean+range"
    for name in (haralick, f"{haralick}@0.3+phash"):
        (row,) = json.loads(run("evaluate", "shelf", "-x", name, "--retrieval-only", "--format", "json").out)
        assert row["extractor"] == name
    assert run("recommend", "shelf", "-x", haralick, "--time", "1s", "--save").code == 0
    assert run("calibrate", "shelf", "-x", haralick).code == 0


def test_fused_extractors_are_one_row(run, classes):
    fused = "phash@0.3+histogram:bins=4@0.7"
    (row,) = json.loads(run("evaluate", "shelf", "-x", fused, "--retrieval-only", "--format", "json").out)
    assert (row["extractor"], row["metric"]) == (fused, "hamming + hellinger")


def test_labels_that_do_not_fit_are_said_and_refused_by_strict(run, classes, table):
    lines = [f"{number}.png,{'a' if number < 6 else 'b'}" for number in range(11)]
    table("file,kind\n" + "\n".join([*lines, "ghost.png,a"]) + "\n")
    command = (
        "evaluate",
        "shelf",
        "--labels",
        "labels.csv:kind",
        "-x",
        "phash",
        "--retrieval-only",
        "--format",
        "json",
    )
    result = run(*command)
    assert result.code == 0
    assert json.loads(result.out)[0]["left_out"] == 1
    assert "1 rows name no photo: " in result.err
    assert "1 photos have no label: bags/11.png" in result.err
    strict = run(*command, "--strict")
    assert (strict.code, strict.out) == (2, "")
    assert "--strict was given" in strict.err


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("labels.csv:colour", "unknown column of labels.csv 'colour': choose from file, kind"),
        ("gone.csv:kind", "gone.csv: No such file or directory"),
        ("labels.csv", "write FILE:COLUMN"),
    ],
)
def test_a_wrong_source_is_one_line(run, classes, table, labels, message):
    table("file,kind\n1.png,a\n")
    result = run("evaluate", "shelf", "--labels", labels, "-x", "phash")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert message in result.err


@pytest.mark.parametrize("command", [("evaluate",), ("evaluate", "--retrieval-only"), ("recommend",)])
def test_one_class_only_is_said_and_refused_by_strict(run, classes, table, command):
    table("file,kind\n" + "".join(f"{number}.png,a\n" for number in range(12)))
    command = (*command, "shelf", "--labels", "labels.csv:kind", "-x", "phash", "--format", "json")
    result = run(*command)
    assert result.code == 0
    (row,) = json.loads(result.out)
    assert row["recall@1"] == 1
    assert "loocv_accuracy" not in row
    assert "the 12 photos with a label are all of one class, a: " in result.err
    strict = run(*command, "--strict")
    assert (strict.code, strict.out) == (2, "")
    assert "the 12 photos with a label are all of one class, a: " in strict.err


@pytest.mark.parametrize("command", ["evaluate", "recommend", "calibrate"])
def test_a_column_of_lists_is_refused_in_plain_words(run, classes, command):
    rows = (json.dumps({"file": f"{number}.png", "kind": ["a", "b"]}) for number in range(12))
    (classes.parent / "lists.jsonl").write_text("\n".join(rows), encoding="utf-8")
    result = run(command, "shelf", "--labels", "lists.jsonl:kind", "-x", "phash")
    assert result.code == 2
    assert "12 rows of lists.jsonl have a list or an object for kind and are left out: line 1, line 2" in result.err


def test_scores_are_compared_with_the_mean(run, classes, table):
    table("file,score\n" + "".join(f"{number}.png,{number / 2}\n" for number in range(11)) + "11.png,nan\n")
    command = ("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "-k", 3)
    result = run(*command, "--format", "json")
    (row,) = json.loads(result.out)
    assert (row["n"], row["k"]) == (11, 3)
    assert {"spearman", "spearman_ci", "mae", "mae_ci", "mae_baseline", "difference", "p_value"} <= set(row)
    assert "1 scores are not finite numbers and are left out: bags/11.png (nan)" in result.err
    assert "Spearman" in run(*command).out
    both = run(*command, "--labels", "folders")
    assert both.code == 2


def test_scores_compare_extractors_with_the_best(run, classes, table):
    table("file,score\n" + "".join(f"{number}.png,{number % 5}\n" for number in range(12)))
    command = ("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "-x", "histogram", "-x", "lbp")
    rows = json.loads(run(*command, "-k", 3, "--format", "json").out)
    errors = [row["mae"] for row in rows]
    best = errors.index(min(errors))
    assert [row["compared_by"] for row in rows] == ["mae"] * 3
    assert (rows[best]["verdict"], rows[best]["best_difference"], rows[best]["best_p_value"]) == ("best", 0, None)
    for place in {0, 1, 2} - {best}:
        row = rows[place]
        assert row["best_difference"] == pytest.approx(errors[place] - errors[best], abs=2e-6)
        assert row["verdict"] == ("worse" if row["best_p_value"] < 0.05 else "not told apart")
    shown = run(*command, "-k", 3).out
    assert shown.splitlines()[0].split()[-1] == "compared"
    assert "not told apart" in shown or "worse" in shown


def test_triplets_of_scores_are_decided(run, classes, table):
    table("file,score\n" + "".join(f"{number}.png,{10 * number}\n" for number in range(12)))
    command = ("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "-x", "histogram", "--triplets")
    rows = json.loads(run(*command, "10:40", "--format", "json").out)
    for row in rows:
        assert (row["n"], row["partnerless"], row["within"], row["beyond"]) == (12, 0, 10, 40)
        assert row["triplets"] == sum(
            2 * (abs(a - n) > 4) if 0 < a < 11 else abs(a - n) > 4 for a in range(12) for n in range(12)
        )
        assert row["f1_of_true"] == pytest.approx(2 * row["accuracy"] / (1 + row["accuracy"]), abs=1e-5)
        assert row["above_chance"] == pytest.approx(row["accuracy"] - 0.5, abs=1e-5)
        assert row["above_chance_ci"][0] <= row["above_chance"] <= row["above_chance_ci"][1]
        assert row["compared_by"] == "accuracy"
    best = max(rows, key=lambda row: row["accuracy"])
    assert (best["verdict"], str(best["best_difference"])) == ("best", "0.0")
    shown = run(*command, "20:90")
    assert "F1 of true ones" in shown.out
    assert "8 photos lack one of a near or one of a far score, and are no anchors" in shown.out
    refused = run(*command)  # 5:30
    assert refused.code == 2
    assert "triplets: none of 12 photos, scored 0 to 110, has both one within 5 and one beyond 30" in refused.err


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("largest", [8e307, 1.7e308])
def test_huge_scores_are_written_as_json_can_hold_them(run, classes, table, largest):
    scores = [largest * (-1) ** (number // 2) for number in range(12)]
    table("file,score\n" + "".join(f"{number}.png,{score!r}\n" for number, score in enumerate(scores)))
    command = ("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "-x", "lbp", "-k", 3)
    result = run(*command, "--format", "json")
    assert (result.code, result.err) == (0, "")

    def refuse(constant):
        raise AssertionError(constant)

    for row in json.loads(result.out, parse_constant=refuse):
        assert 0 < row["p_value"] <= 1
        if largest == 8e307:
            assert row["mae"] > 1e307
            assert row["mae"] - row["mae_baseline"] == pytest.approx(row["difference"])
        else:
            assert row["mae"] is None or row["mae"] > 1e307  # a mean error may be more than a float holds
    for format_ in ("table", "markdown", "csv"):
        assert run(*command, "--format", format_).code == 0


def test_figures_of_scores_are_rounded(run, classes, table):
    table("file,score\n" + "".join(f"{number}.png,{number / 7}\n" for number in range(12)))
    command = ("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "--format", "json")
    (row,) = json.loads(run(*command).out)
    for name in ("difference", "p_value"):
        assert row[name] == round(row[name], 6)
    assert row["difference_ci"] == [round(end, 6) for end in row["difference_ci"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scores", "labels.csv:score", "--plots", "drawn"], "--plots is for classes"),
        (["--scores", "labels.csv:score", "--by", "map"], "--by is for classes"),
        (["--scores", "labels.csv:score", "--by", "recall@1"], "--by is for classes"),
        (["--scores", "labels.csv:score", "--retrieval-only"], "--retrieval-only is for classes"),
        (["--labels", "folders", "--triplets"], "--triplets are of scores: say where they are by --scores"),
        (["--scores", "labels.csv:score", "--triplets", "5"], "--triplets 5: write WITHIN:BEYOND"),
        (["--scores", "labels.csv:score", "--triplets", "5:30", "-k", "3"], "-k is of neighbours that guess a score"),
        (["--labels", "folders", "--key", "file"], "--key only goes with a table"),
        (["--key", "file", "--encoding", "utf-8"], "--key and --encoding only go with a table"),
        (["--scores", "labels.csv:score", "--recall", "1,5"], "--recall is for classes"),
        (["--plots-only"], "--plots-only draws and writes no table: say where by --plots FOLDER"),
        (["--plots-only", "--plots", "drawn", "--format", "json"], "--plots-only writes no table, and --format says"),
        (["--recall", "0"], "'0': write whole numbers from 1 to 1,000,000,000, commas between: 1,5,20"),
        (["--recall", "1,,5"], "'1,,5': write whole numbers"),
        (["--recall", "1.5"], "'1.5': write whole numbers"),
        (["--recall", "-3"], "'-3': write whole numbers"),
        (["--recall", ""], "'': write whole numbers"),
        (["--recall", "99999999999"], "'99999999999': write whole numbers"),
        (["--by", "recall@0"], "'recall@0' is not one of"),
        (["--by", "loocv_accuracy", "--retrieval-only"], "--by loocv_accuracy needs the classification"),
    ],
)
def test_options_that_would_be_ignored_are_refused(run, classes, table, options, message):
    table("file,score\n0.png,1\n")
    result = run("evaluate", "shelf", "-x", "phash", *options)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert not (classes / ".imgsim").exists()
    assert not (classes.parent / "drawn").exists()


@pytest.mark.parametrize("command", ["recommend", "calibrate"])
def test_a_key_without_a_table_is_refused(run, classes, command):
    result = run(command, "shelf", "-x", "phash", "--key", "file")
    assert result.code == 2
    assert "--key only goes with a table" in result.err
    assert not (classes / ".imgsim").exists()


def test_strict_says_whether_labels_or_scores_do_not_fit(run, classes, table):
    table("file,score\n0.png,1\n1.png,2\n2.png,3\n")
    result = run("evaluate", "shelf", "--scores", "labels.csv:score", "-x", "phash", "--strict")
    assert result.code == 2
    assert "imgsim: scores do not fit, and --strict was given" in result.err
    result = run("evaluate", "shelf", "--labels", "labels.csv:score", "-x", "phash", "--strict")
    assert "imgsim: labels do not fit, and --strict was given" in result.err


@pytest.mark.parametrize("judged", [[], ["--scores", "labels.csv:score"]])
def test_what_does_not_suit_each_other_is_named_and_left_out(run, classes, table, judged):
    table("file,score\n" + "".join(f"{number}.png,{number % 5}\n" for number in range(12)))
    names = ("-x", "histogram", "-x", "haralick")
    command = ("evaluate", "shelf", *names, "-m", "cosine", "-m", "hellinger", *judged, "--format", "json")
    result = run(*command)
    assert result.code == 0
    kept = [("histogram", "cosine"), ("histogram", "hellinger"), ("haralick", "cosine")]
    assert [(row["extractor"], row["metric"]) for row in json.loads(result.out)] == kept
    assert result.err == (
        "imgsim: haralick by hellinger: "
        "hellinger compares histograms, and these features have negative values: use euclidean\n"
    )
    strict = run(*command, "--strict")
    assert (strict.code, json.loads(strict.out)) == (2, json.loads(result.out))
    assert strict.err == result.err + "imgsim: 1 of 4 could not be judged, and --strict was given\n"
    nothing = run("evaluate", "shelf", "-x", "haralick", "-m", "hellinger", "-m", "chi2", *judged)
    assert (nothing.code, nothing.out) == (2, "")
    assert nothing.err.startswith("imgsim: haralick by hellinger: hellinger compares histograms")
    assert "; haralick by chi2: chi2 compares histograms" in nothing.err


def test_too_few_pairs_leave_the_other_figures(run, classes, table):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    table("file,kind\n0.png,a\n2.png,a\n1.png,b\n")
    result = run("evaluate", "shelf", "--labels", "labels.csv:kind", "-x", "phash", "-x", "hog", "--format", "json")
    assert result.code == 0
    assert result.err.splitlines()[-1].startswith("pairs are not judged: 1 pairs of the same class and 1 of different")
    assert result.err.count("pairs are not judged") == 1
    for row in json.loads(result.out):
        assert (row["n"], row["alone"], row["pair_f1"], row["pair_roc_auc_ci"]) == (2, 1, None, [None, None])
        assert row["recall@1"] is not None
        assert row["loocv_accuracy"] is not None
    shown = run("evaluate", "shelf", "--labels", "labels.csv:kind", "-x", "phash", "--plots", "drawn")
    assert shown.code == 0
    assert not (classes.parent / "drawn" / "precision-recall.png").exists()


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_what_stands_behind_the_figures_is_said_under_the_table(run, classes, table, format_, monkeypatch):
    monkeypatch.setitem(classify.__kwdefaults__, "most_work", 0)
    table("file,kind\n" + "".join(f"{number}.png,{'ab'[number % 2]}\n" for number in range(10)) + "10.png,c\n")
    command = ("evaluate", "shelf", "--labels", "labels.csv:kind", "-x", "phash")
    rows, _, notes = run(*command, "--format", format_).out.partition("\n\n")
    assert rows.startswith(("extractor", "| extractor"))
    assert notes.split("\n\n") == [
        "1 photos are alone in their class: they ask nothing, but may be found.",
        "1 photos have no label or no features, or are copies, and take no part.",
        "accuracy and macro F1 are by 10-fold, stratified, since leaving one out would take too long.\n",
    ]
    (row,) = json.loads(run(*command, "--format", "json").out)
    assert (row["loocv_procedure"], row["alone"], row["left_out"]) == ("10-fold", 1, 1)


def test_nothing_is_said_where_there_is_nothing_to_say(run, classes):
    assert "\n\n" not in run("evaluate", "shelf", "-x", "phash", "--format", "markdown").out


def test_extractors_are_compared_by_the_photos_that_are_classified_right(run, classes):
    command = ("evaluate", "shelf", "-x", "phash", "-x", "histogram", "--by", "loocv_accuracy", "--format", "json")
    rows = json.loads(run(*command).out)
    accuracies = [row["loocv_accuracy"] for row in rows]
    best = accuracies.index(max(accuracies))
    assert [row["compared_by"] for row in rows] == ["loocv_accuracy"] * 2
    assert rows[best]["verdict"] == "best"
    assert rows[1 - best]["difference"] == pytest.approx(min(accuracies) - max(accuracies), abs=2e-6)


@pytest.fixture
def read_only(monkeypatch):
    """Make indexes such that nobody can write them, as on a read-only disk."""

    def begin():
        def refuse(directory):
            raise IndexWriteError(f"{directory}: cannot be written here")

        monkeypatch.setattr("imgsim.index.sqlite.sqlite_store.lock_writer", refuse)
        monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)

    return begin


def test_an_index_that_lacks_nothing_is_judged_where_nobody_can_write_it(run, classes, read_only):
    command = ("evaluate", "shelf", "--retrieval-only", "--format", "json")
    right = [run(*command, *names).out for names in (["-x", "phash"], ["-x", "phash", "-x", "lbp"], [])]
    before = sorted(classes.rglob("*"))
    read_only()
    assert [run(*command, *names).out for names in (["-x", "phash"], ["-x", "phash", "-x", "lbp"], [])] == right
    assert sorted(classes.rglob("*")) == before
    assert run("calibrate", "shelf", "-x", "phash").code == 2
    for lacking in (["-x", "hog"], ["-x", "phash", "-x", "lbp:points=4"]):
        result = run(*command, *lacking)
        assert (result.code, result.out) == (2, "")
        assert "cannot be written here" in result.err
    draw_photo(classes / "bags" / "new.png", 77)
    assert run(*command, "-x", "phash").code == 2


@pytest.mark.parametrize("change", ["gone", "moved", "none"])
def test_an_index_that_cannot_be_written_is_of_the_photos_that_are_there(run, classes, read_only, change):
    (classes / "bags" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    run("index", "shelf", "-x", "phash", "-q")
    if change == "gone":
        (classes / "bags" / "1.png").unlink()
    if change == "moved":
        (classes / "bags" / "1.png").rename(classes / "bags" / "one.png")
    read_only()
    command = ("evaluate", "shelf", "-x", "phash", "--retrieval-only")
    assert run(*command).code == (0 if change == "none" else 2)
    strict = run(*command, "--strict")
    assert strict.code == 2
    if change == "none":
        assert "1 photo cannot be read, and --strict was given: bags/broken.jpg" in strict.err


def test_pictures_are_drawn(run, classes):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    result = run("evaluate", "shelf", "-x", "phash", "--plots", "drawn", "--plot-format", "svg")
    assert result.code == 0
    drawn = {path.name for path in (classes.parent / "drawn").iterdir()}
    names = {"recall-at-k", "retrieval-precision-recall", "precision-recall"}
    names |= {"distances-phash-hamming", "confusion-phash", "map-pca-phash", "map-tsne-phash"}
    assert drawn == {f"{name}.svg" for name in names}
    assert sum(f"drew drawn/{name}" in result.err for name in drawn) == len(drawn)
    (classes.parent / "file").touch()
    refused = run("evaluate", "shelf", "-x", "phash", "--plots", "file")
    assert refused.code == 2


def test_recommend_ranks_and_saves_the_winner(run, classes):
    command = ("recommend", "shelf", "-x", "phash", "-x", "histogram:bins=4", "--time", "30s")
    rows = json.loads(run(*command, "--format", "json").out)
    assert {row["photos"] for row in rows} == {12}
    assert len(rows) == 3
    assert all({"ms_per_photo", "bytes_per_photo", "recall@1", "recall@1_ci"} <= set(row) for row in rows)
    assert not (classes / ".imgsim").exists()
    saved = run(*command, "--save", "--format", "csv")
    assert "is now the default of the index of shelf" in saved.err
    winner = rows[0]
    explicit = [option for name in winner["extractor"].split("+") for option in ("-x", name)]
    metric = ["-m", winner["metric"]] if len(explicit) == 2 else []
    photo = ("query", "shelf/bags/1.png", "--index", "shelf")
    assert run(*photo).out == run(*photo, *explicit, *metric).out


@pytest.mark.parametrize("duration", ["soon", "5 m", "-1", "1d"])
def test_a_duration_is_explained(run, classes, duration):
    result = run("recommend", "shelf", "--time", duration)
    assert result.code == 2
    assert "write 90, 90s, 5m or 1h" in result.err


@pytest.mark.parametrize(("late", "said"), [(-5, False), (1.9, False), (2.1, True)])
def test_a_trial_says_that_it_is_late_by_more_than_a_fifth_of_its_time(run, classes, monkeypatch, late, said):
    now = 0.0
    hold = recommend._try

    def late_trial(*arguments, end, **options):
        nonlocal now
        ranking = hold(*arguments, end=time.monotonic() + 60, **options)
        now = end + late
        return ranking

    monkeypatch.setattr("imgsim.cli.commands.recommend._try", late_trial)
    monkeypatch.setattr("imgsim.cli.commands.recommend.time", SimpleNamespace(monotonic=lambda: now))
    result = run("recommend", "shelf", "-x", "phash", "--time", "10s", "--format", "json")
    assert result.code == 0
    assert result.err.count("the trial took 12.1 s instead of 10 s") == result.err.count("the trial took") == said


def test_recommend_needs_two_photos_of_a_class(run, make_photos, monkeypatch):
    monkeypatch.chdir(make_photos("a/1.png", "b/2.png").parent)
    result = run("recommend", "photos")
    assert result.code == 2
    assert "no class has two photos" in result.err


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "no such folder"), ("shelf/bags/1.png", "not a folder"), ("empty", "no photos in this folder")],
)
@pytest.mark.parametrize("command", ["evaluate", "calibrate", "recommend"])
def test_a_folder_that_is_none_is_one_line(run, classes, command, folder, message):
    (classes.parent / "empty").mkdir()
    result = run(command, folder, "-x", "phash")
    assert (result.code, result.out, result.err) == (2, "", f"imgsim: {folder}: {message}\n")


def test_a_strict_trial_refuses_what_cannot_be_read(run, classes):
    (classes / "bags" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    command = ("recommend", "shelf", "-x", "phash", "--format", "json")
    result = run(*command, "--strict")
    assert (result.code, result.out) == (2, "")
    assert "1 photo cannot be read, and --strict was given: bags/broken.png" in result.err
    (classes / "bags" / "broken.png").unlink()
    (classes / "bags" / "broken.png").symlink_to("nothing")
    assert run(*command, "--strict").code == 2
    result = run(*command)
    assert result.code == 0
    assert "skipped bags/broken.png: a link to nothing" in result.err


def test_a_trial_says_what_is_left_once_photos_were_read(run, classes):
    for photo in (classes / "coats").iterdir():
        photo.write_bytes(b"\x89PNG\r\n\x1a\n broken " + photo.name.encode())
    result = run("recommend", "shelf", "-x", "phash")
    assert result.code == 0
    assert "the 6 photos with a label are all of one class, bags: " in result.err
    for photo in (classes / "bags").iterdir():
        photo.write_bytes(b"\x89PNG\r\n\x1a\n broken " + photo.name.encode())
    result = run("recommend", "shelf", "-x", "phash")
    assert result.code == 2
    assert result.err.splitlines()[-1].startswith("imgsim: shelf: no photo can be read: ")


def test_accuracy_of_one_class_is_refused_at_once(run, classes, table, tmp_path):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    table("path,kind\n" + "".join(f"{number}.png,bag\n" for number in range(12)))
    command = ("evaluate", "shelf", "-x", "phash", "--labels", "labels.csv:kind", "--by", "loocv_accuracy")
    result = run(*command, "--plots", "drawn")
    assert result.code == 2
    assert "--by loocv_accuracy needs photos of two classes" in result.err
    assert not list((tmp_path / "drawn").glob("*"))


def test_neighbours_that_are_all_others_are_refused(run, classes, table):
    table("path,price\n" + "".join(f"{number}.png,{number}\n" for number in range(12)))
    command = ("evaluate", "shelf", "-x", "phash", "--scores", "labels.csv:price", "-k")
    result = run(*command, 11)
    assert result.code == 2
    assert "12 photos have a score, and 11 neighbours are all others: choose a smaller k" in result.err
    assert run(*command, 10).code == 0


def test_a_trial_without_time_holds_one_round_and_says_so(run, classes):
    result = run("recommend", "shelf", "-x", "phash", "--time", "0s", "--format", "json")
    assert [row["photos"] for row in json.loads(result.out)] == [12]
    assert "s instead of 0 s: trying all of them on 12 photos takes no less" in result.err


def test_an_extractor_that_is_named_twice_is_tried_once(run, classes):
    named = ["-x", "phash", "-x", "phash", "-x", "histogram", "-x", "histogram:space=rgb"]
    rows = json.loads(run("recommend", "shelf", *named, "--format", "json").out)
    names = {row["extractor"] for row in rows}
    assert names <= {"phash", "histogram", "phash+histogram", "histogram+phash"}
    assert len(rows) == 3


@pytest.fixture
def no_trial(monkeypatch):
    def hold(*_, **__):
        raise AssertionError("a trial was held")

    monkeypatch.setattr("imgsim.cli.commands.recommend._try", hold)


def test_what_cannot_be_saved_is_not_tried(run, classes, no_trial, monkeypatch):
    command = ("recommend", "shelf", "-x", "phash", "--save")
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda _, mode: mode == os.R_OK)
        result = run(*command)
    assert (result.code, result.out) == (2, "")
    assert "shelf/.imgsim: cannot be written; choose another with --index" in result.err
    run("index", "shelf", "-x", "phash", "-q")
    for photo in [*(classes / "bags").iterdir(), classes / "coats" / "0.png"]:
        photo.unlink()
    result = run(*command)
    assert result.code == 2
    assert "7 of 12 indexed photos are missing" in result.err
    assert "`imgsim index shelf --prune`" in result.err


def test_the_winner_is_saved_though_nobody_reads_the_ranking(shell, classes):
    line = "imgsim recommend shelf -x phash --save --index idx 2>messages | true; cat messages"
    result = shell(line, classes.parent)
    assert b"phash by " in result.stdout
    assert b" is now the default of the index idx\n" in result.stdout
    with open_index(classes.parent / "idx") as index:
        assert [one.spec.name for one, _ in index.default.extractors] == ["phash"]


@pytest.mark.parametrize("options", [["-j", "1"], ["--index", "idx", "--include", "[bc]*"]])
def test_private_photos_stay_out_of_the_index_and_of_what_is_judged(run, classes, options):
    for number in range(3):
        draw_photo(classes / "private" / f"{number}.png", 50 + number)
    place = options[:2] if options[0] == "--index" else []
    run("index", "shelf", "-x", "phash", "-q", "--exclude", "private/", *options)
    listed = run("list", "--index", "idx" if place else "shelf").out
    assert len(listed.splitlines()) == 12
    for command in (["evaluate", "--retrieval-only"], ["calibrate"], ["recommend", "-x", "lbp", "--save"]):
        result = run(command[0], "shelf", *command[1:], *place, "--format", "json")
        assert result.code == 0
        assert "private" not in result.out
        if command[0] != "calibrate":
            assert json.loads(result.out)[0]["n"] == 12
        assert run("list", "--index", "idx" if place else "shelf").out == listed


def test_a_trial_leaves_out_what_the_index_leaves_out(run, classes):
    run("index", "shelf", "-x", "phash", "-q", "--exclude", "bags/")
    result = run("recommend", "shelf", "-x", "phash", "--format", "json")
    assert (result.code, json.loads(result.out)[0]["photos"]) == (0, 6)


def test_a_ranking_is_written_though_it_cannot_be_saved(run, classes, monkeypatch):
    def full(*_, **__):
        raise IndexWriteError("the disk is full")

    monkeypatch.setattr("imgsim.index.index_writer.IndexWriter.set_default", full)
    result = run("recommend", "shelf", "-x", "phash", "--save", "--format", "json")
    assert (result.code, result.err) == (2, "imgsim: the disk is full\n")
    assert json.loads(result.out)[0]["extractor"] == "phash"


def test_calibrate_makes_queries_print_probabilities(run, classes):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    result = run("calibrate", "shelf", "-x", "phash", "--plot", "reliability.png", "--format", "json")
    assert result.code == 0
    facts = json.loads(result.out)
    assert facts["distance"].endswith("by hamming")
    assert (facts["matches"], facts["kind"] in ("isotonic", "logistic")) == (12 * 10, True)
    assert 0 <= facts["ece"] <= 1
    assert (classes.parent / "reliability.png").read_bytes().startswith(b"\x89PNG")
    query = run("query", "shelf/bags/1.png", "--index", "shelf", "--format", "jsonl").out
    probabilities = [json.loads(line)["probability"] for line in query.splitlines()]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 < probability < 1 for probability in probabilities)


def test_calibrate_refuses_what_cannot_be_drawn_before_any_work(run, classes):
    result = run("calibrate", "shelf", "--plot", "reliability.jpg")
    assert result.code == 2
    assert not (classes / ".imgsim").exists()


def test_calibrate_needs_things_that_differ(run, classes, table):
    table("file,kind\n" + "".join(f"{number}.png,a\n" for number in range(12)))
    result = run("calibrate", "shelf", "--labels", "labels.csv:kind", "-x", "phash")
    assert result.code == 2
    assert "the 12 photos with a label are all of one class, a: " in result.err
    assert "calibration needs both" in result.err


@pytest.mark.parametrize("command", ["evaluate", "calibrate"])
def test_a_strict_run_names_what_cannot_be_read_every_time(run, classes, command):
    (classes / "bags" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    for _ in range(2):
        result = run(command, "shelf", "-x", "phash", "--strict")
        assert (result.code, result.out) == (2, "")
        assert "1 photo cannot be read, and --strict was given: bags/broken.png" in result.err


@pytest.mark.parametrize("command", ["evaluate", "calibrate"])
def test_a_folder_without_photos_is_said_to_be_one(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    result = run(command, "empty", "-x", "phash")
    assert (result.code, result.err) == (2, "imgsim: empty: no photos in this folder\n")
    (tmp_path / "empty" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    result = run(command, "empty", "-x", "phash", "-q")
    assert (result.code, result.err) == (2, "imgsim: empty: no photo can be read: broken.png\n")


@pytest.mark.parametrize("index", [(), ("--index", "elsewhere")])
def test_missing_photos_are_removed_by_the_command_that_is_named(run, classes, index):
    run("evaluate", "shelf", "-x", "phash", "--retrieval-only", *index)
    for photo in (classes / "bags").iterdir():
        photo.unlink()
    (classes / "coats" / "0.png").unlink()
    result = run("evaluate", "shelf", "-x", "phash", *index)
    assert result.code == 2
    command = " ".join(["imgsim", "index", "shelf", *index, "--prune"])
    assert f"`{command}` removes them from the index, and what was typed about them" in result.err
    assert run(*command.split()[1:]).code == 0


@pytest.mark.parametrize(("plots", "warned"), [("shelf/plots", True), ("plots", False), ("shelf/.plots", False)])
def test_plots_among_the_photos_are_passed_over_with_a_warning(run, classes, plots, warned):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    command = ("evaluate", "shelf", "-x", "phash", "--retrieval-only", "--format", "json")
    before = run(*command)
    result = run(*command, "--plots", plots)
    assert result.out == before.out
    assert (f"imgsim: {plots} lies among the photos in shelf: " in result.err) is warned
    assert run(*command).out == before.out
    assert json.loads(run("index", "shelf", "--format", "json", "-q").out)["drawn"] == (5 if warned else 0)
    result = run("recommend", "shelf", "-x", "phash", "--time", "5s")
    assert ("shelf: 5 pictures drawn by imgsim passed over" in result.err) is warned


@pytest.fixture
def copied(classes):
    """Each of the twelve photos once more, half of them in the other class, and one of them with other metadata."""
    for photo in sorted(classes.rglob("*.png")):
        (classes / "coats" / f"copy of {photo.name}").write_bytes(photo.read_bytes())
    with PIL.Image.open(classes / "bags" / "1.png") as photo:
        info = PIL.PngImagePlugin.PngInfo()
        info.add_text("Comment", "seen again")
        photo.save(classes / "bags" / "noted.png", pnginfo=info)
    return classes


TOLD = "13 photos are copies of others and left out: every photo would find its copy, whatever it is judged by\n"


def test_copies_of_a_photo_flatter_nobody(run, classes, request):
    judge = ("evaluate", "shelf", "-x", "histogram:bins=4", "--format", "json")
    (before,) = json.loads(run(*judge).out)
    request.getfixturevalue("copied")
    result = run(*judge)
    assert result.err == TOLD
    (after,) = json.loads(result.out)
    assert after.pop("left_out") == 13
    assert before.pop("left_out") == 0
    assert after["n"] == 12
    assert {name: after[name] for name in FIGURES} == {name: before[name] for name in FIGURES}


def test_copies_do_not_tell_a_score(run, classes, table, request):
    numbers = range(12)
    scored = ("--scores", "labels.csv:score", "-k", "3", "--format", "json")
    judge = ("evaluate", "shelf", "-x", "histogram:bins=4", *scored)
    names = {number: f"{'bags' if number % 2 else 'coats'}/{number}.png" for number in numbers}
    rows = [f"{names[number]},{number}\n" for number in numbers]
    table("photo,score\n" + "".join(rows))
    (before,) = json.loads(run(*judge).out)
    classes = request.getfixturevalue("copied")
    copies = [f"{path.relative_to(classes).as_posix()},7\n" for path in classes.rglob("copy of *")]
    table("photo,score\n" + "".join(rows) + "".join(copies))
    result = run(*judge)
    assert result.err.splitlines()[-1].startswith("12 photos are copies of others and left out")
    (after,) = json.loads(result.out)
    assert (after["n"], after["spearman"]) == (before["n"], before["spearman"])


def test_a_picture_that_imgsim_drew_shifts_no_photo_among_the_copies(run, copied):
    run("index", "shelf", "-x", "phash", "-q")
    assert run("query", "shelf/bags/1.png", "--index", "shelf", "-k", 1, "--grid", "shelf/answer.png").code == 0
    result = run("recommend", "shelf", "-x", "phash", "--time", "30s", "--format", "json")
    assert TOLD.replace("13", "12") in result.err
    assert json.loads(result.out)[0]["photos"] == 13


def test_recommend_and_calibrate_leave_copies_out_too(run, copied):
    result = run("recommend", "shelf", "-x", "phash", "--time", "30s", "--format", "json")
    assert result.err == TOLD.replace("13", "12")  # it tells by content alone
    assert json.loads(result.out)[0]["photos"] == 13
    result = run("calibrate", "shelf", "-x", "histogram:bins=4", "-k", "3", "--format", "json")
    assert result.err == TOLD
    assert json.loads(result.out)["matches"] == 36


def test_rerankings_are_judged_beside_what_they_reorder(run, classes):
    options = ["evaluate", "shelf", "-x", "histogram", "--retrieval-only", "--format", "json"]
    result = run(*options, "--rerank", "k_reciprocal:k1=3,k2=2", "--rerank", "k_reciprocal:k1=3,k2=2")
    assert result.code == 0, result.err
    plain, other = json.loads(result.out)
    assert [plain["extractor"], other["extractor"]] == ["histogram", "histogram, k_reciprocal:k1=3,k2=2"]
    assert other["n"] == plain["n"] == 12
    assert 0 <= other["map"] <= 1
    unsuitable = run(*options, "--rerank", "query_expansion")
    assert unsuitable.code == 0
    assert "compared by cosine, not by hellinger" in unsuitable.err
    assert run(*options, "--rerank", "nothing").code == 2


@pytest.fixture
def known(run, classes, table):
    """The twelve photos with what was typed about them: kinds, prices, days, marks, lists; photo 11 has nothing."""
    kind = ["wallet", "Tasche", "3"]
    rows = [
        {"file": f"{number}.png", "kind": kind[number % 3], "price": number % 5, "day": f"2024-02-{number % 3 + 1:02d}"}
        | {"old": number % 2 == 0, "tags": ["a", "b"]}
        for number in range(11)
    ]
    (classes.parent / "known.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("index", "shelf", "-x", "phash", "-q").code == 0
    assert run("index", "shelf", "-q", "--attributes", "known.jsonl").code == 0
    return classes


@pytest.mark.parametrize(
    ("name", "classes_"), [("kind", 3), ("price", 5), ("day", 3), ("old", 2)], ids=["text", "number", "date", "boolean"]
)
def test_attributes_are_labels_as_a_table_of_them_is(run, known, name, classes_):
    judge = ("evaluate", "shelf", "-x", "phash", "--retrieval-only", "--format", "json")
    result = run(*judge, "--labels", f"attribute:{name}")
    (row,) = json.loads(result.out)
    assert (row["left_out"], row["classes"]) == (1, classes_)
    assert result.err == "1 photos have no label: bags/11.png\n"
    assert result.out == run(*judge, "--labels", f"known.jsonl:{name}").out
    strict = run(*judge, "--labels", f"attribute:{name}", "--strict")
    assert (strict.code, strict.out) == (2, "")


def test_what_was_typed_after_hides_what_was_known_before(run, known):
    judge = ("evaluate", "shelf", "-x", "phash", "--retrieval-only", "--format", "json", "--labels", "attribute:kind")
    for number in (0, 2, 4, 6):
        assert run("set", f"shelf/coats/{number}.png", "kind=coat", "--index", "shelf").code == 0
    (row,) = json.loads(run(*judge).out)
    assert row["classes"] == 4


def test_lists_are_no_labels_and_are_counted(run, known):
    result = run("evaluate", "shelf", "-x", "phash", "--labels", "attribute:tags")
    assert result.code == 2
    assert "11 photos have a list or an object for tags and are left out: bags/1.png, " in result.err


def test_measured_colours_are_labels(run, classes):
    assert run("index", "shelf", "-x", "phash", "--colors", "-q").code == 0
    with open_index(classes) as index:
        colors = [record.attributes["color"] for record in index]
    result = run("evaluate", "shelf", "-x", "phash", "--labels", "attribute:color", "--format", "json")
    (row,) = json.loads(result.out)
    assert row["n"] == sum(colors.count(color) > 1 for color in colors)


@pytest.mark.parametrize("command", ["evaluate", "recommend", "calibrate"])
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("attribute:knd", "unknown attribute 'knd': did you mean kind?"),
        ("attribute:", "'attribute:': write attribute:NAME, for example attribute:kind"),
    ],
)
def test_an_unknown_attribute_is_one_line_and_nothing_is_measured(run, known, command, source, message):
    draw_photo(known / "bags" / "new.png", 77)
    result = run(command, "shelf", "--labels", source, "-x", "lbp")
    assert (result.code, result.out, result.err) == (2, "", f"imgsim: {message}\n")
    with open_index(known) as index:
        assert (len(index), [str(one.spec) for one in index.extractors]) == (12, ["phash"])


@pytest.mark.parametrize("command", ["evaluate", "recommend", "calibrate"])
def test_attributes_need_an_index_and_no_key(run, classes, command):
    result = run(command, "shelf", "--labels", "attribute:kind", "-x", "phash")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "imgsim index shelf" in result.err
    assert not (classes / ".imgsim").exists()
    refused = run(command, "shelf", "--labels", "attribute:kind", "--key", "file", "-x", "phash")
    assert "--key only goes with a table: give --labels FILE:COLUMN" in refused.err


def test_recommend_and_calibrate_take_attributes_too(run, known):
    command = ("recommend", "shelf", "-x", "phash", "--time", "30s", "--format", "json")
    assert json.loads(run(*command, "--labels", "attribute:kind").out)[0]["photos"] == 11
    result = run("calibrate", "shelf", "--labels", "attribute:kind", "-k", 3, "--format", "json")
    assert json.loads(result.out)["matches"] == 33


def test_attributes_are_scores_too(run, known):
    judge = ("evaluate", "shelf", "-x", "phash", "-k", 3, "--format", "json")
    result = run(*judge, "--scores", "attribute:price")
    assert json.loads(result.out)[0]["n"] == 11
    assert result.out == run(*judge, "--scores", "known.jsonl:price").out
    refused = run(*judge, "--scores", "attribute:prize")
    assert (refused.code, refused.err) == (2, "imgsim: unknown attribute 'prize': did you mean price?\n")
    keyed = run(*judge, "--scores", "attribute:price", "--key", "file")
    assert "--key only goes with a table: give --scores FILE:COLUMN" in keyed.err


def test_recall_is_given_of_the_k_that_are_asked_for(run, classes):
    judge = ("evaluate", "shelf", "-x", "phash", "-x", "histogram", "--retrieval-only")
    (usual, _) = json.loads(run(*judge, "--format", "json").out)
    (row, _) = json.loads(run(*judge, "--recall", "3, 1,500,3", "--format", "json").out)
    assert [name for name in row if name.startswith("recall@")] == [
        f"recall@{k}{end}" for k in (1, 3, 500) for end in ("", "_ci")
    ]
    assert (row["recall@1"], row["compared_by"]) == (usual["recall@1"], "recall@1")
    assert (row["recall@500"], row["precision@500"]) == (1, 5 / 500)
    assert run(*judge, "--recall", "1,5,10", "--format", "json").out == run(*judge, "--format", "json").out
    header = run(*judge, "--recall", "3,500").out.splitlines()[0].split()
    assert header == ["extractor", "metric", "n", "recall@3", "recall@500", "mAP", "mAP@R", "compared"]


def test_without_a_recall_at_1_the_first_that_is_asked_for_compares(run, classes):
    judge = ("evaluate", "shelf", "-x", "phash", "-x", "histogram", "--retrieval-only", "--format", "json")
    assert json.loads(run(*judge, "--recall", "7,4").out)[0]["compared_by"] == "recall@4"
    named = json.loads(run(*judge, "--recall", "4", "--by", "recall@2").out)[0]
    assert (named["compared_by"], "recall@4" in named, "recall@2" in named) == ("recall@2", True, True)
    usual = json.loads(run(*judge, "--by", "recall@7").out)[0]
    assert [name for name in usual if name.startswith("precision@") and "_" not in name] == [
        f"precision@{k}" for k in (1, 5, 7, 10)
    ]


def test_pictures_alone_are_drawn_on_request(run, classes):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    judge = ("evaluate", "shelf", "-x", "phash", "-x", "histogram", "--retrieval-only", "--plots", "drawn")
    result = run(*judge, "--plots-only", "--plot-format", "svg")
    assert (result.code, result.out) == (0, "")
    drawn = {path.name for path in (classes.parent / "drawn").iterdir()}
    assert {"recall-at-k.svg", "retrieval-precision-recall.svg"} <= drawn
    both = (classes.parent / "drawn" / "recall-at-k.svg").read_text()
    assert "phash hamming" in both
    assert "histogram hellinger" in both
    refused = run(*judge, "-x", "haralick", "-m", "hellinger", "--plots-only", "--strict")
    assert (refused.code, refused.out) == (2, "")  # as with a table


@pytest.fixture
def saved_again(classes):
    """Four photos drawn larger, each once more as a JPEG and half as large, and one of them in the other class, too."""
    draw_photo(classes / "bags" / "5.png", 50)  # that of seed 5 has nearly the hash of 1.png, so smooth are both
    for number in (0, 1, 2, 3):
        path = classes / ("bags" if number % 2 else "coats") / f"{number}.png"
        draw_photo(path, number, (192, 144))
        with PIL.Image.open(path) as photo:
            photo.save(path.with_name(f"{number} again.jpg"), quality=60)
            photo.resize((96, 72)).save(path.with_name(f"{number} small.png"))
            if number == 3:
                photo.save(classes / "coats" / "z3.jpg", quality=40)
    return classes


def test_copies_that_were_saved_again_count_as_one(run, saved_again, table):
    judge = ("evaluate", "shelf", "-x", "histogram:bins=4", "--format", "json")
    (flattered,) = json.loads(run(*judge).out)
    assert flattered["n"] == 21
    result = run(*judge, "--group", "copies")
    (row,) = json.loads(result.out)
    assert (row["n"], row["left_out"]) == (12, 9)
    assert result.err.splitlines() == [
        "9 photos are copies of others (9 by phash, within 6 of 64 bits) and count as one with the first by path",
        "1 photos have copies of another class; the label of the first counts: bags/3 again.jpg",
    ]
    assert row["recall@1"] < flattered["recall@1"]
    with open_index(saved_again) as index:
        assert [one.spec.name for one in index.extractors] == ["histogram", "phash"]
    # As if all but the first of each were not there.
    for path in saved_again.rglob("*.png"):
        if path.name in {f"{number}{end}.png" for number in range(4) for end in ("", " small")}:
            path.unlink()
    (saved_again / "coats" / "z3.jpg").unlink()
    run("index", "shelf", "-q", "--prune")
    (alone,) = json.loads(run(*judge).out)
    assert {name: row[name] for name in FIGURES} == {name: alone[name] for name in FIGURES}


def test_copies_tell_no_score_that_were_saved_again(run, saved_again, table):
    names = sorted(path.relative_to(saved_again).as_posix() for path in saved_again.rglob("*.*g"))
    table("photo,score\n" + "".join(f"{name},{number}\n" for number, name in enumerate(names)))
    judge = ("evaluate", "shelf", "-x", "lbp", "--scores", "labels.csv:score", "-k", 3, "--format", "json")
    assert json.loads(run(*judge).out)[0]["n"] == 21
    result = run(*judge, "--group", "copies")
    assert json.loads(result.out)[0]["n"] == 12
    assert result.err.startswith("9 photos are copies of others (9 by phash")
    assert run(*judge, "--group", "classes").code == 2


def test_an_extractor_that_tells_nothing_is_remarked_on_once(run, classes):
    for number, path in enumerate(sorted(classes.rglob("*.png"))):
        PIL.Image.new("RGB", (48, 36), (10, 20, 30 + number)).save(path)
    result = run("evaluate", "shelf", "-x", "phash", "-x", "lbp", "--retrieval-only", "--format", "json")
    assert result.code == 0
    assert result.err.splitlines() == [
        f"{name}: nearly all distances are equal, about 0: it hardly tells photos apart"
        for name in ("phash by hamming", "lbp by hellinger")
    ]
    assert json.loads(result.out)[0]["n"] == 12


def test_every_figure_is_explained(run, classes, table):
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    _, explained = page.split("## Each figure in a sentence\n")
    words = set(re.findall(r"`([^`]+)`", explained.split("\n## ")[0]))
    table("file,score\n" + "".join(f"{number}.png,{number % 5}\n" for number in range(12)))
    for command in (
        ("evaluate", "shelf", "-x", "phash"),
        ("evaluate", "shelf", "-x", "phash", "--scores", "labels.csv:score"),
        ("recommend", "shelf", "-x", "phash", "--time", "5s"),
    ):
        (row,) = json.loads(run(*command, "--format", "json").out)
        names = {re.sub("@[0-9]+$", "@k", name.removesuffix("_ci")) for name in row}
        assert len(names) > 10
        assert names <= words | {"recall@k", "precision@k"}
        assert {"recall@k", "precision@k"} <= words
