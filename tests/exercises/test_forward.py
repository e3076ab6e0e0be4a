"""The exercises of notebook 01: right answers pass in any spelling, each wrong one fails, and says where."""

import numpy as np
import pytest

from bnlib import judge
from bnlib.exercises import find
from bnlib.exercises.forward import EXERCISES, normalize, scale_shift, statistics
from bnlib.norms import staged

IDS = [exercise.id for exercise in EXERCISES]
BY_ID = pytest.mark.parametrize("exercise_id", IDS)
SEEDS = pytest.mark.parametrize("seed", [None, 1, 2])


def verdict(exercise_id, answer, seed=None):
    return judge(exercise_id, {find(exercise_id).functions[0]: answer}, seed)


@BY_ID
@pytest.mark.parametrize("seed", [None, 0, 1, 2, 3, 4, 5, 6])
def test_the_reference_passes_for_every_seed(exercise_id, seed):
    found = judge(exercise_id, find(exercise_id).references, seed)
    assert found.passed, found.message


@BY_ID
def test_an_exercise_has_three_hints_and_the_signature_of_the_curriculum(exercise_id):
    signatures = {
        "1.1": "statistics(x) -> mu, xmu, sq, var",
        "1.2": "normalize(xmu, var, eps) -> sqrtvar, ivar, xhat",
        "1.3": "scale_shift(xhat, gamma, beta) -> gammax, out",
        "1.4": "batchnorm_forward(x, gamma, beta, eps) -> out, cache",
    }
    assert len(find(exercise_id).hints) == 3
    assert find(exercise_id).signature == signatures[exercise_id]


# Right answers ---------------------------------------------------------------------------------------------


def statistics_by_sums(x):
    n = x.shape[0]
    mu = 1.0 / n * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu**2
    return mu, xmu, sq, 1.0 / n * np.sum(sq, axis=0)


def statistics_by_numpy(x):
    mu = x.mean(0)
    xmu = np.subtract(x, mu)
    return mu, xmu, xmu * xmu, np.var(x, axis=0)


def statistics_by_moments(x):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    return mu, xmu, np.square(xmu), np.mean(np.square(x), axis=0) - mu**2


def statistics_by_loops(x):
    n, d = x.shape
    mu, xmu, sq, var = np.zeros(d), np.zeros((n, d)), np.zeros((n, d)), np.zeros(d)
    for j in range(d):
        mu[j] = sum(float(x[i, j]) for i in range(n)) / n
        for i in range(n):
            xmu[i, j] = x[i, j] - mu[j]
            sq[i, j] = xmu[i, j] * xmu[i, j]
            var[j] += sq[i, j] / n
    return mu, xmu, sq, var


def normalize_by_power(xmu, var, eps):
    ivar = (var + eps) ** -0.5
    return (var + eps) ** 0.5, ivar, np.einsum("nd,d->nd", xmu, ivar)


def normalize_by_division(xmu, var, eps):
    sqrtvar = np.sqrt(eps + var)
    return sqrtvar, np.reciprocal(sqrtvar), xmu / sqrtvar


def scale_shift_expanded(xhat, gamma, beta):
    gammax = np.multiply(xhat, gamma[None, :])
    return gammax, beta[np.newaxis] + gammax


def scale_shift_by_matrix(xhat, gamma, beta):
    gammax = xhat @ np.diag(gamma)
    return gammax, gammax + np.tile(beta, (len(xhat), 1))


