"""The exercises of notebook 11 and the machinery of pairs: any cache is right, and what is wrong is said."""

import numpy as np
import pytest

from bnlib import judge, norms
from bnlib.exercises import find
from bnlib.exercises.capstone import EXERCISES

IDS = [exercise.id for exercise in EXERCISES]
BY_ID = pytest.mark.parametrize("exercise_id", IDS)
SEEDS = pytest.mark.parametrize("seed", [None, 1, 2])
BACKWARD = {"11.2": "batchnorm_backward", "11.3": "batchnorm_backward_alt", "11.5": "layernorm_backward"}
COURSE = {name: getattr(norms, name) for name in norms.__all__}


def verdict(exercise_id, seed=None, **answers):
    """Judge with the course's functions in place of those that are not given."""
    return judge(exercise_id, {**COURSE, **answers}, seed)


@BY_ID
@pytest.mark.parametrize("seed", [None, 0, 1, 2, 3, 4, 5, 6])
def test_the_reference_passes_for_every_seed(exercise_id, seed):
    found = judge(exercise_id, find(exercise_id).needs, seed)
    assert found.passed, found.message


@BY_ID
def test_an_exercise_has_three_hints_and_the_signature_of_the_curriculum(exercise_id):
    signatures = {
        "11.1": "batchnorm_forward(x, gamma, beta, bn_param) -> out, cache",
        "11.2": "batchnorm_backward(dout, cache) -> dx, dgamma, dbeta",
        "11.3": "batchnorm_backward_alt(dout, cache) -> dx, dgamma, dbeta",
        "11.4": "layernorm_forward(x, gamma, beta, ln_param) -> out, cache",
        "11.5": "layernorm_backward(dout, cache) -> dx, dgamma, dbeta",
    }
    assert len(find(exercise_id).hints) == 3
    signature = find(exercise_id).signature
    assert signature == signatures[exercise_id]


# Right answers: a whole notebook of them at a time, each in a style of its own ------------------------------


class Kept:
    """A cache of a class of one's own."""

    def __init__(self, **parts):
        self.__dict__.update(parts)


class Style:
    """Five right functions that print, fill in defaults, and keep nothing but their inputs."""

    @staticmethod
    def batchnorm_forward(x, gamma, beta, bn_param):
        print("forward", x.shape)
        eps = bn_param.setdefault("eps", 1e-5)
        momentum = bn_param.setdefault("momentum", 0.9)
        for name in ("running_mean", "running_var"):
            bn_param.setdefault(name, np.zeros(x.shape[1]))
        if bn_param["mode"] == "test":
            return gamma * (x - bn_param["running_mean"]) / (
                bn_param["running_var"] + eps
            ) ** 0.5 + beta, None
        x = x.astype(float)
        mean = x.mean(axis=0)
        var = (x**2).mean(axis=0) - mean**2
        bn_param["running_mean"] *= momentum
        bn_param["running_mean"] += (1 - momentum) * mean.astype(bn_param["running_mean"].dtype)
        bn_param["running_var"] = momentum * bn_param["running_var"] + (1 - momentum) * var
        return gamma * (x - mean) / np.sqrt(var + eps) + beta, Kept(x=x, gamma=gamma, eps=eps)

    @staticmethod
    def batchnorm_backward(dout, cache):
        return _columns(dout, cache)

    @staticmethod
    def batchnorm_backward_alt(dout, cache):
        return _columns(dout, cache)

    @staticmethod
    def layernorm_forward(x, gamma, beta, ln_param):
        eps = ln_param.setdefault("eps", 1e-5)
        out = np.stack([(row - row.mean()) / np.sqrt(row.var() + eps) for row in x.astype(float)])
        return out * gamma + beta, [x, gamma, eps]

    @staticmethod
    def layernorm_backward(dout, cache):
        x, gamma, eps = cache
        rows = x.astype(float)
        turned = Kept(x=rows.T, gamma=np.ones(len(rows)), eps=eps)
        dx, _, _ = _columns((dout * gamma).T, turned)
        xhat = (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + eps)
        return dx.T, np.einsum("nd,nd->d", dout, xhat), dout.sum(axis=0)


