"""The exercises of notebook 07: right answers pass in any spelling, each wrong one fails, and says where."""

import numpy as np
import pytest

from bnlib import judge, norms
from bnlib.exercises import find
from bnlib.exercises.train_and_test import EXERCISES, fold

IDS = [exercise.id for exercise in EXERCISES]
BY_ID = pytest.mark.parametrize("exercise_id", IDS)
SEEDS = pytest.mark.parametrize("seed", [None, 1, 2])
FORWARD = ("7.2", "7.4")


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
        "7.1": "update_running(running, batch, momentum) -> running",
        "7.2": "batchnorm_forward(x, gamma, beta, bn_param) -> out, cache",
        "7.3": "batchnorm_backward_test(dout, cache) -> dx, dgamma, dbeta",
        "7.4": "repaired(x, gamma, beta, bn_param) -> out, cache",
        "7.5": "fold(W, b, gamma, beta, running_mean, running_var, eps) -> W, b",
    }
    assert len(find(exercise_id).hints) == 3
    signature = find(exercise_id).signature
    assert signature == signatures[exercise_id]


# Right answers ---------------------------------------------------------------------------------------------


def running_by_difference(running, batch, momentum):
    return running + (1 - momentum) * (batch - running)


def running_by_average(running, batch, momentum):
    return np.average([running, batch], axis=0, weights=[momentum, 1 - momentum]).astype(running.dtype)


def layer(
    *,
    mean=lambda x: np.mean(x, axis=0),
    var=lambda x, mu: np.var(x, axis=0),
    root=lambda var, eps: np.sqrt(var + eps),
    center=lambda x, mu: x - mu,
    scale=lambda xmu, root: xmu / root,
    kept=lambda var, eps, n: var,
    weights=lambda momentum: (momentum, 1 - momentum),
    write=lambda param, name, value: param.__setitem__(name, value),
    start=lambda d: np.zeros(d),
    in_test=lambda x, running_mean, running_var: (running_mean, running_var),
    after_test=lambda param, x: None,
    cache=lambda *parts: parts,
):
    """A right layer with two modes, from parts that a test can replace."""

    def answer(x, gamma, beta, bn_param):
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
        running_var = bn_param.get("running_var", start(x.shape[1]))
        if bn_param["mode"] == "train":
            mu = mean(x)
            v = var(x, mu)
            old, new = weights(momentum)
            write(bn_param, "running_mean", old * running_mean + new * mu)
            write(bn_param, "running_var", old * running_var + new * kept(v, eps, len(x)))
        else:
            mu, v = in_test(x, running_mean, running_var)
            after_test(bn_param, x)
        xhat = scale(center(x, mu), root(v, eps))
        return gamma * xhat + beta, cache(xhat, gamma, v, eps)

    return answer


def written_in_place(param, name, value):
    param.setdefault(name, np.zeros_like(value))
    param[name] *= 0
    param[name] += value


def in_float64(x, gamma, beta, bn_param):
    return layer()(x.astype(float), gamma.astype(float), beta.astype(float), bn_param)


def without_a_cache_in_test_mode(x, gamma, beta, bn_param):
    out, cache = norms.batchnorm_forward(x, gamma, beta, bn_param)
    return out, cache if bn_param["mode"] == "train" else None


def by_rows(x, gamma, beta, bn_param):
    out = np.zeros(x.shape)
    print("mode", bn_param["mode"])
    _, cache = layer()(x, gamma, beta, param := dict(bn_param))
    bn_param.update(param)
    for n, row in enumerate(cache[0]):
        out[n] = [g * h + b for g, h, b in zip(gamma, row, beta, strict=True)]
    return out, {"kept": cache}


def backward_by_einsum(dout, cache):
    xhat, gamma, var, eps = cache
    ivar = (var + eps) ** -0.5
    return np.einsum("nd,d,d->nd", dout, gamma, ivar), np.einsum("nd,nd->d", dout, xhat), dout.sum(0)


