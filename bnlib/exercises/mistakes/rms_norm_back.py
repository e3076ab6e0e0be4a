"""What goes wrong on the way back through RMSNorm."""

from __future__ import annotations

from typing import Any

from .layers import Array, Kept, Rows, backward, over_n, rows_for_n, times_n


def rms_norm_back(dout: Array, cache: Kept, **wrong: Any) -> tuple[Array, Array]:
    """The way back, on the cache of `rms_norm.rms_norm`, with something wrong."""
    return backward(dout, cache, (1,), (0,), **{"mean": 0.0, **wrong})[:2]


BACKWARD: Rows = (
    (
        "mean-path-added",
        {"mean": 1.0},
        "Your `dx` takes the mean of each row of `dxhat` off, as layer normalisation does. Was there a "
        "mean going forward?",
    ),
    (
        "statistics-constant",
        {"share": 0},
        "The root mean square is treated as a constant. If one entry of a row grows, what becomes of the "
        "others in `xhat`?",
    ),
    (
        "gamma-pulled-out",
        {"gammas": (0, 0, 0), "outside": 1},
        "`gamma` multiplies the finished bracket. It differs from feature to feature, and the mean in the "
        "bracket runs over features: may it leave that mean?",
    ),
    (
        "statistics-wrong-axis",
        {"along": (0,)},
        "The mean of `dxhat * xhat` runs down the columns. Which entries went into one row's root?",
    ),
    (
        "sign-lost",
        {"share": -1},
        "The part along `xhat` is added. A row that is stretched comes out the same: must that part of "
        "the gradient grow, or go?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 0, 0)},
        "There is no `gamma` in `dx`. What did `dout` have to pass before it reached `xhat`?",
    ),
    (
        "gamma-missing",
        {"gammas": (1, 1, 0)},
        "The mean along `xhat` uses `dout` where it should use the gradient of `xhat`. Where does that "
        "one have its `gamma`?",
    ),
    (
        "gamma-twice",
        {"outside": 1},
        "`dx` has `gamma` in it twice. Is it in `dxhat` already?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` sums `dxhat * xhat`. What was multiplied by `gamma`, and what is the gradient of the "
        "product?",
    ),
    (
        "xmu-for-xhat",
        {"factor": "xmu"},
        "`dgamma` is formed with `x`, before its division by the root. What did `gamma` scale?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is averaged over the rows. Is the statistic of a row the only place where a mean "
        "belongs, or is a broadcast one too?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other"},
        "`dgamma` has been added up over the features. How many numbers is `gamma`?",
    ),
    (
        "not-summed",
        {"dgamma": "no"},
        "`dgamma` still has N rows. One `gamma` was used by all of them: how do N gradients become one?",
    ),
    (
        "one-over-n-lost",
        {"share": times_n},
        "The term along `xhat` is a sum over the features, D times what it should be. What stood under "
        "the root, a sum or a mean?",
    ),
    (
        "one-over-n-lost",
        {"straight": times_n, "share": times_n},
        "`dx` is D times too large in all its terms. If D was multiplied in to clear a fraction, where is "
        "it divided out?",
    ),
    (
        "n-for-d",
        {"share": rows_for_n},
        "The term along `xhat` is divided by the number of rows. How many features were averaged in one row?",
    ),
    (
        "two-lost",
        {"share": 0.5},
        "The root's own path brings half of its due. What is the derivative of a square?",
    ),
    (
        "half-lost",
        {"share": 2.0},
        "The path through the root counts twice. What does differentiating a root put in front of it?",
    ),
    (
        "square-lost",
        {"power": 2},
        "One division by the root is missing in the term along `xhat`. Is it the square in the derivative of 1/s, "
        "or does a factor in front reach the first term alone?",
    ),
    (
        "wrong-power",
        {"power": 1},
        "In the path through the root, the mean of the squares has kept the exponent -1/2. What does a "
        "derivative do to an exponent?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "`dx` has no division by the root left in it. How does `xhat` answer to a step in `x` where a row "
        "is large?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "On the way back the root has lost its `eps`. Which value did the forward pass divide by?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "The root here has `eps` behind it and the one in `rmsnorm_forward` under it. Which of the two is "
        "to be differentiated?",
    ),
    (
        "assigned-not-added",
        {"straight": 0},
        "`dx` holds only what came through the root. Was the straight way in it before, and what happened "
        "to it?",
    ),
    (
        "n-lost",
        {"straight": over_n},
        "`dxhat` is divided by D together with the sum that is taken off it. Which of the two terms is a "
        "mean?",
    ),
    (
        "factor-lost",
        {"share_of": ("none", "xhat")},
        "One number is taken off all entries of a row, as if a mean had been subtracted going forward. "
        "Along what should it be taken off?",
    ),
    (
        "factor-lost",
        {"share_of": ("xhat", "none")},
        "The mean of `dxhat` multiplies `xhat`. Of which product is it the mean that you need?",
    ),
    (
        "factor-lost",
        {"factor": "none"},
        "`dgamma` is the sum of `dout` over the rows. What does `gamma` multiply?",
    ),
)