def _columns(dout, cache):
    """Column by column, with the N by N Jacobian of each."""
    n = len(dout)
    dx, dgamma = np.zeros(dout.shape), np.zeros(dout.shape[1])
    for d in range(dout.shape[1]):
        column = cache.x[:, d]
        ivar = (column.var() + cache.eps) ** -0.5
        xhat = (column - column.mean()) * ivar
        jacobian = ivar * (np.eye(n) - 1 / n - np.outer(xhat, xhat) / n)
        dx[:, d] = jacobian @ (dout[:, d] * cache.gamma[d])
        dgamma[d] = dout[:, d] @ xhat
    return dx, dgamma, dout.sum(axis=0)


def cache_that_is_used_up(x, gamma, beta, bn_param):
    out, cache = norms.batchnorm_forward(x, gamma, beta, bn_param)
    return out, {"out": out, "cache": cache}


def use_it_up(dout, cache):
    cache["out"] *= 0
    return norms.batchnorm_backward(dout, cache.pop("cache"))


@SEEDS
@BY_ID
def test_any_cache_any_working_and_any_precision_is_right(exercise_id, seed):
    answers = {name: getattr(Style, name) for name in dir(Style) if "norm" in name}
    found = verdict(exercise_id, seed, **answers)
    assert found.passed, found.message


def test_a_backward_pass_may_use_its_cache_up():
    found = verdict("11.2", batchnorm_forward=cache_that_is_used_up, batchnorm_backward=use_it_up)
    assert found.passed, found.message


def test_what_was_printed_is_kept_and_does_not_matter():
    assert "forward (5, 3)" in verdict("11.1", batchnorm_forward=Style.batchnorm_forward).printed


# Wrong answers ---------------------------------------------------------------------------------------------


def wrong_gradients(change):
    """Right gradients of either layer with something done to them; the cache is the course's own."""

    def answer(dout, cache):
        backward = norms.layernorm_backward if len(cache) == 3 else norms.batchnorm_backward
        return change(*backward(dout, cache), dout, cache)

    return answer


def as_constants(dx, dgamma, dbeta, dout, cache):
    ivar = cache[2] if len(cache) == 3 else cache[3]
    return dout * cache[1] * ivar, dgamma, dbeta


def gamma_pulled_out(dout, cache):
    xhat, gamma, ivar = cache
    dx, dgamma, dbeta = norms.layernorm_backward(dout, (xhat, np.ones_like(gamma), ivar))
    return gamma * dx, dgamma, dbeta


def changes_dout(dout, cache):
    backward = norms.layernorm_backward if len(cache) == 3 else norms.batchnorm_backward
    found = backward(dout.copy(), cache)
    dout *= cache[1]
    return found


GRADIENTS = {
    "statistics as constants": (wrong_gradients(as_constants), "`dx` has other values"),
    "dbeta a mean": (
        wrong_gradients(lambda dx, dg, db, dout, c: (dx, dg, db / (len(dout) + 1))),
        "`dbeta` has other values",
    ),
    "dgamma not summed": (
        wrong_gradients(lambda dx, dg, db, dout, c: (dx, dout * c[0], db)),
        "`dgamma` should have the shape (D,)",
    ),
    "(1, D)": (
        wrong_gradients(lambda dx, dg, db, dout, c: (dx, dg[None], db)),
        "`dgamma` should have the shape (D,)",
    ),
    "two of three": (wrong_gradients(lambda dx, dg, db, dout, c: (dx, dg)), "`dbeta`, and returns 2 values"),
    "dout changed": (changes_dout, "changed its input `dout`"),
    "NaN": (wrong_gradients(lambda dx, dg, db, dout, c: (dx * np.nan, dg, db)), "`dx` is not finite"),
}


@SEEDS
@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("exercise_id", BACKWARD)
def test_wrong_gradients_fail_and_are_told_why(exercise_id, name, seed):
    answer, says = GRADIENTS[name]
    found = verdict(exercise_id, seed, **{BACKWARD[exercise_id]: answer})
    assert found.status == "failed", found.message
    assert says in found.message


