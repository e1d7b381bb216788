"""What every sampler of the table promises, and what each is about."""

from collections import Counter

import numpy as np
import pytest

from imgsim.errors import EvaluationError, ParameterError, UnknownNameError
from imgsim.training.embeddings.samplers import SAMPLERS, build_sampler, spell_sampler
from imgsim.training.embeddings.samplers.base_sampler import SamplerSetting
from imgsim.training.named_part import parameters_of

NAMES = sorted(SAMPLERS)
TEXTS = [
    *NAMES,
    "m-per-class:least=2,most=2",
    "m-per-class:least=3,most=3",
    "m-per-class:most=8",
    "scores:within=q0.1,beyond=q0.5",
]


def setting_of(text, rng, count=300, batch=32, seed=7):
    if text.startswith("scores"):
        return SamplerSetting(rng.uniform(0, 100, count), "scores", batch, seed)
    labels = np.concatenate([np.repeat(np.arange(20), 3), rng.integers(0, 20, count - 60)])
    return SamplerSetting(labels, "classes", batch, seed)


def listed(sampler, epoch):
    return [batch.tolist() for batch in sampler.batches(epoch)]


@pytest.mark.parametrize("text", TEXTS)
def test_batches_are_places_of_photos_each_once(text, rng):
    setting = setting_of(text, rng)
    batches = build_sampler(text, setting).batches(0)
    assert len(batches) > 4
    for batch in batches:
        assert batch.dtype == np.intp
        assert 2 <= len(batch) <= setting.batch
        assert len(set(batch.tolist())) == len(batch)
        assert batch.min() >= 0
        assert batch.max() < len(setting.labels)


@pytest.mark.parametrize("text", TEXTS)
def test_batches_follow_from_seed_and_epoch(text, rng):
    setting = setting_of(text, rng)
    sampler, again = (build_sampler(text, setting) for _ in range(2))
    again.batches(1)  # what was drawn before is nothing to an epoch
    assert listed(sampler, 4) == listed(again, 4)
    assert listed(sampler, 4) != listed(sampler, 5)
    assert listed(sampler, 4) != listed(build_sampler(text, setting._replace(seed=8)), 4)


@pytest.mark.parametrize("text", TEXTS)
def test_every_photo_that_can_be_learned_from_is_drawn(text, rng):
    setting = setting_of(text, rng)
    drawn = Counter(place for batch in build_sampler(text, setting).batches(2) for place in batch.tolist())
    assert len(drawn) >= 0.95 * len(setting.labels)
    assert max(drawn.values()) == 1 or not text.startswith("random")


def test_random_batches_are_of_nearly_one_size(rng):
    sampler = build_sampler("random", setting_of("random", rng, count=70, batch=32))
    assert sorted(map(len, sampler.batches(0))) == [23, 23, 24]
    assert sorted(np.concatenate(sampler.batches(0)).tolist()) == list(range(70))


@pytest.mark.parametrize(("least", "most"), [(2, 2), (2, 4), (3, 3), (3, 5)])
def test_a_batch_has_some_photos_of_each_of_its_classes(least, most, rng):
    setting = setting_of("m-per-class", rng)
    sampler = build_sampler(f"m-per-class:least={least},most={most}", setting)
    counts = Counter()
    for epoch in range(3):
        for batch in sampler.batches(epoch):
            each = Counter(setting.labels[batch].tolist())
            assert len(each) > 1
            counts.update(each.values())
    assert set(counts) == set(range(least, most + 1))


def test_handfuls_fill_a_batch_but_for_less_than_one(rng):
    setting = setting_of("m-per-class", rng)
    sizes = [len(batch) for batch in build_sampler("m-per-class", setting).batches(0)]
    assert min(sizes[:-2]) > setting.batch - 4
    assert len(sizes) <= 1.15 * len(setting.labels) / setting.batch + 2


def test_a_class_of_most_of_the_photos_is_spread_over_the_epoch():
    labels = np.concatenate([np.zeros(1000, int), np.repeat(np.arange(1, 11), 10)])
    sampler = build_sampler("m-per-class", SamplerSetting(labels, "classes", 16, 0))
    batches = sampler.batches(0)
    assert all(len(set(labels[batch].tolist())) > 1 for batch in batches)
    with_it = [bool((labels[batch] == 0).any()) for batch in batches]
    assert np.mean(with_it) > 0.8
    assert sum(len(set(batch.tolist()) & set(range(1000, 1100))) for batch in batches) >= 95


def test_what_is_left_over_of_a_class_is_filled_up():
    sampler = build_sampler("m-per-class:most=2", SamplerSetting(np.repeat([0, 1], 3), "classes", 4, 0))
    drawn = Counter(place for batch in sampler.batches(0) for place in batch.tolist())
    assert sorted(drawn) == list(range(6))
    assert drawn.total() == 8


def test_small_classes_are_refused_or_left_out():
    labels = np.array([0, 0, 1, 2, 2, 2, 3])
    setting = SamplerSetting(labels, "classes", 8, 0, ("bag", "cup", "key", "pen"))
    with pytest.raises(EvaluationError) as raised:
        build_sampler("m-per-class", setting)
    told = "2 of 4 classes have fewer than 2 photos (cup, pen)"
    assert str(raised.value) == (
        f"sampler m-per-class: {told}: leave them out by smaller=skip, or give more photos of them"
    )
    sampler = build_sampler("m-per-class:smaller=skip", setting)
    assert sampler.skipped == 2
    assert set(np.concatenate(sampler.batches(0)).tolist()) == {0, 1, 3, 4, 5}
    with pytest.raises(EvaluationError, match="1 of 4 classes have 3 photos or more, and two are needed"):
        build_sampler("m-per-class:least=3,smaller=skip", setting)
    with pytest.raises(EvaluationError, match=r"1 of 2 classes has fewer than 2 photos \(class 1\)"):
        build_sampler("m-per-class", SamplerSetting(np.array([0, 0, 1]), "classes", 8, 0))


