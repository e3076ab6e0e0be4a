"""Notebook 05: every algebraically equal form passes, every wrong one fails, in float64 and in float32."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.batches import layers
from bnlib.exercises.closed_form import EXERCISES, batchnorm_backward_alt, dmu_total, dvar_total
from bnlib.norms import staged

SOURCE = Path(__file__).parents[2] / "source" / "05_closed_form.py"
SEEDS = (None, 0, 1, 2026)


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    return [f"{identifier} {words}" for identifier, words, *_ in table]


def whole(dx):
    """A backward pass from a function that makes dx alone."""

    def batchnorm_backward_alt(dout, cache):
        return dx(dout, cache), np.sum(dout * cache[0], axis=0), np.sum(dout, axis=0)

    return batchnorm_backward_alt


def zakka(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    n, a = len(dout), dout * gamma
    return ivar / n * (n * a - a.sum(0) - xhat * (a * xhat).sum(0))


def with_the_zero(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    n = len(dout)
    t = xhat * (xhat * dout).sum(0)
    return ivar * gamma / n * (n * dout - t + (t / n - dout).sum(0))


def by_the_totals(dout, cache):
    _, gamma, xmu, ivar, *_ = cache
    a, n = dout * gamma, len(dout)
    return a * ivar + 2 * xmu / n * dvar_total(a, xmu, ivar) + dmu_total(a, ivar) / n


def by_means(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    a = np.einsum("nd,d->nd", dout, gamma)
    return np.einsum("nd,d->nd", a - a.mean(0) - xhat * np.einsum("nd,nd->d", a, xhat) / len(a), ivar)


def from_var(dout, cache):
    _, gamma, xmu, _, _, var, eps = cache
    a, s = dout * gamma, var + eps
    return (a - a.mean(0) - xmu * (a * xmu).mean(0) / s) / np.sqrt(s)


def staged_dx(dout, cache):
    return staged.batchnorm_backward(dout, cache)[0]


def in_float64(dout, cache):
    return zakka(dout.astype(np.float64), tuple(np.float64(part) for part in cache))


def in_a_list(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    n = len(dout)
    return (ivar * gamma / n) * [n * dout - dout.sum(0) - xhat * (dout * xhat).sum(0)]


DX = {
    "Zakka's": zakka,
    "with the part that is 0": with_the_zero,
    "by the two totals": by_the_totals,
    "means and einsum": by_means,
    "from var alone": from_var,
    "staged": staged_dx,
    "float64": in_float64,
}

RIGHT = [
    ("5.1", "a power of -3/2", lambda a, xmu, ivar: np.sum(a * xmu, axis=0) * -0.5 * (1 / ivar**2) ** -1.5),
    ("5.1", "through xhat", lambda a, xmu, ivar: -0.5 * ivar**2 * (a * (xmu * ivar)).sum(0)),
    ("5.1", "einsum", lambda a, xmu, ivar: -0.5 * np.einsum("nd,nd,d->d", a, xmu, ivar**3)),
    ("5.1", "three steps", lambda a, xmu, ivar: 0.5 * ivar * -(ivar**2) * (a * xmu).sum(0)),
    ("5.2", "ivar inside", lambda a, ivar: np.sum(-a * ivar, axis=0)),
    ("5.2", "a mean times N", lambda a, ivar: -len(a) * ivar * a.mean(0)),
    ("5.2", "a loop over rows", lambda a, ivar: -sum(row * ivar for row in a)),
    *(("5.3", words, whole(dx)) for words, dx in DX.items()),
    *(("5.4", words, dx) for words, dx in DX.items()),
    ("5.4", "the list's only entry", lambda dy, cache: in_a_list(dy, cache)[0]),
    ("5.4", "reshaped", lambda dy, cache: in_a_list(dy, cache).reshape(dy.shape)),
]


def dx_with(**change):
    """The closed form with one of its pieces changed."""

    def dx(dout, cache):
        xhat, gamma, _, ivar, *_ = cache
        n, a = len(dout), dout * change.get("gamma", lambda g: g)(gamma)
        first = change.get("first", lambda s: s)(a.sum(0))
        second = change.get("second", lambda s: s)((a * xhat).sum(0))
        return change.get("factor", lambda i: i)(ivar) / n * (n * a - first - xhat * second)

    return dx


WRONG = [
    ("5.1", "the sign lost", lambda a, xmu, ivar: -dvar_total(a, xmu, ivar), "`dvar` has other"),
    ("5.1", "the half lost", lambda a, xmu, ivar: 2 * dvar_total(a, xmu, ivar), "`dvar` has other"),
    ("5.1", "the power 2", lambda a, xmu, ivar: dvar_total(a, xmu, ivar) / ivar, "`dvar` has other"),
    ("5.1", "the power 3/2", lambda a, xmu, ivar: -0.5 * ivar**1.5 * (a * xmu).sum(0), "`dvar` has other"),
    ("5.1", "a mean", lambda a, xmu, ivar: -0.5 * ivar**3 * (a * xmu).mean(0), "`dvar` has other"),
    ("5.1", "not summed", lambda a, xmu, ivar: -0.5 * ivar**3 * a * xmu, "should have the shape"),
    ("5.1", "(1, D)", lambda a, xmu, ivar: dvar_total(a, xmu, ivar)[None], "should have the shape"),
    ("5.2", "the sign lost", lambda a, ivar: ivar * a.sum(0), "`dmu` has other"),
    ("5.2", "a mean", lambda a, ivar: -ivar * a.mean(0), "`dmu` has other"),
    ("5.2", "ivar lost", lambda a, ivar: -a.sum(0), "`dmu` has other"),
    ("5.2", "no axis", lambda a, ivar: -ivar * np.sum(a), "`dmu` has other"),
    ("5.2", "not summed", lambda a, ivar: -ivar * a, "should have the shape"),
    ("5.3", "statistics as constants", whole(lambda d, c: d * c[1] * c[3]), "`dx` has other"),
    ("5.3", "gamma lost", whole(dx_with(gamma=np.ones_like)), "`dx` has other"),
    ("5.3", "gamma twice", whole(dx_with(gamma=np.square)), "`dx` has other"),
    ("5.3", "the mean's term lost", whole(dx_with(first=np.zeros_like)), "`dx` has other"),
    ("5.3", "the variance's term lost", whole(dx_with(second=np.zeros_like)), "`dx` has other"),
    ("5.3", "a sign", whole(dx_with(second=np.negative)), "`dx` has other"),
    ("5.3", "ivar squared", whole(dx_with(factor=np.square)), "`dx` has other"),
    ("5.3", "all columns in one sum", whole(dx_with(first=lambda s: s.sum())), "`dx` has other"),
    ("5.3", "a list", whole(in_a_list), "`dx` should have the shape"),
    ("5.3", "dgamma a mean", lambda d, c: (zakka(d, c), (d * c[0]).mean(0), d.sum(0)), "`dgamma` has other"),
    (
        "5.3",
        "dbeta and dgamma changed round",
        lambda d, c: (zakka(d, c), d.sum(0), (d * c[0]).sum(0)),
        "`dgamma`",
    ),
    ("5.4", "as it was published", in_a_list, "`dx` should have the shape"),
    ("5.4", "averaged away", lambda dy, c: in_a_list(dy, c).mean(axis=(0, 1)), "should have the shape"),
    ("5.4", "a list again", lambda dy, c: [zakka(dy, c)], "`dx` should be a NumPy array"),
    ("5.4", "only the first row", lambda dy, c: in_a_list(dy, c)[0, 0], "should have the shape"),
    ("5.4", "mended, and gamma lost", dx_with(gamma=np.ones_like), "`dx` has other"),
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    found = judge(exercise.id, exercise.references, seed)
    assert found.status == "passed", found.message


def test_the_signatures_are_those_of_the_curriculum():
    assert [exercise.signature for exercise in EXERCISES] == [
        "dvar_total(dxhat, xmu, ivar) -> dvar",
        "dmu_total(dxhat, ivar) -> dmu",
        "batchnorm_backward_alt(dout, cache) -> dx, dgamma, dbeta",
        "repair_published(dy, cache) -> dx",
    ]


@pytest.mark.parametrize(("identifier", "words", "function"), RIGHT, ids=names(RIGHT))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_answer_passes_however_it_is_written(identifier, words, function, seed):
    found = verdict(identifier, function, seed)
    assert found.status == "passed", f"{found.message} Found with {found.case}."


@pytest.mark.parametrize(("identifier", "words", "function", "says"), WRONG, ids=names(WRONG))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_answer_fails_and_the_message_names_the_output(identifier, words, function, says, seed):
    found = verdict(identifier, function, seed)
    assert found.status == "failed"
    assert says in found.message


def test_the_callers_arrays_are_not_to_be_changed():
    def scales_in_place(dout, cache):
        dout *= cache[1]
        return batchnorm_backward_alt(dout, cache)

    found = verdict("5.3", scales_in_place)
    assert found.status == "failed"
    assert "changed its input `dout`" in found.message


def test_a_matrix_of_n_by_n_is_refused():
    def by_jacobians(dout, cache):
        xhat, gamma, _, ivar, *_ = cache
        n, dx = len(dout), np.empty(dout.shape, dout.dtype)
        for j in range(dout.shape[1]):
            jacobian = ivar[j] * (np.eye(n) - 1 / n - np.outer(xhat[:, j], xhat[:, j]) / n)
            dx[:, j] = jacobian @ (dout[:, j] * gamma[j])
        return dx

    found = verdict("5.3", whole(by_jacobians))
    assert found.status == "failed"
    assert "here 2000 by 2000" in found.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_untouched_cell_is_not_an_error(exercise):
    stub = (lambda *args: (None, None, None)) if len(exercise.returns) > 1 else (lambda *args: None)
    assert verdict(exercise.id, stub).status == "not started"
    assert judge(exercise.id, {}).status == "not started"


@pytest.mark.parametrize("seed", range(5))
def test_the_totals_are_those_of_the_staged_backward_pass(seed):
    for says, v in layers(np.random.default_rng(seed)):
        if v["x"].dtype != np.float64:
            continue
        scale = v["ivar"] * np.abs(v["dxhat"]).sum(axis=0)
        assert np.all(np.abs(dmu_total(v["dxhat"], v["ivar"]) - v["dmu"]) <= 1e-12 * scale), says
        scale = v["ivar"] ** 3 * np.abs(v["dxhat"] * v["xmu"]).sum(axis=0)
        assert np.all(np.abs(dvar_total(v["dxhat"], v["xmu"], v["ivar"]) - v["dvar"]) <= 1e-12 * scale), says


def test_each_exercise_has_three_hints_and_none_gives_the_line_away():
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert not any("np.sum(" in hint or " = " in hint for hint in exercise.hints)


def test_every_exercise_has_a_heading_to_go_to():
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    anchors = {line.lstrip("# ").strip().replace(" ", "-") for line in lines if re.match(r"# #+ ", line)}
    assert {exercise.section for exercise in EXERCISES} <= anchors
