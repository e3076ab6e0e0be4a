"""What goes wrong where a layer in test mode is folded into the linear layer before it (7.5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .collect import Mistakes
from .layers import ROOTS, Array, Rows, add

mistake = Mistakes()

Bias = Callable[..., Array]


def fold(
    W: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    eps: float,
    *,
    root: str = "right",
    scale: Callable[[Array, Array], Array] = lambda gamma, root: gamma / root,
    weights: Callable[[Array, Array], Array] = lambda W, scale: W * scale,
    bias: Bias = lambda b, mean, scale, beta: (b - mean) * scale + beta,
) -> tuple[Array, Array]:
    """The two layers as one, with something wrong."""
    by = scale(gamma, ROOTS[root](running_var, eps))
    return weights(W, by), bias(b, running_mean, by, beta)


FOLDS: Rows = (
    (
        "eps-forgotten",
        {"root": "no eps"},
        "`eps` isn't in the scale. The layer that you are folding away had it under its root: what "
        "happens to a feature with a small `running_var`?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "`eps` has been added to the root of `running_var`. What does the layer divide by in test mode?",
    ),
    (
        "divided-by-variance",
        {"root": "no root"},
        "The scale divides by `running_var + eps`. What is the standard deviation of something whose "
        "variance that is?",
    ),
    (
        "multiplied-not-divided",
        {"scale": lambda gamma, root: gamma * root},
        "The scale is `gamma` times the root. Does normalising make a wide feature wider?",
    ),
    (
        "gamma-missing",
        {"scale": lambda gamma, root: 1 / root},
        "`gamma` is in neither of the two. What did the layer multiply `xhat` by?",
    ),
    (
        "factor-lost",
        {"scale": lambda gamma, root: gamma},
        "The scale is `gamma` alone. What were the columns divided by before it?",
    ),
    (
        "weights-not-scaled",
        {"weights": lambda W, scale: W.copy()},
        "`W` comes back as it was. What does the layer do to a column of `x @ W`?",
    ),
    (
        "bias-not-scaled",
        {"bias": lambda b, mean, scale, beta: b - mean + beta},
        "`W` is scaled and `b - running_mean` isn't. In the formula, does the scale stand before the "
        "bracket or before `x @ W` alone?",
    ),
    (
        "bias-not-scaled",
        {"bias": lambda b, mean, scale, beta: b - mean * scale + beta},
        "The mean is scaled and the old `b` isn't. Which of the two was inside the bracket?",
    ),
    (
        "bias-not-scaled",
        {"bias": lambda b, mean, scale, beta: b * scale - mean + beta},
        "`b` is scaled and `running_mean` is taken off afterwards, unscaled. When did the layer take it off?",
    ),
    (
        "bias-not-scaled",
        {"bias": lambda b, mean, scale, beta: b.copy()},
        "`b` comes back as it was. What do the mean and `beta` do to a row of zeros?",
    ),
    (
        "bias-lost",
        {"bias": lambda b, mean, scale, beta: beta - mean * scale},
        "The old `b` has gone. Before batch normalization in training it has no effect; why does it have "
        "one here?",
    ),
    (
        "mean-lost",
        {"bias": lambda b, mean, scale, beta: b * scale + beta},
        "`running_mean` isn't in the new `b`. What does the folded layer give for an input that is "
        "average in every feature, and what did the two layers give?",
    ),
    (
        "beta-missing",
        {"bias": lambda b, mean, scale, beta: (b - mean) * scale},
        "`beta` has no part in the new `b`. Which line of the layer adds it?",
    ),
    (
        "sign-lost",
        {"bias": lambda b, mean, scale, beta: (b + mean) * scale + beta},
        "The mean is added to `b`. What does the layer do with it?",
    ),
    (
        "sign-lost",
        {"bias": lambda b, mean, scale, beta: (mean - b) * scale + beta},
        "`b` and `running_mean` have changed sides. Which of the two comes with `x @ W`?",
    ),
    (
        "sign-lost",
        {"bias": lambda b, mean, scale, beta: (b - mean) * scale - beta},
        "`beta` is taken off. Which way should a positive `beta` move `out`?",
    ),
    (
        "shift-before-scale",
        {"bias": lambda b, mean, scale, beta: (b - mean + beta) * scale},
        "`beta` has been scaled too. Does it come before the division or after it?",
    ),
    (
        "mean-for-beta",
        {"bias": lambda b, mean, scale, beta: (b - beta) * scale + mean},
        "`beta` and `running_mean` have changed places. Which of them belongs to the data, and which was "
        "learned?",
    ),
)
add(mistake, "7.5", FOLDS, fold)


@mistake(
    "7.5",
    "gamma-missing",
    "`W` has `gamma` in it and `b` hasn't. Which of the two does the layer scale: what stands with `x`, "
    "or all of the bracket?",
)
def _(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array]:
    root = np.sqrt(var + eps)
    return W * gamma / root, (b - mean) / root + beta


@mistake(
    "7.5",
    "gamma-missing",
    "`b` has `gamma` in it and `W` hasn't. What multiplies a column of `x @ W`?",
)
def _(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array]:
    root = np.sqrt(var + eps)
    return W / root, (b - mean) * gamma / root + beta


@mistake(
    "7.5",
    "shift-before-scale",
    "`beta` has been multiplied by `gamma`. Which of the last two steps of the layer comes first?",
)
def _(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array]:
    root = np.sqrt(var + eps)
    return W * gamma / root, gamma * ((b - mean) / root + beta)


@mistake(
    "7.5",
    "eps-forgotten",
    "`eps` is under one of your two roots. Both `W` and `b` are multiplied by the same scale: how often "
    "need it be computed?",
)
def _(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array]:
    return W * gamma / np.sqrt(var + eps), (b - mean) * gamma / np.sqrt(var) + beta


@mistake(
    "7.5",
    "layout-transposed",
    "`W` comes back as (D, M), which is how PyTorch keeps it. What is the shape of `W` in `x @ W`?",
)
def _(
    W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float
) -> tuple[Array, Array]:
    scale = gamma / np.sqrt(var + eps)
    return (W * scale).T, (b - mean) * scale + beta
