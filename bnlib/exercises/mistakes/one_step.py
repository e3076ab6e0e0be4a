"""One training step of the network of notebook 08 with some of its parts replaced (8.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import norms
from .descent import Array, Params, descend
from .layers import ROOTS

Layer = Callable[[Array, Any], tuple[Array, Array, Array]]


def softmax(scores: Array) -> Array:
    """The logarithm of the softmax of each row, safe from overflow."""
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))


def overflowing(scores: Array) -> Array:
    """The same as long as exp has room."""
    p = np.exp(scores)
    return np.log(p / np.sum(p, axis=1, keepdims=True))


def relu_of(a: Array) -> Array:
    """The ReLU."""
    return np.maximum(a, 0)


def _open(a: Array) -> Array:
    return a > 0


def network_step(
    params: Params,
    X: Array,
    y: NDArray[Any],
    lr: float,
    bn_param: dict[str, Any],
    *,
    root: str = "right",
    skip: bool = False,
    way_back: Layer = norms.batchnorm_backward_alt,
    relu: Callable[[Array], Array] = relu_of,
    gate: Callable[[Array], Array] = _open,
    logarithm: Callable[[Array], Array] = softmax,
    loss_of: Callable[[Array], Any] = np.mean,
    per_row: Callable[[int], float] = lambda n: 1 / n,
    picked: float = 1.0,
    early: bool = False,
    update: Callable[..., Mapping[str, Array]] = descend,
    change: Callable[[dict[str, Array], dict[str, Array]], Mapping[str, Array]] = lambda grads, seen: grads,
) -> tuple[Mapping[str, Array], Any]:
    """One step of the network, with some of its parts replaced; `change` gets the gradients and what they saw."""
    rows = np.arange(len(y))
    z = X @ params["W1"]
    xmu = z - z.mean(axis=0)
    var = np.mean(xmu**2, axis=0)
    below = ROOTS[root](var, bn_param["eps"])
    xhat = xmu / below
    cache = (xhat, params["gamma"], xmu, 1 / below, below, var, bn_param["eps"])
    a = z if skip else params["gamma"] * xhat + params["beta"]
    h = relu(a)
    scores = h @ params["W2"] + params["b2"]
    logp = logarithm(scores)
    loss = -loss_of(logp[rows, y])
    d = np.exp(logp)
    d[rows, y] -= picked
    d = d * per_row(len(y))
    W2 = params["W2"] - lr * (h.T @ d) if early else params["W2"]
    da = (d @ W2.T) * gate(a)
    dz, dgamma, dbeta = way_back(da, cache)
    grads = {"W1": X.T @ dz, "gamma": dgamma, "beta": dbeta, "W2": h.T @ d, "b2": np.sum(d, axis=0)}
    seen = {"a": a, "d": d}
    return update(params, change(grads, seen), lr), loss


def constants(da: Array, cache: Any) -> tuple[Array, Array, Array]:
    """The statistics treated as constants."""
    return (da * cache[1] * cache[3], *norms.batchnorm_backward_alt(da, cache)[1:])


def ignored(da: Array, cache: Any) -> tuple[Array, Array, Array]:
    """The gradient handed on as it came."""
    return (da, *norms.batchnorm_backward_alt(da, cache)[1:])


def means(da: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dgamma and dbeta as means."""
    dx, dgamma, dbeta = norms.batchnorm_backward_alt(da, cache)
    return dx, dgamma / len(da), dbeta / len(da)


def loss_after(params: Params, X: Array, y: Any, lr: float, bn_param: dict[str, Any]) -> tuple[Any, Any]:
    """The loss of the parameters that the step leads to."""
    new, _ = network_step(params, X, y, lr, bn_param)
    return new, network_step(new, X, y, lr, bn_param)[1]