@SEEDS
def test_gamma_can_not_be_pulled_out_of_layer_normalisations_sums(seed):
    found = verdict("11.5", seed, layernorm_backward=gamma_pulled_out)
    assert found.status == "failed"
    assert "`dx` has other values" in found.message


def wrong_batchnorm(x, gamma, beta, bn_param):
    out, cache = norms.batchnorm_forward(x, gamma, beta, bn_param)
    return out * 1.01, cache


def rowwise(forward):
    def answer(x, gamma, beta, param):
        out, cache = forward(x.T, np.ones(len(x)), np.zeros(len(x)), {"mode": "train", **param})
        return gamma * out.T + beta, cache

    return answer


FORWARD = {
    "11.1 scaled": ("11.1", wrong_batchnorm, "`out` has other values"),
    "11.1 rows": (
        "11.1",
        lambda x, g, b, p: (norms.layernorm_forward(x, g, b, p)[0], norms.batchnorm_forward(x, g, b, p)[1]),
        "`out` has other values",
    ),
    "11.1 not kept": (
        "11.1",
        lambda x, g, b, p: norms.batchnorm_forward(x, g, b, dict(p)),
        "`bn_param` has no 'running_mean'",
    ),
    "11.4 columns": (
        "11.4",
        lambda x, g, b, p: norms.batchnorm_forward(x, g, b, {"mode": "train", **p}),
        "`out` has other values",
    ),
    "11.4 N - 1": (
        "11.4",
        lambda x, g, b, p: (
            (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, ddof=1, keepdims=True) + p.get("eps", 1e-5)) * g
            + b,
            (),
        ),
        "`out`",
    ),
    "11.4 eps fixed": (
        "11.4",
        lambda x, g, b, p: norms.layernorm_forward(x, g, b, {}),
        "`out` has other values",
    ),
}


@SEEDS
@pytest.mark.parametrize("name", FORWARD)
def test_wrong_forward_passes_fail_and_are_told_why(name, seed):
    exercise_id, answer, says = FORWARD[name]
    found = verdict(exercise_id, seed, **{find(exercise_id).functions[0]: answer})
    assert found.status == "failed", found.message
    assert says in found.message


def test_a_backward_pass_fails_on_its_forward_pass_first():
    found = verdict("11.2", batchnorm_forward=wrong_batchnorm)
    assert found.status == "failed"
    assert 'check("11.1")' in found.message


# The other statuses ----------------------------------------------------------------------------------------


@BY_ID
def test_an_untouched_answer_is_not_started(exercise_id):
    name = find(exercise_id).functions[0]
    count = len(find(exercise_id).returns)
    assert verdict(exercise_id, **{name: lambda *inputs: (None,) * count}).status == "not started"


@pytest.mark.parametrize("exercise_id", BACKWARD)
def test_a_backward_pass_waits_for_its_forward_pass(exercise_id):
    exercise = find(exercise_id)
    forward = next(iter(exercise.also))
    found = verdict(exercise_id, **{forward: lambda *inputs: (None, None)})
    assert found.status == "not started"
    assert forward in found.message
    found = judge(exercise_id, exercise.references)
    assert found.status == "not started"
    assert f"`{forward}` is not defined" in found.message


@pytest.mark.parametrize("exercise_id", BACKWARD)
def test_a_forward_pass_without_a_cache_is_named(exercise_id):
    forward, right = next(iter(find(exercise_id).also.items()))
    found = verdict(exercise_id, **{forward: lambda *inputs: (right(*inputs)[0], None)})
    assert found.status == "failed"
    assert f"`{forward}` returns no cache" in found.message
    assert found.mistake == "no-cache"


@BY_ID
def test_an_exception_is_an_error_with_the_learners_line(exercise_id):
    def answer(*inputs):
        return undefined_name + inputs[0]  # noqa: F821

    found = verdict(exercise_id, **{find(exercise_id).functions[0]: answer})
    assert found.status == "error"
    assert "undefined_name + inputs[0]" in found.message
