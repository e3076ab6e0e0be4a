"""Exercises of notebook 08: one step downhill, and one step of a network with the layer in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from ..norms import staged
from .mistakes.does_it_matter import mistake
from .spec import Case, Exercise, WrongAnswer, run_first

Array = NDArray[np.floating]
Labels = NDArray[np.integer]
Params = Mapping[str, Array]


def sgd_update(params: Params, grads: Params, lr: float) -> Params:
    """A new dictionary in which each array has moved against its gradient, by `lr` times its size."""
    return {name: value - lr * grads[name] for name, value in params.items()}


def network_step(
    params: Params, X: Array, y: Labels, lr: float, bn_param: dict[str, Any]
) -> tuple[Params, float]:
    """One training step of linear, batch normalization, ReLU, linear, mean softmax cross-entropy.

    X (N, D), y (N,) whole numbers; W1 (D, H), gamma and beta (H,), W2 (H, C), b2 (C,). Returns the new
    parameters and the loss before the step.
    """
    rows = np.arange(len(y))
    out, cache = staged.batchnorm_forward(X @ params["W1"], params["gamma"], params["beta"], bn_param["eps"])
    hidden = np.maximum(out, 0)
    scores = hidden @ params["W2"] + params["b2"]
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    loss = -np.mean(logp[rows, y])

    dscores = np.exp(logp)
    dscores[rows, y] -= 1
    dscores /= len(y)
    dz, dgamma, dbeta = staged.batchnorm_backward(dscores @ params["W2"].T * (out > 0), cache)
    grads = {
        "W1": X.T @ dz,
        "gamma": dgamma,
        "beta": dbeta,
        "W2": hidden.T @ dscores,
        "b2": np.sum(dscores, axis=0),
    }
    return sgd_update(params, grads, lr), loss


def run_step(functions: Mapping[str, Callable[..., Any]], args: tuple[Any, ...]) -> Any:
    """Run a step, and look at the running statistics that it leaves in bn_param, if it leaves any.

    The gradients can't tell whether the layer saw X @ W1 or that and something more: the mean takes it off.
    What is kept for test mode can.
    """
    params, X, _, _, bn_param = args
    result = run_first(functions, args)
    z = (X @ params["W1"]).astype(np.float64)
    fresh = 1 - bn_param["momentum"]
    for key, right in (
        ("running_mean", fresh * np.mean(z, axis=0)),
        ("running_var", fresh * np.var(z, axis=0)),
    ):
        kept = bn_param.get(key)
        if isinstance(kept, np.ndarray) and not _near(kept, right, np.max(np.abs(z)), X.dtype):
            raise WrongAnswer(
                f"After the step `bn_param[{key!r}]` is not what this batch leaves there. It is what the layer "
                "will go by in test mode. What does `batchnorm_forward` get to see, and how often?"
            )
    return result


def _near(kept: Array, right: Array, largest: float, dtype: np.dtype[Any]) -> bool:
    digits = 1e-3 if dtype == np.float32 else 1e-9
    return kept.shape == right.shape and bool(
        np.all(np.abs(kept - right) <= digits * max(largest, largest**2))
    )


def _params(rng: np.random.Generator, d: int, h: int, c: int, dtype: type = np.float64) -> dict[str, Array]:
    params = {
        "W1": rng.normal(size=(d, h)) / np.sqrt(d),
        "gamma": rng.uniform(1.5, 2.5, h),
        "beta": rng.normal(size=h),
        "W2": rng.normal(size=(h, c)) / np.sqrt(h),
        "b2": rng.normal(size=c),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def _updates(rng: np.random.Generator) -> Iterator[Case]:
    def grads_of(params: Params) -> Params:
        return {name: rng.normal(size=value.shape).astype(value.dtype) for name, value in params.items()}

    params = _params(rng, 4, 3, 2)
    yield Case("the parameters of a small network", (params, grads_of(params), 0.1))
    yield Case("a learning rate above 1", (params, grads_of(params), 2.5))
    # Of sizes that NumPy would add to one another, so that an order that was trusted gives numbers.
    params = _params(rng, 3, 3, 3)
    turned = dict(reversed(list(grads_of(params).items())))
    yield Case("gradients in another order than the parameters", (params, turned, 0.3))
    other = {"weights": rng.normal(size=(2, 5)), "gamma": rng.uniform(1, 2, 5)}
    yield Case("parameters of other names", (other, grads_of(other), 0.5))
    params = _params(rng, 3, 2, 2, np.float32)
    yield Case("float32 numbers", (params, grads_of(params), 0.25))


def _steps(rng: np.random.Generator) -> Iterator[Case]:
    def bn_param(eps: float) -> dict[str, Any]:
        return {"mode": "train", "eps": eps, "momentum": 0.9}

    def batch(n: int, d: int, c: int) -> tuple[Array, Labels]:
        return rng.normal(size=(n, d)) + rng.normal(size=d), rng.integers(0, c, n)

    yield Case(
        "6 rows, 4 features, 5 hidden units", (_params(rng, 4, 5, 3), *batch(6, 4, 3), 0.5, bn_param(0.1))
    )
    yield Case("eps as large as the variance", (_params(rng, 3, 4, 2), *batch(7, 3, 2), 0.2, bn_param(1.0)))
    large = _params(rng, 3, 4, 3)
    large["W2"] *= 4000
    yield Case("scores so large that exp overflows", (large, *batch(5, 3, 3), 0.1, bn_param(0.1)))
    yield Case("a single row", (_params(rng, 4, 3, 3), *batch(1, 4, 3), 0.5, bn_param(0.1)))
    X, y = batch(8, 5, 4)
    narrow = (_params(rng, 5, 6, 4, np.float32), X.astype(np.float32), y, 0.5, bn_param(0.05))
    yield Case("8 rows in float32", narrow)
    X, y = digits_batch(32, seed=int(rng.integers(2**31)))
    yield Case("32 handwritten digits", (_params(rng, 64, 20, 10), X / 16, y, 0.1, bn_param(1e-5)))


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="8.1",
        title="A step downhill",
        asks="a new dictionary with every parameter moved one step of gradient descent.",
        references={"sgd_update": sgd_update},
        returns=("params",),
        cases=_updates,
        hints=(
            "A gradient says in which direction the loss rises. Which way do you want to go?",
            "The step is the gradient times the learning rate, for every parameter of the dictionary, gamma "
            "and beta among them.",
            "Go through the names in `params`. Look each gradient up by its name, and put the difference "
            "into a new dictionary, so that neither the old one nor its arrays change.",
        ),
        section="One-step-downhill",
        mistakes=mistake.of("8.1"),
    ),
    Exercise(
        id="8.2",
        title="One step of a network",
        asks="the parameters after one step of training on the batch `X`, `y`, and the loss before it.",
        references={"network_step": network_step},
        returns=("params", "loss"),
        cases=_steps,
        hints=(
            "Write down the five layers in order, each with what goes in and what comes out. The way back "
            "visits the same five in reverse.",
            "Keep each layer's cache under a name of its own. Every backward function takes the gradient "
            "that the one before it gave back, and its own layer's cache.",
            "The first gradient is the one that `softmax_loss` returns. Collect five gradients under the "
            "names of the parameters, hand them to `sgd_update`, and only then let go of the old parameters.",
        ),
        section="One-step-of-a-network",
        mistakes=mistake.of("8.2"),
        run=run_step,
        may_change=("bn_param",),
    ),
)
