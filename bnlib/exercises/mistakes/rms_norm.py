"""What goes wrong in RMSNorm, forward."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layers import Array, Kept, Rows, forward, rows_for_n, times_n, times_rows


def rms_norm(x: Array, gamma: Array, eps: float, **wrong: Any) -> tuple[Array, Kept]:
    """RMSNorm with something wrong, as `layers.forward` has it."""
    return forward(x, gamma, np.zeros_like(gamma), eps, (1,), **{"centre": "none", **wrong})


def by_size(x: Array, gamma: Array, eps: float) -> tuple[Array, tuple[()]]:
    """Divided by the mean size of a row's entries, none of them squared."""
    return gamma * x / (np.mean(np.abs(x), axis=1, keepdims=True) + eps), ()


def by_length(x: Array, gamma: Array, eps: float) -> tuple[Array, tuple[()]]:
    """Divided by a row's Euclidean length, with no mean and no eps."""
    return gamma * x / np.sqrt(np.sum(x**2, axis=1, keepdims=True)), ()


FORWARD: Rows = (
    (
        "mean-subtracted",
        {"centre": "both"},
        "Each row loses its mean before it is divided. Which step of layer normalisation does RMSNorm "
        "leave out?",
    ),
    (
        "mean-subtracted",
        {"centre": "var"},
        "`x` keeps its mean, but what it is divided by is the root of the variance. Which sum of squares "
        "is it that this layer takes?",
    ),
    (
        "mean-subtracted",
        {"centre": "xhat"},
        "The root is right, and the mean has been taken off what it divides. Would a constant added to a "
        "row change the output of RMSNorm?",
    ),
    (
        "divided-by-variance",
        {"root": "no root"},
        "A row is divided by the mean of its squares. Double the row: what should `out` do, and what does "
        "yours do?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "`eps` comes in after the root. For which rows would that be a different layer?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "`eps` was handed in and isn't used. Which row would be divided by 0?",
    ),
    (
        "deviation-subtracted",
        {"subtract": True},
        "The root mean square is subtracted from the row. What size should every row have once it is "
        "normalised?",
    ),
    (
        "statistics-wrong-axis",
        {"var_over": (0,)},
        "The squares are averaged down the columns. Should the size of one row depend on which rows are "
        "beside it?",
    ),
    (
        "no-axis",
        {"var_over": (0, 1)},
        "All rows are divided by one number, from the squares of the whole array. How many root mean "
        "squares does an array of N rows have?",
    ),
    (
        "no-axis",
        {"var_over": (0, 1), "var_weight": times_rows},
        "The squares of the whole array were added up and divided by D. How many rows have their squares "
        "in that sum?",
    ),
    (
        "one-over-n-lost",
        {"var_weight": times_n},
        "Under the root stands the sum of the squares. What does the M in RMSNorm stand for?",
    ),
    (
        "n-for-d",
        {"var_weight": rows_for_n},
        "The squares of a row are added up and divided by N. How many of them are there in a row?",
    ),
    (
        "gamma-missing",
        {"out": "neither"},
        "`out` is `xhat`, before the scaling. What is the one parameter of this layer for?",
    ),
)