def fold_by_matrices(W, b, gamma, beta, running_mean, running_var, eps):
    scale = gamma * (running_var + eps) ** -0.5
    return W @ np.diag(scale), b * scale + beta - running_mean * scale


RIGHT = {
    "7.1 difference": ("7.1", running_by_difference),
    "7.1 average": ("7.1", running_by_average),
    "7.3 einsum": ("7.3", backward_by_einsum),
    "7.5 matrices": ("7.5", fold_by_matrices),
    **{
        f"{of} {name}": (of, answer)
        for of in FORWARD
        for name, answer in {
            "plain": layer(),
            "moments": layer(
                var=lambda x, mu: np.mean(x.astype(float) ** 2, axis=0) - np.mean(x, axis=0) ** 2
            ),
            "in place": layer(write=written_in_place),
            "float64": in_float64,
            "row by row": by_rows,
            "no cache in test mode": without_a_cache_in_test_mode,
        }.items()
    },
}


@SEEDS
@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass_however_they_are_spelt(name, seed):
    found = verdict(*RIGHT[name], seed)
    assert found.passed, found.message


# Wrong answers ---------------------------------------------------------------------------------------------


def running_in_place(running, batch, momentum):
    running *= momentum
    running += (1 - momentum) * batch
    return running


def never_written(x, gamma, beta, bn_param):
    return norms.batchnorm_forward(x, gamma, beta, dict(bn_param))


def overwritten_by_stale_ones(x, gamma, beta, bn_param):
    old = {name: bn_param.get(name, np.zeros(x.shape[1])) for name in ("running_mean", "running_var")}
    result = norms.batchnorm_forward(x, gamma, beta, bn_param)
    bn_param.update(old)
    return result


def updated_in_test_mode(param, x):
    param["running_mean"] = 0.9 * param.get("running_mean", np.zeros(x.shape[1])) + 0.1 * x.mean(axis=0)


def only_training(x, gamma, beta, bn_param):
    result = norms.batchnorm_forward(x, gamma, beta, bn_param)
    return result if bn_param["mode"] == "train" else (None, None)


LAYERS = {
    "momentum the other way round": (
        layer(weights=lambda m: (1 - m, m)),
        "`bn_param['running_mean']` has other values",
    ),
    "std kept": (
        layer(kept=lambda v, e, n: np.sqrt(v)),
        "`bn_param['running_var']` has other values",
    ),
    "var + eps kept": (layer(kept=lambda v, e, n: v + e), "`bn_param['running_var']` has other values"),
    "N - 1 kept": (
        layer(kept=lambda v, e, n: v * n / max(n - 1, 1)),
        "`bn_param['running_var']` has other values",
    ),
    "starts at 1": (layer(start=np.ones), "`bn_param['running_var']` has other values"),
    "never written": (never_written, "`bn_param` has no 'running_mean'"),
    "stale": (overwritten_by_stale_ones, "`bn_param['running_mean']` has other values"),
    "(1, D) kept": (
        layer(kept=lambda v, e, n: v[None]),
        "`bn_param['running_var']` should have the shape (D,)",
    ),
    "updated in test mode": (layer(after_test=updated_in_test_mode), "`bn_param['running_mean']` has"),
    "batch statistics in test mode": (
        layer(in_test=lambda x, m, v: (x.mean(0), x.var(0))),
        "`out` has other values",
    ),
    "eps outside": (layer(root=lambda v, e: np.sqrt(v) + e), "`out` has other values"),
    "no axis": (layer(var=lambda x, mu: ((x - mu) ** 2).sum() / len(x)), "`out` has other values"),
    "subtracted": (layer(scale=lambda c, r: c - r), "`out` has other values"),
    "N - 1": (layer(var=lambda x, mu: x.var(axis=0, ddof=min(len(x) - 1, 1))), "`out` has other values"),
    "no cache": (layer(cache=lambda *parts: None), "returns None for `cache`"),
    "only out": (lambda *a: norms.batchnorm_forward(*a)[0], "should return `out` and `cache`"),
}

