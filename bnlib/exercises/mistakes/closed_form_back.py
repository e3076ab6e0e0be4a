"""What goes wrong in the closed form of the backward pass, wherever it is asked for as a whole (10.1, 10.2, 11.3)."""

from __future__ import annotations

from typing import Any

from .layers import Array, Kept, Rows, backward, columns_for_n, over_n, per_n_minus_1, times_n


def batch_norm_back(dout: Array, cache: Any, *rest: Any, **wrong: Any) -> tuple[Array, Array, Array]:
    """The way back through a training call, on the seven-tuple of 1.4, with something wrong."""
    xhat, gamma, xmu, _, root, var, eps = cache
    dx, dgamma, dbeta = backward(dout, Kept(xhat, gamma, xmu, root, var, eps), (0,), (0,), **wrong)
    return dx, dgamma, dbeta


CLOSED: Rows = (
    (
        "statistics-constant",
        {"mean": 0, "share": 0},
        "`dx` is `dout` times `gamma` and `ivar`, and nothing was taken off. If a row of `x` moves, which "
        "other entries of `xhat` move with it?",
    ),
    (
        "mean-path-dropped",
        {"mean": 0},
        "The term of the mean is missing, so the columns of your `dx` don't sum to 0. If all of a column of "
        "`x` rises by 1, what does `out` do?",
    ),
    (
        "variance-path-dropped",
        {"share": 0},
        "`dx` has two of its three terms: the one along `xhat` is missing. What does stretching a column "
        "do to `out`?",
    ),
    (
        "sign-lost",
        {"mean": -1},
        "The term of the mean is added in `dx`. What should the sum of each column of `dx` be?",
    ),
    (
        "sign-lost",
        {"share": -1},
        "The term along `xhat` is added. Take a `dout` equal to `xhat`: how much of it should come through?",
    ),
    (
        "sign-lost",
        {"mean": -1, "share": -1},
        "Both terms that should be taken off are added. Which of the signs in the bracket are a plus?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n, "share": times_n},
        "What is taken off in `dx` are two sums, N times too large. Which share of them belongs to one row?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n},
        "The term of the mean is a sum over the rows. Does a column of `dx` sum to 0 with it?",
    ),
    (
        "one-over-n-lost",
        {"share": times_n},
        "The term along `xhat` carries all of `dgamma`. What share of it belongs to one row?",
    ),
    (
        "one-over-n-lost",
        {"straight": times_n, "mean": times_n, "share": times_n},
        "All of `dx` is too large by the number of rows. If N multiplies `dout` in your bracket, what "
        "stands before the bracket?",
    ),
    (
        "n-minus-1",
        {"share": per_n_minus_1},
        "The term along `xhat` is divided by N - 1. How did the forward pass count?",
    ),
    (
        "n-minus-1",
        {"mean": per_n_minus_1, "share": per_n_minus_1},
        "Both means in `dx` divide by N - 1. What is the mean of a column of ones, divided like that?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "`gamma` isn't in `dx`. What is the first gate that `dout` comes to after `beta`'s?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 0, 0)},
        "Only the first of the three terms has `gamma` in it. If it stands before the bracket, what does "
        "it reach? And if it stands inside?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 1, 0)},
        "The term along `xhat` has no `gamma`. You may use `dgamma` there, if `gamma` comes in once for "
        "the whole bracket: does it?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 0, 1)},
        "The term of the mean has no `gamma`. Is it the mean of `dout` or that of `dxhat` which you need "
        "at this place?",
    ),
    (
        "gamma-twice",
        {"outside": 1},
        "`gamma` is inside the bracket and in front of it. Which of the two would you keep?",
    ),
    (
        "gamma-twice",
        {"gammas": (1, 1, 2)},
        "`gamma` comes twice into the term along `xhat`. Does the sum that you use there have it already?",
    ),
    (
        "gamma-twice",
        {"gammas": (1, 2, 1)},
        "The term of the mean has been multiplied by `gamma` twice. Which array do you take the mean of?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "The bracket is right, and it isn't divided by the root. In what unit is `dx`, if `x` is in metres?",
    ),
    (
        "wrong-power",
        {"whole": 2},
        "`dx` is divided by the variance. How often does `ivar` stand before the bracket?",
    ),
    (
        "square-lost",
        {"power": 2},
        "The term along `xhat` is short of a factor `ivar`. Which of the two centred batches, before or "
        "after the division, stands in it, and how often?",
    ),
    (
        "wrong-power",
        {"power": 1},
        "In the term along `xhat` two factors `ivar` are missing, as if the batch had never been divided. "
        "What exponent does `var + eps` have in d `ivar` / d `var`?",
    ),
    (
        "two-lost",
        {"share": 0.5},
        "The term along `xhat` is half as large as it should be. A 2 and a 1/2 meet on its way: which is "
        "left over?",
    ),
    (
        "half-lost",
        {"share": 2.0},
        "The term along `xhat` is twice as large as it should be. A square brings a 2; what takes it away?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "`dx` is divided by a root without `eps`. Where did the forward pass leave the root that it used?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "The root in your `dx` has `eps` added afterwards, and the one in `xhat` had it inside. Can both "
        "be the same layer?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (1,)},
        "The two means in `dx` run along the rows. What was normalised, rows or columns?",
    ),
    (
        "no-axis",
        {"along": (0, 1)},
        "The means in `dx` are taken over the whole array. How many columns have statistics of their own?",
    ),
    (
        "assigned-not-added",
        {"straight": 0},
        "The terms of mean and variance are in `dx`, and `dout` itself has been lost. Was a `=` meant to "
        "add?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "mean": 0},
        "Only the term along `xhat` is left in `dx`. What did `dx` hold before that was stored in it?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "share": 0},
        "Only the term of the mean has remained in `dx`. What happened to what was there first?",
    ),
    (
        "n-lost",
        {"straight": over_n},
        "The first term of `dx` is divided by N along with the two sums. Which of the three terms are "
        "means, and what has to make up for a 1/N in front of all of them?",
    ),
    (
        "factor-lost",
        {"share_of": ("none", "xhat")},
        "The last term is the same for all rows of a column. How much of `xhat` should a row lose whose "
        "own `xhat` is 0?",
    ),
    (
        "factor-lost",
        {"share_of": ("xhat", "none")},
        "What multiplies `xhat` in the last term is the mean of `dxhat` alone. How would you measure how "
        "much of `xhat` there is in `dxhat`?",
    ),
    (
        "brackets-dropped",
        {"alone": True},
        "The division by the root reaches the first term of `dx` alone. How far does a factor reach without brackets?",
    ),
    (
        "brackets-dropped",
        {"alone": True, "mean": times_n, "share": times_n},
        "What stands in front reaches the first term of `dx` alone, and two whole sums are taken off after it. How "
        "far does a factor reach without brackets?",
    ),
    (
        "brackets-dropped",
        {"alone": True, "gammas": (1, 0, 0)},
        "`gamma` and `ivar` reach the first term of `dx` alone; two means of `dout` are taken off without them. "
        "What would brackets change?",
    ),
    (
        "brackets-dropped",
        {"alone": True, "gammas": (1, 0, 0), "mean": times_n, "share": times_n},
        "What stands in front reaches the first term of `dx` alone, and `dbeta` and `dgamma` are taken off whole. "
        "What would brackets change?",
    ),
    (
        "one-over-n-twice",
        {"straight": over_n, "mean": over_n, "share": over_n},
        "All of `dx` is too small by the number of rows. Which of your sums were means already when 1/N "
        "came in front?",
    ),
    (
        "one-over-n-twice",
        {"mean": over_n, "share": over_n},
        "What is taken off is divided by N twice. Is it a sum or a mean that you divide?",
    ),
    (
        "d-for-n",
        {"mean": columns_for_n, "share": columns_for_n},
        "The sums over the rows are divided by the number of features. Which end of the shape of `dout` "
        "is N?",
    ),
)
