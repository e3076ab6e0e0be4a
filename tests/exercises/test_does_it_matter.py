"""Notebook 08: a training step is judged by the parameters it leaves and the loss it reports."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.does_it_matter import EXERCISES, network_step, sgd_update
from bnlib.gradcheck import complex_step
from bnlib.norms import staged

SOURCE = Path(__file__).parents[2] / "source" / "08_does_it_matter.py"


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    return [f"{identifier} {words}" for identifier, words, *_ in table]


def in_place(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]
    return params


def rebound(params, grads, lr):
    for name in params:
        params[name] = params[name] - lr * grads[name]
    return params


def copied_then_in_place(params, grads, lr):
    new = {name: array.copy() for name, array in params.items()}
    for name, grad in grads.items():
        new[name] -= lr * grad
    return new


def step_with(
    *,
    eps=None,
    backward=staged.batchnorm_backward,
    update=sgd_update,
    relu=lambda out: out > 0,
    average=True,
    bias=lambda dscores: dscores.sum(0),
    loss_of=np.mean,
):
    """A training step with some of its parts replaced."""

    def network_step(params, X, y, lr, bn_param):
        rows = np.arange(len(y))
        a, cache = staged.batchnorm_forward(
            X @ params["W1"], params["gamma"], params["beta"], bn_param["eps"] if eps is None else eps
        )
        h = a * (a > 0)
        scores = h @ params["W2"] + params["b2"]
        logp = scores - scores.max(1, keepdims=True)
        logp = logp - np.log(np.exp(logp).sum(1, keepdims=True))
        d = np.exp(logp)
        d[rows, y] -= 1
        d = d / len(y) if average else d
        dz, dgamma, dbeta = backward((d @ params["W2"].T) * relu(a), cache)
        grads = {"W1": X.T @ dz, "gamma": dgamma, "beta": dbeta, "W2": h.T @ d, "b2": bias(d)}
        return update(params, grads, lr), -loss_of(logp[rows, y])

    return network_step


def changes_bn_param(params, X, y, lr, bn_param):
    result = network_step(params, X, y, lr, bn_param)
    z = X @ params["W1"]
    bn_param["running_mean"], bn_param["running_var"] = 0.1 * z.mean(0), 0.1 * z.var(0)
    return result


def keeps_another_layers_statistics(params, X, y, lr, bn_param):
    result = network_step(params, X, y, lr, bn_param)
    bn_param["running_mean"] = 0.1 * (X @ params["W1"] + 1.0).mean(0)
    return result


def without_stable_softmax(params, X, y, lr, bn_param):
    a, cache = staged.batchnorm_forward(X @ params["W1"], params["gamma"], params["beta"], bn_param["eps"])
    h = np.maximum(a, 0)
    p = np.exp(h @ params["W2"] + params["b2"])
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    dz, dgamma, dbeta = staged.batchnorm_backward((p @ params["W2"].T) * (a > 0), cache)
    grads = {"W1": X.T @ dz, "gamma": dgamma, "beta": dbeta, "W2": h.T @ p, "b2": p.sum(0)}
    return sgd_update(params, grads, lr), loss


def by_order(params, grads, lr):
    pairs = zip(params, grads.values(), strict=True)
    return {name: params[name] - lr * grad for name, grad in pairs}


def frozen(params, grads, lr):
    kept = {name: params[name].copy() for name in ("gamma", "beta") if name in params}
    return {**sgd_update(params, grads, lr), **kept}


def set_back(params, grads, lr):
    new = sgd_update(params, grads, lr)
    return {**new, "gamma": np.ones_like(new["gamma"]), "beta": np.zeros_like(new["beta"])}


def constant(dout, cache):
    return dout * cache[1] * cache[3], *staged.batchnorm_backward(dout, cache)[1:]


def ignored(dout, cache):
    return dout, *staged.batchnorm_backward(dout, cache)[1:]


def loss_after(params, X, y, lr, bn_param):
    new, _ = network_step(params, X, y, lr, bn_param)
    return new, network_step(new, X, y, lr, bn_param)[1]


RIGHT = [
    ("8.1", "a copy that is changed in place", copied_then_in_place),
    ("8.1", "np.subtract", lambda p, g, lr: {n: np.subtract(p[n], np.multiply(lr, g[n])) for n in g}),
    ("8.2", "the parts of the test", step_with()),
    ("8.2", "running statistics written back", changes_bn_param),
    ("8.2", "a Python number for the loss", lambda *a: (network_step(*a)[0], float(network_step(*a)[1]))),
]

WRONG = [
    ("8.2", "a bias in front of the layer", keeps_another_layers_statistics),
    ("8.1", "uphill", lambda p, g, lr: {n: p[n] + lr * g[n] for n in p}),
    ("8.1", "without the learning rate", lambda p, g, lr: {n: p[n] - g[n] for n in p}),
    ("8.1", "gamma and beta left alone", frozen),
    ("8.1", "the order of the gradients trusted", by_order),
    ("8.1", "a learning rate of its own", lambda p, g, lr: {n: p[n] - min(lr, 1.0) * g[n] for n in p}),
    ("8.1", "a parameter left out", lambda p, g, lr: {n: p[n] - lr * g[n] for n in list(p)[1:]}),
    ("8.1", "one array after the other, as a list", lambda p, g, lr: [p[n] - lr * g[n] for n in p]),
    ("8.2", "statistics taken for constants", step_with(backward=constant)),
    ("8.2", "the layer ignored", step_with(backward=ignored)),
    ("8.2", "gamma and beta not trained", step_with(update=frozen)),
    ("8.2", "gamma and beta set back", step_with(update=set_back)),
    ("8.2", "the gradient of a sum", step_with(average=False)),
    ("8.2", "the sum for a loss", step_with(loss_of=np.sum)),
    ("8.2", "uphill", step_with(update=lambda p, g, lr: sgd_update(p, g, -lr))),
    ("8.2", "no way back through the ReLU", step_with(relu=np.ones_like)),
    ("8.2", "another eps", step_with(eps=1e-5)),
    ("8.2", "the loss after the step", loss_after),
    ("8.2", "exp that overflows", without_stable_softmax),
    ("8.2", "a mean for b2", step_with(bias=lambda d: d.mean(0))),
]


@pytest.mark.parametrize("seed", [None, 1, 2026])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_the_reference_passes(exercise, seed):
    assert judge(exercise.id, exercise.references, seed).passed


@pytest.mark.parametrize(("identifier", "words", "function"), RIGHT, ids=names(RIGHT))
def test_a_right_answer_passes_however_it_is_written(identifier, words, function):
    found = verdict(identifier, function, 3)
    assert found.passed, found


@pytest.mark.parametrize(("identifier", "words", "function"), WRONG, ids=names(WRONG))
def test_a_wrong_answer_fails(identifier, words, function):
    for seed in (None, 1):
        found = verdict(identifier, function, seed)
        assert found.status == "failed", found


def test_an_order_that_was_trusted_is_named_where_numpy_finds_nothing_to_complain_of():
    assert verdict("8.1", by_order).mistake == "order-trusted"


@pytest.mark.parametrize("function", [in_place, rebound])
def test_an_update_that_changes_the_callers_parameters_is_told_so(function):
    found = verdict("8.1", function)
    assert found.status == "failed"
    assert "changed its input `params" in found.message


def test_a_step_that_changes_the_callers_parameters_is_told_so():
    found = verdict("8.2", step_with(update=in_place))
    assert "changed its input `params" in found.message


def test_an_untouched_cell_is_not_an_error():
    assert verdict("8.1", lambda params, grads, lr: None).status == "not started"
    assert verdict("8.2", lambda params, X, y, lr, bn_param: (None, None)).status == "not started"
    assert judge("8.2", {}).status == "not started"


def test_the_reference_steps_along_the_gradient_of_its_own_loss():
    rng = np.random.default_rng(5)
    params = {
        "W1": rng.normal(size=(4, 5)),
        "gamma": rng.uniform(1, 2, 5),
        "beta": rng.normal(size=5),
        "W2": rng.normal(size=(5, 3)),
        "b2": rng.normal(size=3),
    }
    X, y, bn_param = (
        rng.normal(size=(6, 4)),
        rng.integers(0, 3, 6),
        {"mode": "train", "eps": 0.1, "momentum": 0.9},
    )
    new, loss = network_step(params, X, y, 1.0, bn_param)

    def loss_at(name, value):
        p = {**params, name: value}
        out, _ = staged.batchnorm_forward(X @ p["W1"], p["gamma"], p["beta"], 0.1)
        scores = np.where(out.real > 0, out, 0) @ p["W2"] + p["b2"]
        return np.mean(np.log(np.exp(scores).sum(1)) - scores[np.arange(6), y])

    assert loss == pytest.approx(loss_at("b2", params["b2"]))
    for name, value in params.items():
        witness = complex_step(lambda v, name=name: loss_at(name, v), value, 1.0)
        np.testing.assert_allclose(params[name] - new[name], witness, atol=1e-12)


def test_each_exercise_has_three_hints_and_a_heading_to_go_to():
    anchors = {
        line.lstrip("# ").strip().replace(" ", "-")
        for line in SOURCE.read_text(encoding="utf-8").splitlines()
        if re.match(r"# #+ ", line)
    }
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert exercise.section in anchors
