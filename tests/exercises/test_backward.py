"""Notebook 03: right answers pass however they are written; wrong ones fail, and each is told why."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.backward import EXERCISES
from bnlib.gradcheck import complex_step
from bnlib.norms import staged

SOURCE = Path(__file__).parents[2] / "source" / "03_backward.py"
SEEDS = (None, 1, 2026)


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    """Ids for a table of (exercise, words, function)."""
    return [f"{identifier} {words}" for identifier, words, *_ in table]


# A whole backward pass with one thing wrong in it, or written in another way.


def backward_with(**changed):
    """The staged backward pass with some of its steps replaced."""
    step = {f"step{i}": getattr(staged, f"step{i}") for i in range(10)} | changed

    def batchnorm_backward(dout, cache):
        xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
        dbeta, dgammax = step["step9"](dout)
        dgamma, dxhat = step["step8"](dgammax, xhat, gamma)
        divar, dxmu1 = step["step7"](dxhat, xmu, ivar)
        dvar = step["step5"](step["step6"](divar, sqrtvar), var, eps)
        dxmu2 = step["step3"](step["step4"](dvar, dout.shape), xmu)
        dx1, dmu = step["step2"](dxmu1, dxmu2)
        return step["step0"](dx1, step["step1"](dmu, dout.shape)), dgamma, dbeta

    return batchnorm_backward


def closed_form(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    n, dxhat = len(dout), dout * gamma
    dx = ivar / n * (n * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0))
    return dx, (dout * xhat).sum(0), dout.sum(0)


def without_the_zero_in_dmu(dout, cache):
    xhat, gamma, xmu, ivar, _, var, eps = cache
    dxhat = dout * gamma
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * (var + eps) ** -1.5
    dmu = -ivar * np.sum(dxhat, axis=0)
    dx = dxhat * ivar + dvar * 2 * xmu / len(dout) + dmu / len(dout)
    return dx, np.einsum("nd,nd->d", dout, xhat), np.einsum("nd->d", dout)


def row_by_row(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, _, _ = cache
    n, d = dout.shape
    dx, dgamma, dbeta = np.zeros_like(dout), np.zeros_like(gamma), np.zeros_like(gamma)
    for j in range(d):
        divar = 0.0
        for i in range(n):
            dbeta[j] += dout[i, j]
            dgamma[j] += dout[i, j] * xhat[i, j]
            divar += dout[i, j] * gamma[j] * xmu[i, j]
        dvar = -0.5 * divar / sqrtvar[j] ** 3
        total = 0.0
        for i in range(n):
            dx[i, j] = dout[i, j] * gamma[j] * ivar[j] + 2 * xmu[i, j] * dvar / n
            total += dx[i, j]
        dx[:, j] -= total / n
    return dx, dgamma, dbeta


def in_float64(dout, cache):
    *arrays, eps = cache
    wide = (*(a.astype(np.float64) for a in arrays), eps)
    return staged.batchnorm_backward(dout.astype(np.float64), wide)


def from_var_alone(dout, cache):
    """The cache holds var, sqrtvar and ivar, of which any one would do."""
    xhat, gamma, xmu, _, _, var, eps = cache
    root = np.sqrt(var + eps)
    return staged.batchnorm_backward(dout, (xhat, gamma, xmu, 1 / root, root, var, eps))


RIGHT = [
    ("3.9", "dout handed on as it is", lambda dout: (dout.sum(0), dout)),
    ("3.9", "einsum", lambda dout: (np.einsum("nd->d", dout), dout * 1.0)),
    ("3.9", "a product with ones", lambda dout: (np.ones(len(dout)) @ dout, dout[:])),
    ("3.9", "Python's sum", lambda dout: (sum(dout), dout)),
    ("3.9", "float64", lambda dout: (dout.astype(np.float64).sum(0), dout.astype(np.float64))),
    (
        "3.8",
        "einsum",
        lambda g, xhat, gamma: (np.einsum("nd,nd->d", g, xhat), np.einsum("nd,d->nd", g, gamma)),
    ),
    ("3.8", "a matrix product", lambda g, xhat, gamma: ((g.T @ xhat).diagonal(), g @ np.diag(gamma))),
    (
        "3.8",
        "a list of rows",
        lambda g, xhat, gamma: ((g * xhat).sum(0), np.array([row * gamma for row in g])),
    ),
    ("3.7", "einsum", lambda g, xmu, ivar: (np.einsum("nd,nd->d", g, xmu), np.einsum("nd,d->nd", g, ivar))),
    ("3.7", "mean times N", lambda g, xmu, ivar: ((g * xmu).mean(0) * len(g), ivar * g)),
    ("3.6", "a power", lambda g, s: -g * s**-2.0),
    ("3.6", "two divisions", lambda g, s: -1 / s / s * g),
    ("3.6", "np.square", lambda g, s: np.negative(g) * np.reciprocal(np.square(s))),
    ("3.5", "a power", lambda g, var, eps: 0.5 * g * (var + eps) ** -0.5),
    ("3.5", "a division", lambda g, var, eps: g / (2 * np.sqrt(var + eps))),
    ("3.4", "a product with ones", lambda g, shape: 1.0 / shape[0] * np.ones(shape) * g),
    ("3.4", "broadcast_to's view", lambda g, shape: np.broadcast_to(g / shape[0], shape)),
    ("3.4", "tile", lambda g, shape: np.tile(g, (shape[0], 1)) / shape[0]),
    ("3.4", "outer", lambda g, shape: np.outer(np.full(shape[0], 1 / shape[0]), g)),
    ("3.3", "twice the product", lambda g, xmu: g * xmu + xmu * g),
    ("3.3", "a loop", lambda g, xmu: np.array([2 * a * b for a, b in zip(g, xmu, strict=True)])),
    ("3.2", "two sums", lambda a, b: (a + b, -np.sum(a, axis=0) - np.sum(b, axis=0))),
    ("3.2", "without the part that is 0", lambda a, b: (b + a, -np.sum(a, axis=0))),
    ("3.2", "einsum", lambda a, b: (np.add(a, b), -np.einsum("nd->d", a + b))),
    ("3.1", "a product with ones", lambda g, shape: 1.0 / shape[0] * np.ones(shape) * g),
    ("3.1", "broadcast_to's view", lambda g, shape: np.broadcast_to(g / shape[0], shape)),
    ("3.1", "repeat", lambda g, shape: np.repeat(g[None], shape[0], axis=0) / shape[0]),
    ("3.0", "the other order", lambda a, b: b + a),
    ("3.0", "sum over a stack", lambda a, b: np.sum([a, b], axis=0)),
    ("3.10", "the closed form", closed_form),
    ("3.10", "without the part of dmu that is 0", without_the_zero_in_dmu),
    ("3.10", "loops over rows and columns", row_by_row),
    ("3.10", "float64 for float32", in_float64),
    ("3.10", "the variance of the cache alone", from_var_alone),
    ("3.10", "ten functions", backward_with()),
]

# What a learner gets wrong: the exercise, the mistake in words, the code, and what the message must speak of.
WRONG = [
    ("3.9", "mean for sum", lambda dout: (dout.mean(0), dout), "`dbeta` has other values"),
    ("3.9", "the other axis", lambda dout: (dout.sum(1), dout), "`dbeta` should have the shape (D,)"),
    ("3.9", "no axis", lambda dout: (np.sum(dout), dout), "`dbeta` should be a NumPy array"),
    ("3.9", "not summed", lambda dout: (dout, dout), "`dbeta` should have the shape"),
    ("3.9", "(1, D)", lambda dout: (dout.sum(0, keepdims=True), dout), "`dbeta` should have the shape"),
    ("3.9", "the wrong order", lambda dout: (dout, dout.sum(0)), "`dbeta` should have the shape"),
    ("3.9", "a list", lambda dout: (list(dout.sum(0)), dout), "`dbeta` should be a NumPy array"),
    ("3.9", "only one", lambda dout: dout.sum(0), "returns 1 value"),
    ("3.9", "averaged over the loss", lambda dout: (dout.sum(0), dout / len(dout)), "`dgammax` has other"),
    ("3.8", "mean for sum", lambda g, xhat, gamma: ((g * xhat).mean(0), g * gamma), "`dgamma` has other"),
    ("3.8", "gamma left out", lambda g, xhat, gamma: ((g * xhat).sum(0), g), "`dxhat` has other"),
    ("3.8", "gamma twice", lambda g, xhat, gamma: (gamma * (g * xhat).sum(0), g * gamma), "`dgamma` has"),
    ("3.8", "not swapped", lambda g, xhat, gamma: ((g * gamma).sum(0), g * xhat), "`dgamma` has other"),
    ("3.8", "not summed", lambda g, xhat, gamma: (g * xhat, g * gamma), "`dgamma` should have the shape"),
    ("3.7", "not summed", lambda g, xmu, ivar: (g * xmu, g * ivar), "`divar` should have the shape"),
    ("3.7", "mean for sum", lambda g, xmu, ivar: ((g * xmu).mean(0), g * ivar), "`divar` has other"),
    ("3.7", "divided", lambda g, xmu, ivar: ((g * xmu).sum(0), g / ivar), "`dxmu1` has other"),
    ("3.7", "not swapped", lambda g, xmu, ivar: ((g * ivar).sum(0), g * xmu), "`divar` has other"),
    ("3.6", "the sign lost", lambda g, s: g / s**2, "`dsqrtvar` has other"),
    ("3.6", "not squared", lambda g, s: -g / s, "`dsqrtvar` has other"),
    ("3.6", "the power 3", lambda g, s: -g / s**3, "`dsqrtvar` has other"),
    ("3.6", "multiplied", lambda g, s: -g * s**2, "`dsqrtvar` has other"),
    ("3.5", "the half lost", lambda g, var, eps: g / np.sqrt(var + eps), "`dvar` has other"),
    ("3.5", "eps lost", lambda g, var, eps: 0.5 * g / np.sqrt(var), "`dvar`"),
    ("3.5", "eps outside", lambda g, var, eps: 0.5 * g / (np.sqrt(var) + eps), "`dvar` has other"),
    ("3.5", "no root", lambda g, var, eps: 0.5 * g / (var + eps), "`dvar` has other"),
    ("3.5", "the power -3/2", lambda g, var, eps: -0.5 * g * (var + eps) ** -1.5, "`dvar` has other"),
    ("3.4", "1/N lost", lambda g, shape: np.ones(shape) * g, "`dsq` has other"),
    ("3.4", "N - 1", lambda g, shape: np.ones(shape) * g / max(shape[0] - 1, 1), "`dsq` has other"),
    ("3.4", "divided by D", lambda g, shape: np.ones(shape) * g / shape[1], "`dsq` has other"),
    ("3.4", "left to broadcasting", lambda g, shape: g / shape[0], "`dsq` should have the shape (N, D)"),
    ("3.3", "the 2 lost", lambda g, xmu: g * xmu, "`dxmu2` has other"),
    ("3.3", "the square kept", lambda g, xmu: 2 * g * xmu**2, "`dxmu2` has other"),
    ("3.3", "the upstream gradient lost", lambda g, xmu: 2 * xmu, "`dxmu2` has other"),
    ("3.2", "overwritten", lambda a, b: (b, -np.sum(b, axis=0)), "`dx1` has other"),
    ("3.2", "the second lost", lambda a, b: (a, -np.sum(a, axis=0)), "`dx1` has other"),
    ("3.2", "the sign lost", lambda a, b: (a + b, np.sum(a + b, axis=0)), "`dmu` has other"),
    ("3.2", "mean for sum", lambda a, b: (a + b, -np.mean(a + b, axis=0)), "`dmu` has other"),
    ("3.2", "not summed", lambda a, b: (a + b, -(a + b)), "`dmu` should have the shape"),
    ("3.1", "1/N lost", lambda g, shape: np.ones(shape) * g, "`dx2` has other"),
    ("3.1", "the sign turned", lambda g, shape: -np.ones(shape) * g / shape[0], "`dx2` has other"),
    ("3.1", "left to broadcasting", lambda g, shape: g / shape[0], "`dx2` should have the shape"),
    ("3.0", "the first lost", lambda a, b: b, "`dx` has other"),
    ("3.0", "the second lost", lambda a, b: a, "`dx` has other"),
    ("3.0", "averaged", lambda a, b: (a + b) / 2, "`dx` has other"),
    ("3.0", "subtracted", lambda a, b: a - b, "`dx` has other"),
    (
        "3.10",
        "the statistics taken for constants",
        lambda dout, c: (dout * c[1] * c[3], (dout * c[0]).sum(0), dout.sum(0)),
        "`dx` has other",
    ),
    (
        "3.10",
        "the path through mu lost",
        backward_with(step1=lambda g, shape: np.zeros(shape, g.dtype)),
        "`dx` has other",
    ),
    (
        "3.10",
        "the path through var lost",
        backward_with(step3=lambda g, xmu: np.zeros_like(xmu)),
        "`dx` has other",
    ),
    (
        "3.10",
        "gamma lost",
        backward_with(step8=lambda g, xhat, gamma: ((g * xhat).sum(0), g)),
        "`dx` has other",
    ),
    ("3.10", "eps lost", backward_with(step5=lambda g, var, eps: 0.5 * g / np.sqrt(var)), "`dx`"),
    ("3.10", "mean for sum", backward_with(step9=lambda dout: (dout.mean(0), dout)), "`dbeta` has other"),
    (
        "3.10",
        "a list around dx",
        lambda d, c: ([closed_form(d, c)[0]], *closed_form(d, c)[1:]),
        "`dx` should",
    ),
    ("3.10", "another order", lambda d, c: closed_form(d, c)[::-1], "`dx` should have the shape"),
    (
        "3.10",
        "rows and columns mixed up",
        lambda d, c: (closed_form(d, c)[0].T, *closed_form(d, c)[1:]),
        "`dx`",
    ),
    (
        "3.10",
        "float16",
        lambda d, c: tuple(a.astype(np.float16) for a in closed_form(d, c)),
        "numbers like its",
    ),
    ("3.10", "not finite", lambda d, c: tuple(a * np.nan for a in closed_form(d, c)), "not finite"),
]

# Mistakes on the learner's own data: an input that the caller still needs has other values afterwards.


def scales_in_place(dgammax, xhat, gamma):
    dgamma = (dgammax * xhat).sum(0)
    dgammax *= gamma
    return dgamma, dgammax


def adds_in_place(dx1, dx2):
    dx = dx1
    dx += dx2
    return dx


def spoils_the_cache(dout, cache):
    result = closed_form(dout, cache)
    cache[2][...] *= 2
    return result


CHANGES = [
    ("3.8", "dgammax", scales_in_place),
    ("3.0", "dx1", adds_in_place),
    ("3.10", "cache[2]", spoils_the_cache),
]

# The notebook's cells before the learner writes anything.
STUBS = {
    "3.9": lambda dout: (None, None),
    "3.8": lambda dgammax, xhat, gamma: (None, None),
    "3.7": lambda dxhat, xmu, ivar: (None, None),
    "3.2": lambda dxmu1, dxmu2: (None, None),
    "3.10": lambda dout, cache: (None, None, None),
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    found = judge(exercise.id, exercise.references, seed)
    assert found.status == "passed", found.message


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


def test_every_exercise_has_three_wrong_answers():
    count = {exercise.id: 0 for exercise in EXERCISES}
    for identifier, *_ in WRONG:
        count[identifier] += 1
    assert min(count.values()) >= 3, count


@pytest.mark.parametrize(("identifier", "name", "function"), CHANGES, ids=names(CHANGES))
def test_an_input_that_was_changed_is_named(identifier, name, function):
    found = verdict(identifier, function)
    assert found.status == "failed"
    assert f"changed its input `{name}`" in found.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_untouched_cell_is_not_an_error(exercise):
    stub = STUBS.get(exercise.id, lambda *args: None)
    assert verdict(exercise.id, stub).status == "not started"
    assert judge(exercise.id, {}).status == "not started"


def test_half_an_answer_says_what_is_missing():
    found = verdict("3.9", lambda dout: (dout.sum(0), None))
    assert found.status == "failed"
    assert "`dgammax` is still None" in found.message


def test_an_exception_is_told_with_the_learners_line():
    found = verdict("3.6", lambda divar, sqrtvar: divar @ np.ones((99, 99)))
    assert found.status == "error"
    assert "ValueError" in found.message
    assert "np.ones((99, 99))" in found.message


def test_each_exercise_has_three_hints_and_none_gives_the_line_away():
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert not any("np.sum" in hint or " = " in hint for hint in exercise.hints)


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_agrees_with_the_complex_step_on_the_exercises_own_cases(seed):
    from bnlib.exercises.batches import layers

    for says, layer in layers(np.random.default_rng(seed)):
        if layer["x"].size > 64 or layer["x"].dtype != np.float64:
            continue
        x, gamma, beta, eps, dout = (layer[name] for name in ("x", "gamma", "beta", "eps", "dout"))
        dx, dgamma, dbeta = staged.batchnorm_backward(dout, layer["cache"])
        scale = np.max(np.abs(dout * gamma * layer["ivar"]))

        def forward(x=x, gamma=gamma, beta=beta, eps=eps):
            return staged.batchnorm_forward(x, gamma, beta, eps)[0]

        for name, value, right in (("x", x, dx), ("gamma", gamma, dgamma), ("beta", beta, dbeta)):
            witness = complex_step(lambda v, name=name, f=forward: f(**{name: v}), value, dout)
            np.testing.assert_allclose(right, witness, rtol=0, atol=1e-11 * scale, err_msg=f"{name}, {says}")


def test_the_cases_hold_what_tells_right_from_wrong():
    from bnlib.exercises.batches import layers

    every = [layer for _, layer in layers(np.random.default_rng(0))]
    assert any(layer["x"].dtype == np.float32 for layer in every)
    assert any(not layer["dout"].flags.c_contiguous for layer in every)
    assert any(layer["x"].shape[0] == 1 for layer in every)
    assert any(layer["x"].shape[1] == 1 for layer in every)
    assert any(layer["var"].min() < layer["eps"] < layer["var"].max() for layer in every)
    assert all(np.abs(np.abs(layer["gamma"]) - 1).min() > 0.4 for layer in every)
    assert all(layer["x"].shape[0] != layer["x"].shape[1] for layer in every)


def test_every_exercise_has_a_heading_to_go_to():
    anchors = {
        line.lstrip("# ").strip().replace(" ", "-")
        for line in SOURCE.read_text(encoding="utf-8").splitlines()
        if re.match(r"# #+ ", line)
    }
    assert {exercise.section for exercise in EXERCISES} <= anchors
