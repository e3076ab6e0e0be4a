"""What goes wrong on the way back through layer normalisation, wherever it is asked for."""

from __future__ import annotations

from typing import Any

from .layers import Array, Kept, Rows, backward, over_n, per_n_minus_1, rows_for_n, times_n


def layer_norm_back(dout: Array, cache: Kept, **wrong: Any) -> tuple[Array, Array, Array]:
    """The way back, on the cache of `layer_norm.layer_norm`, with something wrong."""
    return backward(dout, cache, (1,), (0,), **wrong)


LAYER_NORM_BACK: Rows = (
    (
        "gamma-pulled-out",
        {"gammas": (0, 0, 0), "outside": 1},
        "`gamma` stands in front of the bracket, where batch normalization may have it. Is it the same "
        "number for all that a mean along a row runs over?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (0,)},
        "The two means in `dx` run down the columns. Which entries of `x` had a part in one row's "
        "statistics?",
    ),
    (
        "statistics-constant",
        {"mean": 0, "share": 0},
        "Your `dx` takes each row's mean and variance for constants. If one entry of a row grows, what "
        "happens to the other entries of its `xhat`?",
    ),
    (
        "mean-path-dropped",
        {"mean": 0},
        "A row of your `dx` doesn't sum to 0: nothing comes back through the row's mean. What does a "
        "number added to a whole row do to `out`?",
    ),
    (
        "variance-path-dropped",
        {"share": 0},
        "The row's variance sends nothing back: the part of `dx` that goes along `xhat` is still all "
        "there. Which of the bracket's three terms would remove it?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean", "dbeta": "mean"},
        "`dgamma` and `dbeta` are means over the rows. Each row used the whole of `gamma` and `beta`; why "
        "should its gradient shrink when more rows come?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is too small by the number of rows. What is the way back through a broadcast?",
    ),
    (
        "mean-for-sum",
        {"dbeta": "mean"},
        "`dbeta` is an average of the rows of `dout`. Compare it with your `dgamma`: do both go back "
        "through the same kind of gate?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other", "dbeta": "other"},
        "`dgamma` and `dbeta` are added up along each row, as the statistics are. Along which axis were "
        "the parameters copied?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other"},
        "`dgamma` has one sum for each row. How many entries has `gamma`?",
    ),
    (
        "wrong-axis",
        {"dbeta": "other"},
        "`dbeta` is summed along axis 1. That is where the statistics live; where does `beta` live?",
    ),
    (
        "not-summed",
        {"dgamma": "no", "dbeta": "no"},
        "`dgamma` and `dbeta` still have a row for each example. What happens at a fan-out, going backward?",
    ),
    (
        "not-summed",
        {"dgamma": "no"},
        "`dgamma` has the shape of `x`. One `gamma` served all rows: what becomes of their contributions?",
    ),
    (
        "not-summed",
        {"dbeta": "no"},
        "`dbeta` is `dout` as it came. How many rows did one entry of `beta` go into?",
    ),
    (
        "sign-lost",
        {"mean": -1},
        "What comes back through the mean is added in your `dx`. Which way does a growing mean push `xmu`?",
    ),
    (
        "sign-lost",
        {"share": -1},
        "The term along `xhat` has the wrong sign. If a row's spread grows, does its `xhat` get larger or "
        "smaller?",
    ),
    (
        "sign-lost",
        {"mean": -1, "share": -1},
        "Both terms that the statistics send back are added to `dxhat`. What do they do to it, in the "
        "Jacobian of a row?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "`dx` comes out as if `gamma` were 1 everywhere. Through which gate does `dout` go first?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 0, 0)},
        "The two means in your `dx` are of `dout`, and only the term in front of them has `gamma` in it. "
        "Which gradient arrives at the bracket?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 0, 1)},
        "The mean that is taken off is that of `dout`. What does the bracket act on, `dout` or `dxhat`?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 1, 0)},
        "The mean along `xhat` is formed without `gamma`. Is `mean(dout * xhat)` of a row what this term "
        "asks for?",
    ),
    (
        "gamma-twice",
        {"gammas": (1, 1, 1), "outside": 1},
        "`gamma` is in `dxhat`, and once more in front of the bracket. How often did `xhat` meet it going "
        "forward?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` has a factor `gamma` in it. What is the derivative of `gamma * xhat` by `gamma`?",
    ),
    (
        "gamma-in-dbeta",
        {"in_dbeta": 1},
        "`dbeta` sums `dxhat` where `dout` is due. Does `beta` come in before `gamma`, or after it?",
    ),
    (
        "xmu-for-xhat",
        {"factor": "xmu"},
        "`dgamma` uses the row before it was divided by its root. With what was `gamma` multiplied?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n, "share": times_n},
        "Two sums stand in your `dx` where two means belong. What does each entry contribute to the mean "
        "of its row?",
    ),
    (
        "one-over-n-lost",
        {"mean": times_n},
        "The sum of a row of `dxhat` is taken off, D times what is due. Which number makes the rows of "
        "`dx` sum to 0?",
    ),
    (
        "one-over-n-lost",
        {"share": times_n},
        "The term along `xhat` is D times too large. Was the variance a sum of squares or a mean of them?",
    ),
    (
        "one-over-n-lost",
        {"straight": times_n, "mean": times_n, "share": times_n},
        "All of `dx` is too large by the number of features. If you multiplied the bracket out with D, "
        "who divides by it in the end?",
    ),
    (
        "n-for-d",
        {"mean": rows_for_n, "share": rows_for_n},
        "The sums along a row are divided by the number of rows. How many terms has such a sum?",
    ),
    (
        "n-minus-1",
        {"share": per_n_minus_1},
        "The variance's path is divided by D - 1, and your forward pass divides by D. Can one layer have "
        "two variances?",
    ),
    (
        "two-lost",
        {"share": 0.5},
        "What the variance sends back is half of what it should be. What is the derivative of a square?",
    ),
    (
        "half-lost",
        {"share": 2.0},
        "What the variance sends back is twice what it should be. What is the derivative of a root?",
    ),
    (
        "square-lost",
        {"power": 2},
        "A factor `ivar` is missing from what the variance sends back. What is the derivative of 1/s, and "
        "how often is s in it?",
    ),
    (
        "wrong-power",
        {"power": 1},
        "The variance's path has the power -1/2 of `var + eps` where another one is due. What does "
        "differentiating do to an exponent?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "The bracket is there, and the division by the row's root is not. How steep is `xhat` as a "
        "function of `x`, for a row that hardly varies?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "Going backward you divide by a root without `eps`, going forward by one with it. Which of the "
        "two functions are you differentiating?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "The root of your backward pass has `eps` behind it, that of your forward pass under it. What "
        "could the cache hand over so that they can't differ?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "mean": 0},
        "All that is left of `dx` is what came through the variance. Did something overwrite what stood "
        "there before?",
    ),
    (
        "assigned-not-added",
        {"straight": 0, "share": 0},
        "Only what came through the mean is in your `dx`. Where did the other contributions go when it "
        "arrived?",
    ),
    (
        "n-lost",
        {"straight": over_n},
        "A 1/D stands before the whole bracket, and so `dxhat` itself has been divided by D. Which factor "
        "does the first term need inside?",
    ),
    (
        "brackets-dropped",
        {"alone": True},
        "The division by the root reaches the first term of `dx` alone. Where would brackets have to begin and end?",
    ),
    (
        "brackets-dropped",
        {"alone": True, "mean": times_n, "share": times_n},
        "What stands in front reaches the first term of `dx` alone, and two whole sums are taken off after it. "
        "Where would brackets have to begin and end?",
    ),
    (
        "factor-lost",
        {"share_of": ("none", "xhat")},
        "The last term takes the same number off every entry of a row. In which direction does the "
        "variance's part of the gradient point?",
    ),
    (
        "factor-lost",
        {"share_of": ("xhat", "none")},
        "`xhat` is multiplied by the mean of `dxhat` in your last term. Which mean says how much of "
        "`xhat` there is in it?",
    ),
    (
        "factor-lost",
        {"factor": "none"},
        "`dgamma` and `dbeta` are the same array. Which of the two parameters multiplied something?",
    ),
)