WRONG = {
    "7.1 the other way round": ("7.1", lambda r, b, m: (1 - m) * r + m * b, "`running` has other values"),
    "7.1 a fixed momentum": ("7.1", lambda r, b, m: 0.9 * r + 0.1 * b, "`running` has other values"),
    "7.1 only the batch": ("7.1", lambda r, b, m: (1 - m) * b, "`running` has other values"),
    "7.1 a mean of means": ("7.1", lambda r, b, m: np.mean(m * r + (1 - m) * b), "is a single number"),
    "7.1 in place": ("7.1", running_in_place, "changed its input `running`"),
    "7.3 no gamma": (
        "7.3",
        lambda d, c: (d / np.sqrt(c[2] + c[3]), (d * c[0]).sum(0), d.sum(0)),
        "`dx` has other",
    ),
    "7.3 train mode": (
        "7.3",
        lambda d, c: norms.batchnorm_backward_alt(d, (c[0], c[1], None, (c[2] + c[3]) ** -0.5)),
        "`dx` has other values",
    ),
    "7.3 eps outside": (
        "7.3",
        lambda d, c: (d * c[1] / (np.sqrt(c[2]) + c[3]), (d * c[0]).sum(0), d.sum(0)),
        "`dx` has other values",
    ),
    "7.3 divided by the variance": (
        "7.3",
        lambda d, c: (d * c[1] / (c[2] + c[3]), (d * c[0]).sum(0), d.sum(0)),
        "`dx` has other values",
    ),
    "7.3 means": (
        "7.3",
        lambda d, c: (d * c[1] / np.sqrt(c[2] + c[3]), (d * c[0]).mean(0), d.mean(0)),
        "`dgamma` has other values",
    ),
    "7.3 (1, D)": (
        "7.3",
        lambda d, c: (d * c[1] / np.sqrt(c[2] + c[3]), (d * c[0]).sum(0, keepdims=True), d.sum(0)),
        "`dgamma` should have the shape (D,)",
    ),
    "7.5 rows for columns": (
        "7.5",
        lambda W, b, g, *r: ((W.T * np.resize(fold(W, b, g, *r)[0][0] / W[0], len(W))).T, b),
        "`W` has other values",
    ),
    "7.5 b not scaled": (
        "7.5",
        lambda W, b, g, be, m, v, e: (fold(W, b, g, be, m, v, e)[0], b - m + be),
        "`b` has other values",
    ),
    "7.5 b forgotten": (
        "7.5",
        lambda W, b, g, be, m, v, e: fold(W, 0 * b, g, be, m, v, e),
        "`b` has other values",
    ),
    "7.5 no eps": (
        "7.5",
        lambda W, b, g, be, m, v, e: fold(W, b, g, be, m, v, 0.0),
        "`W` has other values",
    ),
    **{f"{of} {name}": (of, *entry) for of in FORWARD for name, entry in LAYERS.items()},
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


@pytest.mark.parametrize("exercise_id", FORWARD)
def test_what_a_call_leaves_behind_is_named_before_any_number_is_compared(exercise_id):
    named = {name: verdict(exercise_id, answer).mistake for name, (answer, _) in LAYERS.items()}
    assert named["never written"] == "running-not-written"
    assert named["no cache"] == named["only out"] == "no-cache"


# The other statuses ----------------------------------------------------------------------------------------


@BY_ID
def test_an_untouched_answer_is_not_started(exercise_id):
    count = len(find(exercise_id).returns)
    untouched = (None,) * count if count > 1 else None
    assert verdict(exercise_id, lambda *inputs: untouched).status == "not started"


@pytest.mark.parametrize("exercise_id", FORWARD)
def test_a_layer_without_a_test_branch_is_not_finished(exercise_id):
    found = verdict(exercise_id, only_training)
    assert found.status == "not started"
    assert "in test mode" in found.message


@BY_ID
def test_an_exception_is_an_error_with_the_learners_line(exercise_id):
    def answer(*inputs):
        return column_mean + inputs[0]  # noqa: F821

    found = verdict(exercise_id, answer)
    assert found.status == "error"
    assert "column_mean + inputs[0]" in found.message
