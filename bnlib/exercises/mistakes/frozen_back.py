"""What goes wrong on the way back through the test mode (7.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layers import Array, Kept, Rows, backward


def test_mode_back(dout: Array, cache: Any, **wrong: Any) -> tuple[Array, Array, Array]:
    """The way back through the test mode, from the options of the training pass: constants are its default."""
    xhat, gamma, var, eps = cache
    root = np.sqrt(var + eps)
    kept = Kept(xhat, gamma, xhat * root, root, var, eps)
    return backward(dout, kept, (0,), (0,), **{"mean": 0.0, "share": 0.0, **wrong})


def by_spread_of_xhat(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Divided by a deviation measured on xhat."""
    xhat, gamma, _, eps = cache
    return (
        dout * gamma / np.sqrt(np.var(xhat, axis=0) + eps),
        np.sum(dout * xhat, axis=0),
        np.sum(dout, axis=0),
    )


TEST_BACK: Rows = (
    (
        "train-backward-in-test",
        {"mean": 1.0, "share": 1.0},
        "That is the backward pass of the train mode, with the paths through mean and variance in it. "
        "Which of this batch's numbers went into `running_var`?",
    ),
    (
        "train-backward-in-test",
        {"mean": 1.0},
        "`dx` has the mean of its column taken off. Can this `x` move the running mean?",
    ),
    (
        "train-backward-in-test",
        {"share": 1.0},
        "A path through the variance is in your `dx`. Who made this variance, and when?",
    ),
    (
        "gamma-missing",
        {"gammas": (0, 1, 1)},
        "`dx` lacks `gamma`. How many things is `xhat` multiplied by on its way to `out`?",
    ),
    (
        "gamma-twice",
        {"gammas": (2, 1, 1)},
        "`gamma` comes into `dx` twice. Was it in `dxhat` already?",
    ),
    (
        "factor-lost",
        {"whole": 0},
        "`dx` is the gradient of `xhat`. What was `x` divided by to become `xhat`?",
    ),
    (
        "divided-by-variance",
        {"root": "no root"},
        "`dx` is divided by the variance. What did the forward pass divide by, that or its root?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "`eps` stands outside the root of `running_var` here. Where does it stand in the forward pass?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "The cache has four entries, and `eps` has not been used. What was `xhat` made with?",
    ),
    (
        "divided-not-multiplied",
        {"whole": -1},
        "`dx` is multiplied by the root. Would a feature with a large spread send back more, or less?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean", "dbeta": "mean"},
        "`dgamma` and `dbeta` are means over the rows. Test mode has changed where the statistics come "
        "from; has it changed how often `gamma` is used?",
    ),
    (
        "mean-for-sum",
        {"dgamma": "mean"},
        "`dgamma` is divided by N. What did you do in notebook 03?",
    ),
    (
        "mean-for-sum",
        {"dbeta": "mean"},
        "`dbeta` is the mean of a column of `dout`. If `beta` grows by 1, how many entries of that column "
        "of `out` grow?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other", "dbeta": "other"},
        "`dgamma` and `dbeta` have been summed over the features. Which letters should their shape have?",
    ),
    (
        "wrong-axis",
        {"dgamma": "other"},
        "`dgamma` has one number for each row. To what does one `gamma` belong?",
    ),
    (
        "wrong-axis",
        {"dbeta": "other"},
        "`dbeta` adds up the features of a row. Which direction was `beta` copied in?",
    ),
    (
        "not-summed",
        {"dgamma": "no", "dbeta": "no"},
        "The gradients of `gamma` and `beta` still have all their rows. How many rows have the parameters?",
    ),
    (
        "not-summed",
        {"dgamma": "no"},
        "`dgamma` is (N, D). What becomes of the N contributions to one number?",
    ),
    ("not-summed", {"dbeta": "no"}, "`dbeta` is `dout` itself. Is that the shape of `beta`?"),
    (
        "no-axis",
        {"dgamma": "all", "dbeta": "all"},
        "`dgamma` and `dbeta` are single numbers, summed over everything. How many parameters are to be "
        "moved?",
    ),
    (
        "gamma-in-dgamma",
        {"in_dgamma": 1},
        "`dgamma` has been multiplied by `gamma`. What is the derivative of a product by one of its factors?",
    ),
    (
        "gamma-in-dbeta",
        {"in_dbeta": 1},
        "`gamma` is in your `dbeta`. Which gate comes first on the way back, and what does `dout` pass "
        "there?",
    ),
    (
        "xmu-for-xhat",
        {"factor": "xmu"},
        "`dgamma` is off by the root in each column, as if `gamma` had met the centred batch. Which entry "
        "of the cache did it multiply?",
    ),
)
