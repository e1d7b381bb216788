"""Labels by what people decided about pairs."""

from imgsim.evaluation.pair_labels import label_pairs, number_things


def listed(labels):
    columns = (labels.lost, labels.found, labels.same, labels.decided)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_what_is_decided_and_what_follows():
    labels = label_pairs([(1, 1), (2, 2)], [(1, 5), (4, 5)], said=[(1, 9), (9, 2), (4, 6), (1, 1), (1, 5)])
    assert listed(labels) == [
        (1, 1, True, True),
        (2, 2, True, True),
        (1, 5, False, True),
        (4, 5, False, True),
        (1, 9, False, False),  # 1 is found, and 9 is not it
        (9, 2, False, False),  # 2 is 2's, and not 9's
    ]  # of 4 and 6 nothing is known: nobody found what 4 is
    assert (labels.confirmed, labels.rejected, labels.passed_over) == (2, 2, 2)


def test_a_contradiction_counts_as_neither():
    labels = label_pairs([(1, 1), (2, 2)], [(1, 1)], said=[(1, 1), (1, 3), (2, 3)])
    assert listed(labels) == [(2, 2, True, True), (2, 3, False, False)]
    assert labels.contradictory == ((1, 1),)


def test_two_found_things_may_both_be_right():
    assert listed(label_pairs([(1, 1), (1, 2)], [], said=[(1, 2), (1, 3)])) == [
        (1, 1, True, True),
        (1, 2, True, True),
        (1, 3, False, False),
    ]


def test_nothing_decided_is_no_label():
    assert listed(label_pairs([], [], said=[(1, 2)])) == []


def test_values_keep_copies_apart():
    contents = [b"k", b"k", b"k", b"", b"m"]
    assert number_things(["A", "B", None, None, None], [contents]).tolist() == [0, 1, 0, 3, 4]
    rows = [b"", b"", b"", b"r", b"r"]
    assert number_things([None] * 5, [contents, rows]).tolist() == [0, 0, 0, 3, 3]
    assert number_things([], [[]]).tolist() == []
