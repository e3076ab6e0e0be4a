"""Notebook 04: right answers pass in any spelling, wrong ones fail, and what is missing is named."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.gradient_check import EXERCISES
from bnlib.gradcheck import relative_error as ours
from bnlib.norms import staged
from bnlib.suspects import MISTAKES, ORDER, record, suspect, wrong_backward

SOURCE = Path(__file__).parents[2] / "source" / "04_gradient_check.py"
SEEDS = (None, 0, 1, 2, 2026)


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    return [f"{identifier} {words}" for identifier, words, *_ in table]


# 4.1 ------------------------------------------------------------------------------------------------------


def as_a_course_has_it(f, x, df, h):
    """One array that is moved and put back, with the first result copied."""
    x = x.astype(np.float64)
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        old = x[ix]
        x[ix] = old + h
        pos = np.array(f(x))
        x[ix] = old - h
        neg = np.array(f(x))
        x[ix] = old
        grad[ix] = np.sum((pos - neg) * df) / (2 * h)
        it.iternext()
    return grad


def with_unit_steps(f, x, df, h):
    dx = np.zeros(x.shape)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        dx[np.unravel_index(i, x.shape)] = (np.sum(df * f(x + step)) - np.sum(df * f(x - step))) / (2 * h)
    return dx


def with_einsum(f, x, df, h):
    x = np.array(x, dtype=float)
    found = []
    for index in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        slope = (np.asarray(f(up), float) - np.asarray(f(down), float)) / (2 * h)
        found.append(np.vdot(df, slope))
    return np.array(found).reshape(x.shape)


def numeric(change=None, dtype=np.float64, divide=2, copy=True, random=True, one_sided=False, fixed=None):
    """A numeric gradient with one thing about it changed."""

    def numeric_gradient(f, x, df, h):
        h = fixed or h
        base = np.array(x, dtype=dtype or x.dtype)
        dx = np.zeros(base.shape, base.dtype)
        for index in np.ndindex(base.shape):
            point = base if not copy else base.copy()
            old = point[index]
            point[index] = old + h
            high = f(point) if not copy else np.array(f(point))
            point[index] = old if one_sided else old - h
            low = f(point) if not copy else np.array(f(point))
            point[index] = old
            weight = df if random else 1.0
            dx[index] = np.sum(weight * (high - low)) / (divide * h)
        return dx

    return numeric_gradient


def entry_by_entry(f, x, df, h):
    """As if entry i of f depended on entry i of x alone."""
    x = np.array(x, dtype=np.float64)
    return df * (np.array(f(x + h)) - np.array(f(x - h))) / (2 * h)


def moves_its_argument(f, x, df, h):
    dx = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        high = np.array(f(x), dtype=float)
        x[index] -= 2 * h
        low = np.array(f(x), dtype=float)
        x[index] += h
        dx[index] = np.sum(df * (high - low)) / (2 * h)
    return dx


# 4.2 ------------------------------------------------------------------------------------------------------


def in_loops(a, b):
    worst = 0.0
    for p, q in zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True):
        if not (abs(p) < float("inf") and abs(q) < float("inf")):
            return float("inf")
        worst = max(worst, abs(p - q) / max(1e-8, abs(p) + abs(q)))
    return worst


def nan_turned_into_infinity(a, b):
    error = np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))
    return np.inf if np.isnan(error) else float(error)


def one_for_nan(a, b):
    with np.errstate(invalid="ignore"):
        error = np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))
    return np.where(np.isnan(error), 1.0, error).max()


def plain(a, b):
    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))


# 4.3 ------------------------------------------------------------------------------------------------------


def by_allclose(suspect, truth, order):
    return next((name for name in order if not np.allclose(suspect[name], truth[name])), None)


def by_the_largest_entry(suspect, truth, order):
    for name in order:
        error = np.abs(suspect[name] - truth[name]).max()
        if not error <= 1e-6 * np.abs(truth[name]).max() + 1e-12:
            return name
    return None


def finds(wrong):
    """A search that goes through `order` and stops where `wrong(suspect, truth)` says so."""

    def find_the_bug(suspect, truth, order):
        for name in order:
            if wrong(suspect[name], truth[name]):
                return name
        return None

    return find_the_bug


# 4.4 ------------------------------------------------------------------------------------------------------


def by_the_old_generator(shape, seed):
    return np.random.RandomState(seed % 2**32).randn(*shape)


def by_global_seed(shape, seed):
    np.random.seed(seed % 2**32)  # noqa: NPY002
    return np.random.normal(size=shape)  # noqa: NPY002


def normal(shape, seed):
    return np.random.default_rng(seed).normal(size=shape)


RIGHT = [
    ("4.1", "one array, moved and put back", as_a_course_has_it),
    ("4.1", "steps as arrays", with_unit_steps),
    ("4.1", "a dot product", with_einsum),
    ("4.1", "the changeable one, unchanged", numeric()),
    ("4.2", "loops", in_loops),
    ("4.2", "NaN turned into infinity", nan_turned_into_infinity),
    ("4.2", "NaN counted as the largest error", one_for_nan),
    ("4.2", "float64 throughout", lambda a, b: ours(np.float64(a), np.float64(b))),
    ("4.3", "allclose", by_allclose),
    ("4.3", "relative to the largest entry", by_the_largest_entry),
    ("4.3", "the relative error of 4.2", finds(lambda a, b: not ours(a, b) < 1e-7)),
    ("4.3", "a limit of 1e-5", finds(lambda a, b: not ours(a, b) < 1e-5)),
    ("4.4", "the old generator", by_the_old_generator),
    ("4.4", "a global seed", by_global_seed),
    ("4.4", "uniform numbers", lambda shape, seed: np.random.default_rng(seed).uniform(-1, 1, shape)),
    ("4.4", "float32", lambda shape, seed: normal(shape, seed).astype(np.float32)),
]

WRONG = [
    ("4.1", "one-sided", numeric(one_sided=True, divide=1), "other values"),
    ("4.1", "divided by h", numeric(divide=1), "other values"),
    ("4.1", "df forgotten", numeric(random=False), "other values"),
    ("4.1", "x keeps its dtype", numeric(dtype=None), "`dx`"),
    ("4.1", "float32 throughout", numeric(dtype=np.float32), "`dx`"),
    ("4.1", "the first result not copied", numeric(copy=False), "other values"),
    ("4.1", "a step of its own", numeric(fixed=1e-5), "other values"),
    ("4.1", "a huge step", numeric(fixed=0.3), "other values"),
    ("4.1", "all entries moved at once", entry_by_entry, ""),
    ("4.1", "the sum of all", lambda f, x, df, h: np.sum(numeric()(f, x, df, h)), "should be a NumPy array"),
    ("4.1", "flat", lambda f, x, df, h: numeric()(f, x, df, h).ravel(), "should have the shape of x, here"),
    ("4.2", "NaN handed on", plain, "is NaN"),
    (
        "4.2",
        "NaN left out",
        lambda a, b: np.nanmax(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
        "would pass",
    ),
    ("4.2", "absolute", lambda a, b: np.max(np.abs(a - b)), "`error`"),
    (
        "4.2",
        "a mean",
        lambda a, b: np.mean(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))),
        "`error`",
    ),
    (
        "4.2",
        "the larger of the two below",
        lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(b)))),
        "`error`",
    ),
    (
        "4.2",
        "of norms",
        lambda a, b: np.linalg.norm(a - b) / max(1e-8, np.linalg.norm(a) + np.linalg.norm(b)),
        "`error`",
    ),
    (
        "4.2",
        "no absolute values below",
        lambda a, b: np.max(np.abs(a - b) / np.maximum(1e-8, a + b)),
        "`error`",
    ),
    (
        "4.2",
        "no floor",
        lambda a, b: in_loops(a, b) if np.any(a) and np.abs(a).max() > 1e-9 else 1.0,
        "`error`",
    ),
    (
        "4.2",
        "another floor",
        lambda a, b: (
            np.inf
            if not np.isfinite(np.sum(a) + np.sum(b))
            else np.max(np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-5))
        ),
        "`error`",
    ),
    ("4.2", "an array", lambda a, b: np.abs(a - b), "`error` should"),
    (
        "4.3",
        "in the order of the dictionary",
        lambda s, t, order: by_allclose(s, t, list(s)),
        "`name` should be",
    ),
    ("4.3", "from the other end", lambda s, t, order: by_allclose(s, t, order[::-1]), "`name` should be"),
    ("4.3", "equal to the last bit", finds(lambda a, b: not np.array_equal(a, b)), "`name` should be"),
    ("4.3", "an absolute 1e-7", finds(lambda a, b: np.abs(a - b).max() > 1e-7), "`name` should be"),
    (
        "4.3",
        "blind to NaN",
        finds(lambda a, b: np.abs(a - b).max() > 1e-6 * np.abs(b).max() + 1e-12),
        "`name` should be",
    ),
    ("4.3", "a limit that is too tight", finds(lambda a, b: not ours(a, b) < 1e-15), "`name` should be"),
    ("4.3", "a limit that is too wide", finds(lambda a, b: not ours(a, b) < 0.01), "`name` should be"),
    (
        "4.3",
        "by norms alone",
        finds(lambda a, b: not abs(np.linalg.norm(a) - np.linalg.norm(b)) < 1e-6 * np.linalg.norm(b) + 1e-12),
        "`name` should be",
    ),
    (
        "4.3",
        "the place in place of the name",
        lambda s, t, order: order.index(by_allclose(s, t, order) or "dx"),
        "`name` should be",
    ),
    ("4.4", "ones", lambda shape, seed: np.ones(shape), "entries of `dout` are the same"),
    ("4.4", "the seed everywhere", lambda shape, seed: np.full(shape, float(seed % 7 + 1)), "are the same"),
    ("4.4", "zeros", lambda shape, seed: np.zeros(shape), "largest entry"),
    (
        "4.4",
        "one number for each column",
        lambda shape, seed: np.ones(shape) * normal(shape[-1:], seed),
        "every row",
    ),
    (
        "4.4",
        "one number for each row",
        lambda shape, seed: np.ones(shape) * normal((shape[0],) + (1,) * (len(shape) - 1), seed),
        "every column",
    ),
    (
        "4.4",
        "columns that sum to 0",
        lambda shape, seed: normal(shape, seed) - normal(shape, seed).mean(0),
        "sum",
    ),
    (
        "4.4",
        "a ramp",
        lambda shape, seed: (np.arange(np.prod(shape)) + 1.0 + seed % 5).reshape(shape) / 100,
        "but for a shift",
    ),
    (
        "4.4",
        "no seed",
        lambda shape, seed: np.random.default_rng().normal(size=shape),
        "two different arrays",
    ),
    ("4.4", "always the same seed", lambda shape, seed: normal(shape, 0), "Two seeds"),
    ("4.4", "another shape", lambda shape, seed: normal(shape, seed).T, "should have the shape"),
    (
        "4.4",
        "whole numbers",
        lambda shape, seed: np.random.default_rng(seed).integers(1, 9, shape),
        "floating-point",
    ),
    ("4.4", "tiny", lambda shape, seed: 1e-9 * normal(shape, seed), "Stay near 1"),
    ("4.4", "a list", lambda shape, seed: normal(shape, seed).tolist(), "NumPy array"),
    ("4.4", "NaN", lambda shape, seed: np.full(shape, np.nan), "no finite numbers"),
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    found = judge(exercise.id, exercise.references, seed)
    assert found.status == "passed", found.message


def test_the_signatures_are_those_of_the_curriculum():
    assert [find(i).signature for i in ("4.1", "4.2", "4.3", "4.4")] == [
        "numeric_gradient(f, x, df, h) -> dx",
        "relative_error(a, b) -> error",
        "find_the_bug(suspect, truth, order) -> name",
        "good_upstream(shape, seed) -> dout",
    ]


@pytest.mark.parametrize(("identifier", "words", "function"), RIGHT, ids=names(RIGHT))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_answer_passes_however_it_is_written(identifier, words, function, seed):
    found = verdict(identifier, function, seed)
    assert found.status == "passed", f"{found.message} Found with {found.case}."


@pytest.mark.parametrize(("identifier", "words", "function", "says"), WRONG, ids=names(WRONG))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_answer_fails_and_says_why(identifier, words, function, says, seed):
    found = verdict(identifier, function, seed)
    assert found.status in ("failed", "error"), found.message
    assert says in found.message


def test_moving_x_itself_is_noticed():
    found = verdict("4.1", moves_its_argument)
    assert found.status == "failed"
    assert "changed its input `x`" in found.message or "other values" in found.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_untouched_cell_is_not_an_error(exercise):
    assert verdict(exercise.id, lambda *args: None).status == "not started"
    assert judge(exercise.id, {}).status == "not started"


def test_returning_nothing_where_something_is_wrong_is_an_answer_once_the_search_has_begun():
    found = verdict("4.3", finds(lambda a, b: np.abs(a - b).max() > 3.0))
    assert found.status == "failed"
    assert "None, because nothing is wrong" in found.message


def test_each_exercise_has_three_hints_and_none_gives_the_line_away():
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert not any("np.sum(" in hint or " = " in hint for hint in exercise.hints)


def test_every_exercise_has_a_heading_to_go_to():
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    anchors = {line.lstrip("# ").strip().replace(" ", "-") for line in lines if re.match(r"# #+ ", line)}
    assert {exercise.section for exercise in EXERCISES} <= anchors


# The suspects ---------------------------------------------------------------------------------------------


def batch(seed=0, n=5, d=3, eps=0.3):
    rng = np.random.default_rng(seed)
    x, gamma, beta = rng.normal(size=(n, d)), rng.uniform(1.5, 2.5, d), rng.normal(size=d)
    _, cache = staged.batchnorm_forward(x, gamma, beta, eps)
    return rng.normal(size=(n, d)), cache


def test_a_record_without_a_mistake_is_the_staged_backward_pass():
    dout, cache = batch()
    made = record(dout, cache)
    assert tuple(made) == ORDER
    for name, right in zip(("dx", "dgamma", "dbeta"), staged.batchnorm_backward(dout, cache), strict=True):
        np.testing.assert_array_equal(made[name], right)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_changes_what_comes_out(mistake):
    dout, cache = batch()
    wrong, right = wrong_backward(mistake)(dout, cache), staged.batchnorm_backward(dout, cache)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(wrong, right, strict=True))
    assert all(a.shape == b.shape for a, b in zip(wrong, right, strict=True))


def test_a_mistake_is_one_step_and_there_are_thirty():
    assert len(MISTAKES) == 30
    assert all(len(steps) == 1 for steps in MISTAKES.values())


def test_the_three_suspects_go_wrong_at_three_places():
    dout, cache = batch()
    truth = record(dout, cache)
    found = [by_allclose(suspect(k, dout, cache), truth, ORDER) for k in (1, 2, 3)]
    assert found == ["dmu", "dsq", "dvar"]
    with pytest.raises(ValueError, match="no 4"):
        suspect(4, dout, cache)
