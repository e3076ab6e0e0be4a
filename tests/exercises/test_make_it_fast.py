"""Notebook 10: answers are judged by their numbers and by the memory they need, and never by a clock."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.make_it_fast import (
    EXERCISES,
    batchnorm_backward_blocked,
    batchnorm_backward_lean,
)
from bnlib.exercises.spec import WrongAnswer
from bnlib.memory import TooMuchMemory, call_within, peak_of
from bnlib.norms import staged

SOURCE = Path(__file__).parents[2] / "source" / "10_make_it_fast.py"


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    return [f"{identifier} {words}" for identifier, words, *_ in table]


def blocks(dout, rows):
    return [slice(i, i + rows) for i in range(0, len(dout), rows)]


def lean_with_einsum(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    dgamma, dbeta = np.einsum("nd,nd->d", dout, xhat), dout.sum(0)
    dx = xhat * (dgamma / -len(dout))
    np.add(dx, dout, out=dx)
    np.subtract(dx, dbeta / len(dout), out=dx)
    np.multiply(dx, gamma * ivar, out=dx)
    return dx, dgamma, dbeta


def lean_with_working_space(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    n, work, dx = len(dout), np.empty_like(dout), np.empty_like(dout)
    np.multiply(dout, xhat, out=work)
    dgamma, dbeta = work.sum(0), dout.sum(0)
    np.multiply(xhat, dgamma / n, out=work)
    np.subtract(dout, dbeta / n, out=dx)
    dx -= work
    dx *= gamma * ivar
    return dx, dgamma, dbeta


def column_by_column(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    dx, dgamma, dbeta = np.empty_like(dout), np.empty_like(gamma), np.empty_like(gamma)
    for j in range(dout.shape[1]):
        g, h = dout[:, j], xhat[:, j]
        dgamma[j], dbeta[j] = g @ h, g.sum()
        dx[:, j] = gamma[j] * ivar[j] * (g - dbeta[j] / len(g) - h * (dgamma[j] / len(g)))
    return dx, dgamma, dbeta


def blocked(dout, cache, rows, *, n=None, last=True, own=False, scaled=True, space=1):
    """A blocked backward pass, in which one thing can be wrong."""
    xhat, gamma, _, ivar, *_ = cache
    n = n or len(dout)
    every = blocks(dout, rows) if last else [b for b in blocks(dout, rows) if b.stop <= len(dout)]
    dx, dgamma, dbeta = np.zeros_like(dout), np.zeros_like(gamma), np.zeros_like(gamma)
    held = [np.empty_like(dout) for _ in range(space - 1)]
    for b in every:
        dgamma += np.einsum("nd,nd->d", dout[b], xhat[b])
        dbeta += dout[b].sum(0)
    for b in every:
        g, h = dout[b], xhat[b]
        sums = (g.sum(0), (g * h).sum(0)) if own else (dbeta, dgamma)
        count = len(g) if own else n
        dx[b] = ivar * (gamma if scaled else 1) * (g - sums[0] / count - h * (sums[1] / count))
    assert len(held) == space - 1
    return dx, dgamma, dbeta


def on_threads(dout, cache, rows):
    from concurrent.futures import ThreadPoolExecutor

    xhat, gamma, _, ivar, *_ = cache
    n, dx = len(dout), np.empty_like(dout)

    def sums(b):
        return (dout[b] * xhat[b]).sum(0), dout[b].sum(0)

    with ThreadPoolExecutor(2) as pool:
        dgamma, dbeta = map(sum, zip(*pool.map(sums, blocks(dout, rows)), strict=True))

        def fill(b):
            dx[b] = gamma * ivar * (dout[b] - dbeta / n - xhat[b] * (dgamma / n))

        list(pool.map(fill, blocks(dout, rows)))
    return dx, dgamma, dbeta


def destroys_dout(dout, cache, *rows):
    xhat, gamma, _, ivar, *_ = cache
    dgamma, dbeta = np.einsum("nd,nd->d", dout, xhat), dout.sum(0)
    dout -= dbeta / len(dout)
    dout -= xhat * (dgamma / len(dout))
    dout *= gamma * ivar
    return dout, dgamma, dbeta


def staged_form(dout, cache, *rows):
    return staged.batchnorm_backward(dout, cache)


def three_names(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    dxhat = dout * gamma
    first = dxhat - dxhat.mean(0)
    second = xhat * np.einsum("nd,nd->d", dxhat, xhat)
    dx = ivar * (first - second / len(dout))
    return dx, np.einsum("nd,nd->d", dout, xhat), dout.sum(0)


def whole_array_wrong(dout, cache, rows=0):
    """Right until the array is large: then its last row is not a number."""
    dx, dgamma, dbeta = batchnorm_backward_lean(dout, cache)
    if len(dx) > 1000:
        dx[-1] = np.nan
    return dx, dgamma, dbeta


def constant(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    return dout * gamma * ivar, (dout * xhat).sum(0), dout.sum(0)


RIGHT = [
    ("10.1", "einsum", lean_with_einsum),
    ("10.1", "an array to work in", lean_with_working_space),
    ("10.1", "in blocks", lambda dout, cache: batchnorm_backward_blocked(dout, cache, 64)),
    ("10.1", "the reference, measured", lambda dout, cache: batchnorm_backward_lean(dout, cache)),
    ("10.1", "column by column", column_by_column),
    ("10.2", "the reference, measured", lambda d, c, rows: batchnorm_backward_blocked(d, c, rows)),
    ("10.2", "einsum", blocked),
    ("10.2", "on threads", on_threads),
    ("10.2", "one array and no blocks", lambda dout, cache, rows: batchnorm_backward_lean(dout, cache)),
]

WRONG = [
    ("10.1", "the staged form", staged_form, "new arrays"),
    ("10.1", "three names", three_names, "new arrays"),
    ("10.1", "dout used up", destroys_dout, "changed its input `dout`"),
    ("10.1", "statistics taken for constants", constant, "`dx`"),
    ("10.1", "not a number in the last row of the large array", whole_array_wrong, "not finite"),
    ("10.1", "a mean for dbeta", lambda d, c: (*batchnorm_backward_lean(d, c)[:2], d.mean(0)), "`dbeta`"),
    ("10.2", "the staged form", staged_form, "new arrays"),
    ("10.2", "a second array", lambda d, c, rows: blocked(d, c, rows, space=2), "new arrays"),
    ("10.2", "dout used up", destroys_dout, "changed its input `dout`"),
    ("10.2", "the last block left out", lambda d, c, rows: blocked(d, c, rows, last=False), "other values"),
    ("10.2", "every block normalised by itself", lambda d, c, rows: blocked(d, c, rows, own=True), "`dx`"),
    ("10.2", "the rows of a block for N", lambda d, c, rows: blocked(d, c, rows, n=rows), "`dx`"),
    ("10.2", "without gamma", lambda d, c, rows: blocked(d, c, rows, scaled=False), "`dx`"),
    ("10.2", "not a number in the last row of the large array", whole_array_wrong, "not finite"),
]


@pytest.mark.parametrize("seed", [None, 1, 2026])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_the_reference_passes(exercise, seed):
    assert judge(exercise.id, exercise.references, seed).passed


@pytest.mark.parametrize(("identifier", "words", "function"), RIGHT, ids=names(RIGHT))
def test_a_right_answer_passes_however_it_is_written(identifier, words, function):
    found = verdict(identifier, function, 3)
    assert found.passed, found


@pytest.mark.parametrize(("identifier", "words", "function", "says"), WRONG, ids=names(WRONG))
def test_a_wrong_answer_fails_and_says_why(identifier, words, function, says):
    found = verdict(identifier, function)
    assert found.status == "failed", found
    assert says in found.message


def test_too_much_memory_is_told_with_the_numbers():
    found = verdict("10.2", lambda d, c, rows: blocked(d, c, rows, space=3))
    assert "holds 3." in found.message
    assert "Allowed are 1.2" in found.message
    assert found.mistake == "too-much-memory"
    assert "64 MB" in found.case


def test_an_untouched_cell_is_not_an_error():
    assert verdict("10.1", lambda dout, cache: (None, None, None)).status == "not started"
    assert verdict("10.2", lambda dout, cache, rows: None).status == "not started"


def test_the_large_case_is_of_64_megabytes():
    for exercise in EXERCISES:
        *_, last = exercise.cases(np.random.default_rng(0))
        assert last.args[0].nbytes * last.args[-1] >= 64e6


def test_the_expected_values_of_the_large_case_are_those_of_the_large_array():
    exercise = find("10.1")
    *_, last = exercise.cases(np.random.default_rng(0))
    dout, (xhat, gamma, xmu, *rest), times = last.args
    big = [np.tile(a, (times, 1)) for a in (dout, xhat, xmu)]
    dx, dgamma, dbeta = staged.batchnorm_backward(big[0], (big[1], gamma, big[2], *rest))
    right = exercise.run(exercise.references, last.args)
    np.testing.assert_allclose(dx[-len(dout) :], right[0], rtol=0, atol=1e-12 * last.scale["dx"])
    np.testing.assert_allclose(dgamma, right[1], rtol=0, atol=1e-12 * last.scale["dgamma"])
    np.testing.assert_allclose(dbeta, right[2], rtol=0, atol=1e-12 * last.scale["dbeta"])


def test_the_peak_counts_what_is_held_at_one_time():
    def one_after_the_other():
        for _ in range(3):
            np.ones(10**6)
        return np.ones(10**6)

    result, peak = peak_of(one_after_the_other)
    assert result.size == 10**6
    assert 8e6 <= peak < 8.2e6
    _, peak = peak_of(lambda: [np.ones(10**6) for _ in range(3)])
    assert 24e6 <= peak < 24.2e6


def test_the_peak_leaves_a_trace_that_was_running_alone():
    import tracemalloc

    tracemalloc.start()
    try:
        held = np.ones(10**6)
        _, peak = peak_of(lambda: np.ones(10))
        assert tracemalloc.is_tracing()
        assert peak < 1e5
        assert held.size
    finally:
        tracemalloc.stop()


def test_a_function_of_another_process_keeps_to_its_limit_over_there():
    class Proxy:
        def __call__(self, *args):
            raise AssertionError("called without a limit")

        def within(self, allowed, *args):
            if allowed < 7:
                raise TooMuchMemory
            return sum(args)

    assert call_within(7, Proxy(), 1, 2) == 3
    with pytest.raises(TooMuchMemory):
        call_within(6, Proxy(), 1, 2)


def test_a_call_that_holds_too_much_says_how_much():
    assert call_within(9 * 10**6, np.ones, 10**6).size == 10**6
    with pytest.raises(TooMuchMemory) as much:
        call_within(7 * 10**6, np.ones, 10**6)
    assert 8e6 <= much.value.peak < 8.2e6


def test_an_answer_that_a_limit_stopped_is_told_what_is_allowed():
    def stopped(*args):
        raise AssertionError("called without a limit")

    def within(allowed, *args):
        raise TooMuchMemory

    right = find("10.2").references["batchnorm_backward_blocked"]
    stopped.within = within
    *_, large = find("10.2").cases(np.random.default_rng(0))
    with pytest.raises(WrongAnswer, match=r"holds more new arrays .* Allowed are 1\.2"):
        find("10.2").run({right.__name__: stopped}, large.args)


def test_each_exercise_has_three_hints_and_a_heading_to_go_to():
    anchors = {
        line.lstrip("# ").strip().replace(" ", "-")
        for line in SOURCE.read_text(encoding="utf-8").splitlines()
        if re.match(r"# #+ ", line)
    }
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert exercise.section in anchors
