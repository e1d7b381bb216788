"""What robots.txt means, by RFC 9309 and its examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.fetch.robots_rules import parse_robots

RFC = """\
# RFC 9309, 5.1
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("product", "path", "allowed"),
    [
        ("foobot", "/example/page.html", True),
        ("FooBot", "/example/allowed.gif", True),
        ("foobot", "/other", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/other", True),
        ("quxbot", "/example/", True),
        ("imgsim", "/example/", False),
        ("imgsim", "/a.gif", False),
        ("imgsim", "/a.gif?b", True),
        ("imgsim", "/publications/a.gif", True),
        ("foobot", "/robots.txt", True),
    ],
)
def test_the_examples_of_the_standard(product, path, allowed):
    assert parse_robots(RFC, product).allow(path) is allowed


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /a\nAllow: /a", "/a", True),  # the least restrictive of two alike
        ("Allow: /page\nDisallow: /*.php", "/page.php5", False),  # the longer one
        ("Disallow: /", "/", False),
        ("Disallow:", "/", True),
        ("Disallow: /foo/bar?baz=http://foo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", True),
        ("Disallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", False),
        ("Disallow: /foo/%62%61%7A", "/foo/baz", False),
        ("Disallow: /a*c$", "/abcd", True),
        ("Disallow: /a*c$", "/abcc", False),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a$", "/ab", True),
        ("disallow : /a # all", "/a", False),
        ("Disallow: /A", "/a", True),
        ("Nonsense\nUser-agent\n: x\nDisallow: /a", "/a", False),
    ],
)
def test_rules_one_by_one(rules, path, allowed):
    assert parse_robots(f"\ufeffUser-agent: *\r\n{rules}", "imgsim").allow(path) is allowed


def test_rules_of_several_groups_for_one_program_are_joined():
    groups = ("imgsim/2\nDisallow: /a\nCrawl-delay: 2", "*\nCrawl-delay: 9", "imgsim\nDisallow: /b")
    rules = parse_robots("\n".join(f"User-agent: {group}" for group in groups), "imgsim")
    assert (rules.allow("/a"), rules.allow("/b"), rules.allow("/c"), rules.delay) == (False, False, True, 2.0)


@given(st.text(alphabet="ab*$/", max_size=30), st.text(alphabet="ab/", max_size=30))
def test_a_rule_fits_as_a_regular_expression_would(rule, path):
    import re

    body = rule.removesuffix("$")
    pattern = ".*".join(map(re.escape, body.split("*"))) + ("$" if rule.endswith("$") else "")
    expected = not rule or not re.match(pattern, f"/{path}")
    assert parse_robots(f"User-agent: *\nDisallow: {rule}", "imgsim").allow(f"/{path}") is bool(expected)


@given(st.text())
def test_nothing_breaks_it(text):
    parse_robots(text, "imgsim").allow("/a")
