"""Batch normalization with running statistics and one thing wrong, as cs231n asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .layers import OUTS, ROOTS, Array, forward

STATISTICS = ("running_mean", "running_var")
Weights = Callable[[float], tuple[float, float]]

# What is kept of the batch's variance (D,), from it, eps and the number of rows.
KEPT: dict[str, Callable[[Array, float, Any], Array]] = {
    "var": lambda var, eps, n: var,
    "std": lambda var, eps, n: np.sqrt(var),
    "var + eps": lambda var, eps, n: var + eps,
    "sqrtvar": lambda var, eps, n: np.sqrt(var + eps),
    "ivar": lambda var, eps, n: 1 / np.sqrt(var + eps),
    "n - 1": lambda var, eps, n: var * n / (n - 1),
}

# The weights of the old and the new value, from the momentum.
WEIGHTS: dict[str, Weights] = {
    "right": lambda momentum: (momentum, 1 - momentum),
    "reversed": lambda momentum: (1 - momentum, momentum),
    "replaced": lambda momentum: (0.0, 1.0),
    "half": lambda momentum: (momentum, 1.0),
    "old whole": lambda momentum: (1.0, 1 - momentum),
    "fixed": lambda momentum: (0.9, 0.1),
    "fixed, reversed": lambda momentum: (0.1, 0.9),
}


def two_modes(
    x: Array,
    gamma: Array,
    beta: Array,
    bn_param: Any,
    *,
    train: dict[str, Any] | None = None,
    test: dict[str, Any] | None = None,
    kept: str = "var",
    weights: str = "right",
    only: tuple[str, ...] = STATISTICS,
    lost: tuple[str, ...] = (),
    stale: tuple[str, ...] = (),
    start: float | None = 0.0,
    default_eps: float = 1e-5,
    default_momentum: float = 0.9,
    trains_on: str = "batch",
    tests_on: str = "running",
    updates_in_test: str = "",
) -> tuple[Array, tuple[Array, ...]]:
    """The layer on x (N, D) in the mode of `bn_param`, with something wrong.

    `train` and `test` are options of `layers.forward` for a mode. `kept` and `weights` name what becomes of the
    running statistics, for those in `only`; those in `lost` are never written, those in `stale` are overwritten by
    what they were. `trains_on` and `tests_on` say whose statistics are used: "batch", "running", "updated", or
    one of each. The running variance starts from `start`; with None, both start from the first batch.
    `updates_in_test` is "after" or "before" where a test call updates them too.
    """
    eps, momentum = bn_param.get("eps", default_eps), bn_param.get("momentum", default_momentum)
    zeros = np.zeros(x.shape[1])
    options = dict(train or {})
    out, layer = forward(x, gamma, beta, eps, (0,), **options)
    batch = {"running_mean": np.mean(x, axis=0), "running_var": np.var(x, axis=0)}
    if (0, 1) in (options.get("mean_over"), options.get("var_over")):
        batch["running_mean"] = np.mean(x, axis=options.get("mean_over", 0)) + zeros
        batch["running_var"] = layer.var.reshape(-1) + zeros
    elif "var_weight" in options or options.get("centre") == "xhat":
        batch["running_var"] = layer.var[0]
    learns = start is None and bn_param["mode"] == "train"
    first = batch if learns else {"running_mean": zeros, "running_var": zeros + (start or 0.0)}
    old = {name: bn_param.get(name, first[name]) for name in STATISTICS}
    new = dict(old)
    for name, value in batch.items():
        old_weight, new_weight = WEIGHTS[weights if name in only else "right"](momentum)
        wanted = KEPT[kept](value, eps, np.float64(len(x))) if name == "running_var" else value
        new[name] = old_weight * old[name] + new_weight * wanted

    if bn_param["mode"] == "train":
        if trains_on != "batch":
            used = old if trains_on == "running" else new
            xhat = (x - used["running_mean"]) / np.sqrt(used["running_var"] + eps)
            out = gamma * xhat + beta
        for name in STATISTICS:
            if name not in lost:
                bn_param[name] = old[name] if name in stale else new[name]
        return out, (layer.xhat,)

    mean = batch if tests_on in ("batch", "batch mean") else new if updates_in_test == "before" else old
    var = batch if tests_on in ("batch", "batch variance") else new if updates_in_test == "before" else old
    if updates_in_test:
        bn_param.update(new)
    wrong = test or {}
    xmu = x - mean["running_mean"]
    below = ROOTS[wrong.get("root", "right")](var["running_var"], eps)
    xhat = xmu - below if wrong.get("subtract") else xmu / below
    return OUTS[wrong.get("out", "right")](xhat, gamma, beta), (xhat,)
