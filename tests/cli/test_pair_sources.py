"""`--pairs`: calibrating, evaluating and recommending by what people decided about pairs."""

import json
import shutil

import numpy as np
import PIL.Image
import pytest

from imgsim.index.index import Index, open_index
from imgsim.index.store.pair_store import CONFIRMED, REJECTED, SAID, DecidedPair
from imgsim.index.update import update_index

EXTRACTOR = "histogram:bins=4"
THINGS = 12


def draw(path, seed, noise):
    """Draw a photo of a thing: all that its photos share is its colours."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (3, 3, 3)).repeat(8, axis=0).repeat(8, axis=1)
    shaken = coarse + np.random.default_rng([seed, *path.name.encode()]).normal(0, noise, coarse.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.clip(shaken, 0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Twelve lost things, each of which was found, and six others."""
    folder = tmp_path_factory.mktemp("office")
    for seed in range(THINGS):
        draw(folder / "lost" / f"l{seed:02}.png", seed, 40)
    for seed in range(THINGS + 6):
        draw(folder / "found" / f"f{seed:02}.png", seed, 40)
    for side in ("lost", "found"):
        update_index(folder / side, extractors=[EXTRACTOR])
    return folder


@pytest.fixture
def office(drawn, tmp_path, monkeypatch):
    shutil.copytree(drawn, tmp_path / "office")
    monkeypatch.chdir(tmp_path / "office")
    return tmp_path / "office"


def decide(*pairs, lost="lost", found="found"):
    """Keep pairs of names without endings, such as ``("l00", "f00", CONFIRMED)``."""
    with open_index(found) as index, open_index(lost) as other, index.writing() as writer:
        ours, theirs = ({record.path: record.digest for record in one} for one in (other, index))
        store = other.distance().store.stamp.store
        kept = [
            DecidedPair(ours[one], theirs[two], state, one, two, "Jo", 1, store)
            for one, two, state in ((f"{pair[0]}.png", f"{pair[1]}.png", pair[2]) for pair in pairs)
        ]
        writer.decide(kept)


def some(count, state=CONFIRMED, shift=0):
    return [(f"l{n:02}", f"f{n + shift:02}", state) for n in range(count)]


def objects(result):
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_a_calibration_by_decided_pairs(run, office):
    decide(*some(8), *some(8, REJECTED, 1), *some(8, SAID, 2), ("l10", "f17", SAID))
    result = run("calibrate", "found", "--pairs", "--lost", "lost", "--format", "json")
    facts = objects(result)
    assert (facts["matches"], facts["same"]) == (24, 8)
    assert "8 confirmed pairs as matches; 8 rejected ones as none, and 8 that were said" in result.err
    shown = [json.loads(line) for line in run("match", "lost", "found", "--format", "jsonl").out.splitlines()]
    right = [row["probability"] for row in shown if row["lost"][1:] == row["found"][1:]]
    wrong = [row["probability"] for row in shown if row["lost"][1:] != row["found"][1:]]
    assert np.mean(right) > np.mean(wrong) + 0.2


def test_confirmed_pairs_alone_are_too_few(run, office):
    decide(*some(8))
    result = run("calibrate", "found", "--pairs", "--lost", "lost")
    assert result.code == 2
    assert result.err.splitlines()[-1] == (
        "imgsim: 8 pairs are the same thing and 0 are not: calibration needs 5 of each; `imgsim match --new` shows "
        "some, `imgsim pair confirm` and `imgsim pair reject` decide them"
    )
    with Index.open("found") as index:
        assert index.calibrations == []


def test_figures_are_of_lost_things_that_were_found(run, office):
    shown = objects(run("match", "lost", "found", "-k", "1", "--format", "json"))
    decide(*some(10), *some(3, REJECTED, 1))
    result = run("evaluate", "found", "--pairs", "--lost", "lost", "-x", EXTRACTOR, "-x", "phash", "--format", "json")
    rows = objects(result)
    assert [row["n"] for row in rows] == [10, 10]
    assert (rows[0]["confirmed"], rows[0]["rejected"]) == (10, 3)
    assert rows[0]["found_things"] == THINGS + 6
    hits = sum(row["lost"][1:] == row["found"][1:] for row in shown if row["lost"] < "l10")
    assert rows[0]["recall@1"] == hits / 10
    assert rows[0]["recall@1_ci"][0] < hits / 10
    assert rows[0]["pair_roc_auc"] is not None
    assert {row["verdict"] for row in rows} & {"best"}
    assert "of each lost thing in them, every other found thing is taken to be no match" in result.err
    table = run("evaluate", "found", "--pairs", "--lost", "lost", "--recall", "1,3")
    assert "recall@3" in table.out.splitlines()[0]
    assert "accuracy" not in table.out.splitlines()[0]