def forward_of_parts(x, gamma, beta, eps):
    _, xmu, _, var = statistics_by_sums(x)
    sqrtvar, ivar, xhat = normalize_by_division(xmu, var, eps)
    return scale_shift_expanded(xhat, gamma, beta)[1], (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def forward_by_moments(x, gamma, beta, eps):
    mu, var = x.mean(axis=0), (x**2).mean(axis=0) - x.mean(axis=0) ** 2
    xmu, sqrtvar = x - mu, (var + eps) ** 0.5
    xhat = xmu / sqrtvar
    return gamma * xhat + beta, (xhat, gamma.copy(), xmu, 1 / sqrtvar, sqrtvar, var, eps)


def forward_in_float64(x, gamma, beta, eps):
    return staged.batchnorm_forward(x.astype(float), gamma.astype(float), beta.astype(float), float(eps))


RIGHT = [
    ("1.1", statistics_by_sums),
    ("1.1", statistics_by_numpy),
    ("1.1", statistics_by_moments),
    ("1.1", statistics_by_loops),
    ("1.2", normalize_by_power),
    ("1.2", normalize_by_division),
    ("1.3", scale_shift_expanded),
    ("1.3", scale_shift_by_matrix),
    ("1.4", forward_of_parts),
    ("1.4", forward_by_moments),
    ("1.4", forward_in_float64),
]


@SEEDS
@pytest.mark.parametrize(("exercise_id", "answer"), RIGHT, ids=[answer.__name__ for _, answer in RIGHT])
def test_right_answers_pass_however_they_are_spelt(exercise_id, answer, seed):
    found = verdict(exercise_id, answer, seed)
    assert found.passed, found.message


# Wrong answers ---------------------------------------------------------------------------------------------


def wrong_statistics(mean=lambda a: np.mean(a, axis=0), var=lambda sq: np.mean(sq, axis=0)):
    def answer(x):
        mu = mean(x)
        xmu = x - mu
        sq = xmu**2
        return mu, xmu, sq, var(sq)

    return answer


def statistics_in_place(x):
    mu, kept = np.mean(x, axis=0), x.copy()
    x -= mu.astype(x.dtype)
    return mu, kept - mu, (kept - mu) ** 2, np.mean((kept - mu) ** 2, axis=0)


def integers_cut_off(x):
    return tuple(part.astype(x.dtype) for part in statistics(x))


def wrong_normalize(root=lambda var, eps: np.sqrt(var + eps), last=lambda xmu, sqrtvar: xmu / sqrtvar):
    def answer(xmu, var, eps):
        sqrtvar = root(var, eps)
        return sqrtvar, 1 / sqrtvar, last(xmu, sqrtvar)

    return answer


def normalize_in_place(xmu, var, eps):
    var += np.asarray(eps, var.dtype)
    return np.sqrt(var), 1 / np.sqrt(var), xmu / np.sqrt(var)


def scale_shift_in_place(xhat, gamma, beta):
    xhat *= gamma
    return xhat, xhat + beta


def wrong_forward(change):
    """The right forward pass, with `change` done to its output and its cache, a dict by name."""

    def answer(x, gamma, beta, eps):
        out, cache = staged.batchnorm_forward(x, gamma, beta, eps)
        names = dict(zip(find("1.4").entries["cache"], cache, strict=True))
        return change(out, names)

    return answer


def with_entry(name, value):
    return wrong_forward(lambda out, c: (out, tuple({**c, name: value(c)}.values())))


def of_other_parts(parts, roots, shifts):
    def answer(x, gamma, beta, eps):
        _, xmu, _, var = parts(x)
        sqrtvar, ivar, xhat = roots(xmu, var, eps)
        return shifts(xhat, gamma, beta)[1], (xhat, gamma, xmu, ivar, sqrtvar, var, eps)

    return answer


OUTSIDE = wrong_normalize(root=lambda var, eps: np.sqrt(var) + eps)

WRONG = {
    "1.1 mean without axis": (
        "1.1",
        wrong_statistics(mean=np.mean),
        "`mu` should be a NumPy array of the shape (D,), here (3,), and",
    ),
    "1.1 variance without axis": (
        "1.1",
        wrong_statistics(var=np.mean),
        "`var` should be a NumPy array of the shape (D,), here (3,), and",
    ),
    "1.1 sum for mean": ("1.1", wrong_statistics(mean=lambda a: a.sum(axis=0)), "`mu` has other values"),
    "1.1 N - 1": (
        "1.1",
        wrong_statistics(var=lambda sq: sq.sum(0) / (len(sq) - 1)),
        "`var` has other values",
    ),
    "1.1 deviation for variance": (
        "1.1",
        wrong_statistics(var=lambda sq: np.sqrt(sq.mean(0))),
        "`var` has other values",
    ),
    "1.1 (1, D)": ("1.1", wrong_statistics(mean=lambda a: a.mean(0, keepdims=True)), "and has (1, 3)"),
    "1.1 rows": (
        "1.1",
        wrong_statistics(mean=lambda a: a.mean(1, keepdims=True)),
        "`mu` should have the shape",
    ),
    "1.1 order": (
        "1.1",
        lambda x: (lambda m, c, s, v: (m, s, c, v))(*statistics(x)),
        "`xmu` has other values",
    ),
    "1.1 one too few": ("1.1", lambda x: statistics(x)[:3], "returns 3 values"),
    "1.1 one left as None": ("1.1", lambda x: (*statistics(x)[:3], None), "`var` is still None"),
    "1.1 in place": ("1.1", statistics_in_place, "changed its input `x`"),
    "1.1 integers": ("1.1", integers_cut_off, "holds int64"),
    "1.2 eps outside": ("1.2", OUTSIDE, "`sqrtvar` has other values"),
    "1.2 eps forgotten": (
        "1.2",
        wrong_normalize(root=lambda v, e: np.sqrt(v + 1e-300)),
        "`sqrtvar` has other",
    ),
    "1.2 fixed eps": (
        "1.2",
        wrong_normalize(root=lambda v, e: np.sqrt(v + 1e-5)),
        "`sqrtvar` has other values",
    ),
    "1.2 no root": ("1.2", wrong_normalize(root=lambda v, e: v + e), "`sqrtvar` has other values"),
    "1.2 subtracted": ("1.2", wrong_normalize(last=lambda c, s: c - s), "`xhat` has other values"),
    "1.2 divided by variance": (
        "1.2",
        wrong_normalize(last=lambda c, s: c / s**2),
        "`xhat` has other values",
    ),
    "1.2 multiplied": ("1.2", wrong_normalize(last=lambda c, s: c * s), "`xhat` has other values"),
    "1.2 in place": ("1.2", normalize_in_place, "changed its input `var`"),
    "1.2 inf": ("1.2", wrong_normalize(root=lambda v, e: 0 * v), "`sqrtvar` has other values"),
    "1.3 shift first": ("1.3", lambda h, g, b: (g * h, g * (h + b)), "`out` has other values"),
    "1.3 swapped": ("1.3", lambda h, g, b: scale_shift(h, b, g), "`gammax` has other values"),
    "1.3 no shift": ("1.3", lambda h, g, b: (g * h, g * h), "`out` has other values"),
    "1.3 added twice": ("1.3", lambda h, g, b: (g * h + b, g * h + b), "`gammax` has other values"),
    "1.3 size of gamma": ("1.3", lambda h, g, b: scale_shift(h, abs(g), b), "`gammax` has other values"),
    "1.3 matrix product": (
        "1.3",
        lambda h, g, b: (h @ g, h @ g + b[0]),
        "`gammax` should have the shape (N, D)",
    ),
    "1.3 (1, N, D)": ("1.3", lambda h, g, b: scale_shift(h[None], g, b), "and has (1, 5, 3)"),
    "1.3 in place": ("1.3", scale_shift_in_place, "changed its input `xhat`"),
    "1.4 eps outside": ("1.4", of_other_parts(statistics, OUTSIDE, scale_shift), "`out` has other values"),
    "1.4 one mean": (
        "1.4",
        of_other_parts(wrong_statistics(np.mean), normalize, scale_shift),
        "`out` has other values",
    ),
    "1.4 over the rows": (
        "1.4",
        lambda x, g, b, e: staged.batchnorm_forward(x.T, np.mean(g), np.mean(b), e),
        "should have the shape (N, D)",
    ),
    "1.4 no cache": ("1.4", lambda *a: (staged.batchnorm_forward(*a)[0], None), "`cache` is still None"),
    "1.4 only out": ("1.4", lambda *a: staged.batchnorm_forward(*a)[0], "should return `out`, `cache`"),
    "1.4 list": (
        "1.4",
        wrong_forward(lambda out, c: (out, list(c.values()))),
        "should be a tuple (xhat, gamma,",
    ),
    "1.4 no eps": ("1.4", wrong_forward(lambda out, c: (out, tuple(c.values())[:6])), "and has 6."),
    "1.4 cache order": (
        "1.4",
        wrong_forward(lambda out, c: (out, tuple(c.values())[::-1])),
        "In `cache[0]`: `xhat`",
    ),
    "1.4 var with eps": (
        "1.4",
        with_entry("var", lambda c: c["var"] + c["eps"]),
        "In `cache[5]`: `var` has other",
    ),
    "1.4 ivar is sqrtvar": (
        "1.4",
        with_entry("ivar", lambda c: c["sqrtvar"]),
        "In `cache[3]`: `ivar` has other",
    ),
    "1.4 gamma of ones": (
        "1.4",
        with_entry("gamma", lambda c: 0 * c["gamma"] + 1),
        "In `cache[1]`: `gamma` has",
    ),
    "1.4 None in the cache": ("1.4", with_entry("xmu", lambda c: None), "In `cache[2]`: `xmu` is still None"),
}


@SEEDS
@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_fail_and_are_told_why(name, seed):
    exercise_id, answer, says = WRONG[name]
    found = verdict(exercise_id, answer, seed)
    assert found.status == "failed", found.message
    assert says in found.message
    assert found.case


@BY_ID
def test_every_exercise_has_at_least_three_wrong_answers(exercise_id):
    assert sum(of == exercise_id for of, _, _ in WRONG.values()) >= 3


# The other statuses ----------------------------------------------------------------------------------------


@BY_ID
def test_an_untouched_answer_is_not_started(exercise_id):
    count = len(find(exercise_id).returns)
    assert verdict(exercise_id, lambda *inputs: (None,) * count).status == "not started"


@BY_ID
def test_a_function_that_is_not_defined_is_not_started(exercise_id):
    found = judge(exercise_id, {})
    assert found.status == "not started"
    assert find(exercise_id).functions[0] in found.message


@BY_ID
def test_an_exception_is_an_error_with_the_learners_line(exercise_id):
    def answer(*inputs):
        return undefined_name + inputs[0]  # noqa: F821

    found = verdict(exercise_id, answer)
    assert found.status == "error"
    assert "undefined_name + inputs[0]" in found.message


def test_nan_is_not_finite():
    def answer(xmu, var, eps):
        sqrtvar, ivar, xhat = normalize(xmu, var, eps)
        return sqrtvar, ivar, xhat * np.nan

    assert "`xhat` is not finite" in verdict("1.2", answer).message
