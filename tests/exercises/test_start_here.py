"""The exercise of notebook 00: right answers pass in any spelling, wrong ones fail, and the card says why."""

import numpy as np
import pytest

from bnlib import judge
from bnlib.exercises import find


def verdict(center, seed=None):
    return judge("0.1", {"center": center}, seed)


@pytest.mark.parametrize("seed", [None, 0, 1, 2, 3, 4, 5, 6])
def test_the_reference_passes_for_every_seed(seed):
    found = judge("0.1", find("0.1").references, seed)
    assert found.passed, found.message


def test_it_is_asked_as_in_the_curriculum_and_has_three_hints():
    assert find("0.1").signature == "center(x) -> xmu"
    assert len(find("0.1").hints) == 3


def by_loops(x):
    xmu = np.empty(x.shape)
    for d in range(x.shape[1]):
        column = [float(entry) for entry in x[:, d]]
        for n in range(x.shape[0]):
            xmu[n, d] = x[n, d] - sum(column) / len(column)
    return xmu


def by_projection(x):
    n = x.shape[0]
    return (np.eye(n) - np.ones((n, n)) / n) @ x


RIGHT = {
    "method": lambda x: x - x.mean(axis=0),
    "keepdims": lambda x: x - np.mean(x, axis=0, keepdims=True),
    "sum": lambda x: x - np.sum(x, axis=0) / x.shape[0],
    "transposed": lambda x: (x.T - np.mean(x.T, axis=1, keepdims=True)).T,
    "einsum": lambda x: x - np.einsum("nd->d", x) / len(x),
    "float64 for float32": lambda x: x.astype(np.float64) - x.astype(np.float64).mean(axis=0),
    "loops": by_loops,
    "projection": by_projection,
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_right_answers_pass_however_they_are_spelt(name, seed):
    found = verdict(RIGHT[name], seed)
    assert found.passed, found.message


def in_place(x):
    x -= x.mean(axis=0).astype(x.dtype)
    return x


def keeps_the_type(x):
    return (x - x.mean(axis=0)).astype(x.dtype)


WRONG = {
    "no axis": (lambda x: x - np.mean(x), "`xmu` has other values"),
    "rows centred": (lambda x: x - x.mean(axis=1, keepdims=True), "`xmu` has other values"),
    "median": (lambda x: x - np.median(x, axis=0), "`xmu` has other values"),
    "sum for mean": (lambda x: x - x.sum(axis=0), "`xmu` has other values"),
    "sign": (lambda x: x.mean(axis=0) - x, "`xmu` has other values"),
    "N - 1": (lambda x: x - x.sum(axis=0) / (len(x) - 0.999), "`xmu` has other values"),
    "divided as well": (lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9), "`xmu` has other values"),
    "the mean itself": (lambda x: x.mean(axis=0), "should have the shape (N, D), here (5, 3)"),
    "in place": (in_place, "changed its input `x`"),
    "whole numbers cut off": (keeps_the_type, "holds int64"),
    "float16": (lambda x: (x - x.mean(axis=0)).astype(np.float16), "holds float16"),
    "a list": (lambda x: (x - x.mean(axis=0)).tolist(), "should be a NumPy array, and is a list"),
    "masked": (lambda x: np.ma.masked_array(x - x.mean(axis=0)), "is a MaskedArray"),
    "right for 3 features alone": (lambda x: x - x.mean(axis=0) if x.shape[1] == 3 else x, "other values"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_wrong_answers_fail_and_are_told_why(name, seed):
    answer, says = WRONG[name]
    found = verdict(answer, seed)
    assert found.status == "failed"
    assert says in found.message
    assert found.case


def test_the_mean_over_the_wrong_axis_stops_with_the_learners_line():
    found = verdict(lambda x: x - x.mean(axis=1))
    assert found.status == "error"
    assert "x.mean(axis=1)" in found.message


@pytest.mark.parametrize("answer", [lambda x: None, None])
def test_an_untouched_answer_is_not_started(answer):
    assert judge("0.1", {"center": answer}).status == "not started"


def test_an_answer_that_raises_not_implemented_is_not_started():
    def center(x):
        raise NotImplementedError

    assert verdict(center).status == "not started"


def test_a_verdict_shows_itself_as_the_card_of_the_check():
    shown = verdict(lambda x: x - np.mean(x))._repr_mimebundle_()
    assert "not right yet" in shown["text/plain"]
    assert 'data-kind="failed"' in shown["text/html"]