def test_a_report_of_decided_pairs(run, office):
    pytest.importorskip("jinja2")
    decide(*some(6))
    assert run("evaluate", "found", "--pairs", "--lost", "lost", "--report", "r.html").code == 0
    page = (office / "r.html").read_text(encoding="utf-8")
    assert "judged by decided pairs" in page
    assert "of the lost things in lost" in page
    assert "Pictures are drawn of classes, not of pairs." in page


def test_sides_need_not_be_measured_yet(run, office):
    decide(*some(6))
    assert "phash" in run("evaluate", "found", "--pairs", "--lost", "lost", "-x", "phash").out
    for side in ("lost", "found"):
        with Index.open(side) as index:
            assert "phash" in {one.spec.name for one in index.extractors}


def test_one_index_of_both(run, office):
    shutil.move(office / "lost", office / "both" / "lost")
    shutil.move(office / "found", office / "both" / "found")
    update_index("both", extractors=[EXTRACTOR])
    pairs = [(f"lost/l{n:02}", f"found/f{n:02}", CONFIRMED) for n in range(6)]
    decide(*pairs, ("lost/l11", "found/f00", SAID), lost="both", found="both")
    (row,) = objects(run("evaluate", "both", "--pairs", "--format", "json"))
    assert row["found_things"] == 2 * THINGS + 6 - 7  # the lost photos that any pair names are not found
    (row,) = objects(run("evaluate", "both", "--pairs", "--where", "path like 'found/%'", "--format", "json"))
    assert row["found_things"] == THINGS + 6
    assert objects(run("evaluate", "both", "--pairs", "--lost", "both", "--format", "json"))[0]["n"] == 6


def test_things_of_several_photos(run, office):
    draw(office / "found" / "f00b.png", 0, 40)
    update_index("found")
    for name in ("f00.png", "f00b.png"):
        with open_index("found") as index, index.writing() as writer:
            writer.edit([name], ["item=A"])
    decide(("l00", "f00b", CONFIRMED), *some(6)[1:], ("l00", "f00", SAID))
    (row,) = objects(run("evaluate", "found", "--pairs", "--lost", "lost", "--thing", "item", "--format", "json"))
    assert row["found_things"] == THINGS + 6
    result = run("calibrate", "found", "--pairs", "--lost", "lost", "--thing", "item")
    assert "6 confirmed pairs as matches; 0 rejected ones as none, and 0 that were said" in result.err
    apart = run("calibrate", "found", "--pairs", "--lost", "lost")
    assert "and 1 that were said" in apart.err


def test_contradictory_copies_are_named_and_left_out(run, office):
    PIL.Image.open("lost/l00.png").save("lost/l00 again.png", compress_level=1)
    update_index("lost")
    decide(*some(6), ("l00 again", "f00", REJECTED))
    result = run("evaluate", "found", "--pairs", "--lost", "lost", "-x", "hog", "--format", "json")
    assert objects(result)[0]["n"] == 5
    assert "2 pairs are confirmed and rejected, of the same things, and left out: " in result.err
    assert "l00 again.png and f00.png" in result.err
    strict = run("evaluate", "found", "--pairs", "--lost", "lost", "--strict")
    assert strict.code == 2
    assert "pairs do not fit, and --strict was given" in strict.err


def test_photos_that_are_gone_are_counted_and_named(run, office):
    decide(*some(6), ("l06", "f06", REJECTED))
    (office / "lost" / "l05.png").unlink()
    (office / "found" / "f04.png").unlink()
    result = run("evaluate", "found", "--pairs", "--lost", "lost", "--format", "json")
    assert objects(result)[0]["n"] == 4
    assert "1 decided pairs are of lost photos that" in result.err
    assert "no longer has: l05.png" in result.err
    assert "no longer has: f04.png" in result.err


