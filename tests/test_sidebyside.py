"""Side by side: every name has its row, what can be seen is also said, and a wrong name is refused."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from bnlib.sidebyside import side_by_side

TRUTH = {"dvar": np.array([1.0, -2.0]), "dx": np.array([[1.0, 2.0], [-3.0, 0.0], [0.5, 1.0]])}


def off(name, value):
    return TRUTH | {name: value}


def test_a_row_has_the_name_the_shape_both_norms_and_the_difference():
    text = side_by_side(off("dvar", np.array([1.0, 2.0])), TRUTH)._repr_mimebundle_()["text/plain"]
    head, dvar, dx = text.splitlines()
    assert head.split()[:2] == ["gradient", "shape"]
    assert dvar.split() == ["dvar", "(2,)", "2.236", "2.236", "1.0e+00"]
    assert dx.split()[-1] == "0.0e+00"


def test_the_order_is_the_one_asked_for():
    text = side_by_side(TRUTH, TRUTH, ["dx", "dvar"]).text
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["dx", "dvar"]


def test_another_shape_is_said_and_not_broadcast():
    text = side_by_side(off("dvar", np.array([[1.0, -2.0]])), TRUTH).text
    assert "(1, 2), not (2,)" in text
    assert "shapes differ" in text


def test_nan_is_not_hidden():
    card = side_by_side(off("dvar", np.array([np.nan, -2.0])), TRUTH)
    assert "nan" in card.text.splitlines()[1]
    assert "<path" in pictures(card.html)[0][1]


def test_two_zeros_agree_and_an_empty_array_has_a_row():
    zero = {"dmu": np.zeros(3), "none": np.zeros((0, 3))}
    assert [line.split()[-1] for line in side_by_side(zero, zero).text.splitlines()[1:]] == ["0.0e+00"] * 2


def test_a_name_that_is_missing_is_refused():
    with pytest.raises(KeyError, match="suspect has no 'dx'"):
        side_by_side({"dvar": TRUTH["dvar"]}, TRUTH)
    with pytest.raises(KeyError, match="truth has no 'dmu'"):
        side_by_side(TRUTH | {"dmu": np.zeros(2)}, TRUTH, ["dmu"])


def pictures(html):
    found = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)"', html)
    return [(alt, base64.b64decode(data).decode()) for alt, data in found]


def test_every_picture_has_words_and_the_sign_is_no_colour_only():
    (alt, svg), *_ = pictures(side_by_side(TRUTH, TRUTH).html)
    assert alt == "dvar, suspect: 1, -2"
    filled, hollow = re.findall(r"<rect x=[^>]*>", svg)
    assert 'fill="none"' not in filled
    assert 'fill="none"' in hollow


def test_a_large_array_is_summed_up_and_cut():
    big = {"dx": np.random.default_rng(0).normal(size=(50, 40))}
    alt, svg = pictures(side_by_side(big, big).html)[0]
    assert "positive and" in alt
    assert 'width="120" height="120"' in svg


def test_the_table_has_headings_for_rows_and_columns_and_a_caption():
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.seen = []

        def handle_starttag(self, tag, attributes):
            self.seen.append((tag, dict(attributes)))

    tags = Tags()
    tags.feed(side_by_side(TRUTH, TRUTH).html)
    scopes = [attributes.get("scope") for tag, attributes in tags.seen if tag == "th"]
    assert scopes.count("col") == 7
    assert scopes.count("row") == 2
    assert any(tag == "caption" for tag, _ in tags.seen)


def test_the_arrays_are_left_alone():
    suspect = {name: value.copy() for name, value in TRUTH.items()}
    side_by_side(suspect, TRUTH)
    for name, value in TRUTH.items():
        np.testing.assert_array_equal(suspect[name], value)


def test_a_name_is_escaped():
    odd = {"<b>": np.ones(2)}
    assert "<b>" not in side_by_side(odd, odd).html