def partners(scores, within, beyond):
    """By a plain loop: of each photo whether it has a near one and whether it has a far one."""
    places = range(len(scores))
    near = [any(i != j and abs(scores[i] - scores[j]) <= within for j in places) for i in places]
    far = [any(abs(scores[i] - scores[j]) > beyond for j in places) for i in places]
    return np.array(near), np.array(far)


@pytest.mark.parametrize(("within", "beyond"), [(5, 30), (0, 0), (2, 60), (1, 85)])
def test_each_anchor_has_its_partners_in_the_batch(within, beyond, rng):
    scores = rng.uniform(0, 100, 150).round()
    sampler = build_sampler(f"scores:within={within},beyond={beyond}", SamplerSetting(scores, "scores", 12, 0))
    near, far = partners(scores, within, beyond)
    assert sampler.partners == (150, (~near).sum(), (~far).sum(), (~(near & far)).sum())
    assert sampler.partners.share == pytest.approx((~(near & far)).mean())
    drawn = set()
    for batch in sampler.batches(0):
        has_near, has_far = partners(scores[batch], within, beyond)
        assert (has_near & has_far).sum() >= len(batch) // 3
        drawn |= set(batch.tolist())
    assert set(np.flatnonzero(near & far).tolist()) <= drawn


def test_widths_are_units_or_quantiles():
    scores = np.linspace(0, 10, 41)
    sampler = build_sampler("scores:within=0.5,beyond=q0.5", SamplerSetting(scores, "scores", 12, 0))
    differences = [abs(a - b) for place, a in enumerate(scores) for b in scores[:place]]
    assert sampler.widths == (0.5, np.quantile(differences, 0.5))


def test_quantiles_of_many_scores_are_of_differences_that_are_drawn(rng):
    scores = rng.uniform(0, 1, 5000)
    sampler = build_sampler("scores:within=q0.1,beyond=q0.5", SamplerSetting(scores, "scores", 12, 0))
    exact = [1 - np.sqrt(1 - share) for share in (0.1, 0.5)]  # of two numbers that are anywhere between 0 and 1
    assert sampler.widths == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_spelled_out_builds_the_same(name, rng):
    spelled = spell_sampler(name)
    assert spell_sampler(spelled) == spelled
    assert all(f"{key}=" in spelled for key in parameters_of(SAMPLERS.load(name)))
    setting = setting_of(name, rng)
    assert listed(build_sampler(spelled, setting), 3) == listed(build_sampler(name, setting), 3)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("balanced", UnknownNameError, "unknown sampler 'balanced': choose from m-per-class, random, scores"),
        ("random@2", ParameterError, "'random@2': leave out the weight; a sampler has none"),
        ("random:m=2", ParameterError, "random takes no parameter 'm'; it takes: none"),
        ("m-per-class:least=1", ParameterError, "sampler m-per-class: least is 2 or more, not 1"),
        (
            "m-per-class:least=4,most=3",
            ParameterError,
            "sampler m-per-class: most is no less than least, 4, not 3",
        ),
        (
            "m-per-class:most=17",
            ParameterError,
            "sampler m-per-class: a batch of 32 has no room for two classes of 17 photos",
        ),
        ("m-per-class:smaller=keep", ParameterError, "m-per-class: smaller is one of refuse, skip, not 'keep'"),
        ("scores:within=q2", ParameterError, "sampler scores: within: a quantile is 0 to 1, not 2"),
        (
            "scores:beyond=far",
            ParameterError,
            "sampler scores: beyond is a number, or q0.1 for that quantile, not 'far'",
        ),
        ("scores:within=7,beyond=2", ParameterError, "sampler scores: beyond is no less than within, 7, not 2"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text, error, message, rng):
    with pytest.raises(error) as raised:
        build_sampler(text, setting_of(text, rng))
    assert str(raised.value) == message


def test_scores_without_partners_are_refused():
    with pytest.raises(EvaluationError) as raised:
        build_sampler("scores", SamplerSetting(np.array([1.0, 20, 28, 39]), "scores", 12, 0))
    told = "of 4 photos, scored 1 to 39, 4 have none within 5, 2 none beyond 30"
    assert str(raised.value) == (
        f"sampler scores: no photo has both a near and a far partner: {told}: give other widths"
    )
    with pytest.raises(EvaluationError, match="scores are numbers, and not all of these are"):
        build_sampler("scores", SamplerSetting(np.array([1.0, np.nan, 28, 39]), "scores", 12, 0))


@pytest.mark.parametrize(("text", "kind"), [("scores", "classes"), ("m-per-class", "scores")])
def test_a_sampler_for_other_labels_is_said_to_be(text, kind):
    with pytest.raises(ParameterError, match=f"sampler {text}: it is for labels that are .*, and these are {kind}"):
        build_sampler(text, SamplerSetting(np.arange(40) // 2, kind, 12, 0))


@pytest.mark.parametrize("text", NAMES)
def test_too_few_photos_or_places_are_refused(text, rng):
    setting = setting_of(text, rng)
    with pytest.raises(ParameterError, match="a batch has [23] photos or more, not 1"):
        build_sampler(text, setting._replace(batch=1))
    with pytest.raises(EvaluationError, match="1 photos are too few to learn from"):
        build_sampler(text, setting._replace(labels=setting.labels[:1]))