def test_pairs_outlive_new_names(run, office):
    decide(*some(6))
    for number in range(6):
        (office / "lost" / f"l{number:02}.png").rename(office / "lost" / f"renamed {number}.png")
    assert objects(run("evaluate", "found", "--pairs", "--lost", "lost", "--format", "json"))[0]["n"] == 6


def test_what_was_given_back_goes_on_teaching(run, office):
    decide(*some(6))
    for side in ("lost", "found"):
        with open_index(side) as index, index.writing() as writer:
            writer.edit([f"{side[0]}00.png"], ["status=returned"])
        assert run("hide", side, "status = 'returned'").code == 0
    (row,) = objects(run("evaluate", "found", "--pairs", "--lost", "lost", "--format", "json"))
    assert (row["n"], row["found_things"]) == (6, THINGS + 6)


def test_pairs_of_another_lost_folder(run, office):
    decide(*some(6))
    for seed in range(40, 43):
        draw(office / "others" / f"o{seed}.png", seed, 40)
    update_index("others", extractors=[EXTRACTOR])
    result = run("evaluate", "found", "--pairs", "--lost", "others")
    assert result.code == 2
    assert "6 decided pairs are of another lost folder than" in result.err
    assert "no decided pair is left of photos that" in result.err.splitlines()[-1]
    assert result.err.endswith(": --lost names another\n")
    alone = run("calibrate", "found", "--pairs")
    assert alone.code == 2
    assert alone.err.endswith(": --lost names the indexed folder of what was lost\n")


@pytest.mark.parametrize("command", ["calibrate", "evaluate", "recommend"])
def test_nothing_is_decided(run, office, command):
    result = run(command, "found", "--pairs", "--lost", "lost")
    assert result.code == 2
    assert "no pair is decided; `imgsim match --new` shows some" in result.err
    decide(("l00", "f00", SAID))
    assert "none of 1 pairs that were said is decided" in run(command, "found", "--pairs", "--lost", "lost").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "--lost", "lost"], "--lost goes with --pairs"),
        (["recommend", "--thing", "item"], "--thing goes with --pairs"),
        (["calibrate", "--pairs", "--labels", "folders"], "--labels is for classes"),
        (["calibrate", "--pairs", "-k", "3"], "-k is for classes"),
        (["evaluate", "--pairs", "--rerank", "k_reciprocal"], "--rerank is for classes"),
        (["evaluate", "--pairs", "--by", "loocv_accuracy"], "choose another figure"),
    ],
)
def test_options_that_do_not_go_together(run, office, arguments, told):
    command, *rest = arguments
    result = run(command, "found", *rest)
    assert result.code == 2
    assert told in result.err


def test_an_unknown_thing(run, office):
    decide(*some(6))
    result = run("evaluate", "found", "--pairs", "--lost", "lost", "--thing", "itme")
    assert result.code == 2
    assert "itme" in result.err


def test_a_recommendation_by_decided_pairs(run, office):
    decide(*some(10), ("l11", "f03", REJECTED))
    result = run(
        *("recommend", "found", "--pairs", "--lost", "lost", "-x", EXTRACTOR, "-x", "phash", "--time", "60s"),
        *("--save", "--format", "json", "-j", 1),
    )
    rows = objects(result)
    assert EXTRACTOR in rows[0]["extractor"]
    assert {row["n"] for row in rows} == {10}
    assert {row["photos"] for row in rows} == {10 + THINGS + 6}
    assert rows[0]["found_things"] == THINGS + 6
    assert "by 10 confirmed pairs: of each lost thing in them, every other found thing" in result.err
    assert run("match", "lost", "found").code == 0
    told = objects(run("evaluate", "found", "--pairs", "--lost", "lost", "-x", EXTRACTOR, "--format", "json"))
    assert rows[0]["recall@1"] >= told[0]["recall@1"]


def test_a_recommendation_needs_a_confirmed_pair(run, office):
    decide(("l11", "f03", REJECTED))
    result = run("recommend", "found", "--pairs", "--lost", "lost", "-x", "phash")
    assert result.code == 2
    assert "no pair is confirmed: there is nothing to find" in result.err
