"""An expression's tree is what its grammar says, or a line that says where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ExpressionError
from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, NoneOf
from imgsim.where.parse import DEPTH, parse


def shape(tree):
    """Write a tree with all its parentheses."""
    match tree:
        case Compares(name, operator):
            return f"{name} {operator} {' '.join(map(str, tree.values))}"
        case Has(name):
            return f"has {name}"
        case NoneOf(condition):
            return f"not({shape(condition)})"
        case AllOf(conditions):
            return "(" + " and ".join(map(shape, conditions)) + ")"
        case AnyOf(conditions):
            return "(" + " or ".join(map(shape, conditions)) + ")"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1 or b = 2 and c = 3", "(a = 1 or (b = 2 and c = 3))"),
        ("(a = 1 or b = 2) and c = 3", "((a = 1 or b = 2) and c = 3)"),
        ("not a = 1 and b = 2", "(not(a = 1) and b = 2)"),
        ("not (a = 1 and b = 2)", "not((a = 1 and b = 2))"),
        ("not not a = 1", "not(not(a = 1))"),
        ("a=1 and b=2 and c=3", "(a = 1 and b = 2 and c = 3)"),
        ("a between 1 and 2 and b = 3", "(a between 1 2 and b = 3)"),
        ("a not between 1 and 2", "(has a and not(a between 1 2))"),
        ("a in ('x', \"y\", 'z')", "a in x y z"),
        ("a not in (1)", "(has a and not(a in 1))"),
        ("a LIKE 'x%' Or a Contains 'y'", "(a like x% or a contains y)"),
        ("a not like 'x'", "(has a and not(a like x))"),
        ("has a", "has a"),
        ("a is missing", "not(has a)"),
        ("a is not missing", "has a"),
        ('"and" = true', "and = True"),
        ("a <> 1", "(has a and not(a = 1))"),
        ("a = 2026-05", "a = 2026-05"),
        ("a = 99999999999999999999", "a = 1e+20"),
        ("a < 1e999", "a < inf"),
    ],
)
def test_trees(text, expected):
    assert shape(parse(text)) == expected


def test_a_comparison_knows_its_source():
    tree = parse("(  price<3 )  and place  in ('a')")
    assert [leaf.source for leaf in tree.conditions] == ["price<3", "place  in ('a')"]


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "expected the name of an attribute, found the end"),
        ("price", 5, "expected an operator"),
        ("price <", 7, "expected a value, found the end"),
        ("price = red", 8, "found red: text goes in quotes: 'red'"),
        ("price = and", 8, "text goes in quotes: 'and'"),
        ("price < < 3", 8, "expected a value, found <"),
        ("5 < price", 0, "a value comes after its operator"),
        ("'price' = 5", 0, "found 'price': a name goes in double quotes"),
        ("in = 5", 0, "found in: a name goes in double quotes"),
        ("(price = 5", 0, "this \\( is not closed"),
        ("a = 1 and (price = 5 or b = 2", 10, "this \\( is not closed"),
        ("price = 5)", 9, "expected and, or, or the end, found \\)"),
        ("price = 5 brand = 'x'", 10, "expected and, or, or the end, found brand"),
        ("price < 30,000", 10, "numbers are written without commas"),
        ("price in 5", 9, "expected \\(, found 5"),
        ("price in ()", 10, "expected a value, found \\)"),
        ("price in (1, 2", 9, "this \\( is not closed"),
        ("price in (1 2)", 12, "expected \\), found 2"),
        ("price between 1", 15, "expected and, found the end"),
        ("price not = 5", 10, "expected in, like, contains, between, found ="),
        ("price is 5", 9, "expected missing"),
        ("price is not", 12, "expected missing, found the end"),
        ("has", 3, "expected the name"),
        ("not", 3, "expected the name"),
        ("a = 1 or", 8, "expected the name"),
        ("(" * 500 + "a = 1" + ")" * 500, DEPTH, "more than 100"),
        ("not " * 500 + "a = 1", 4 * DEPTH, "more than 100"),
    ],
)
def test_mistakes_are_named_by_their_place(text, position, reason):
    with pytest.raises(ExpressionError, match=reason) as caught:
        parse(text)
    assert caught.value.position == position


def test_many_operands_are_no_depth():
    assert len(parse(" or ".join(["a = 1"] * 3000)).conditions) == 3000
    assert len(parse("a in (" + ",".join(["1"] * 3000) + ")").values) == 3000
    assert shape(parse("(" * DEPTH + "a = 1" + ")" * DEPTH)) == "a = 1"


PIECES = ["a", '"b c"', "'x'", "5", "2026-05-01", "true", "(", ")", ",", "=", "!=", "<"]
PIECES += ["and", "or", "not", "in", "like", "contains", "between", "is", "missing", "has"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_pieces_are_understood_or_refused(text):
    try:
        assert shape(parse(text))
    except ExpressionError as error:
        position = error.position
    else:
        position = 0
    assert 0 <= position <= len(text)
