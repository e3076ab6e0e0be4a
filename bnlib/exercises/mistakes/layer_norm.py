"""What goes wrong in layer normalisation, forward, wherever it is asked for."""

from __future__ import annotations

from typing import Any

from .layers import Array, Kept, Rows, forward, per_n_minus_1, rows_for_n, times_n, times_rows


def layer_norm(x: Array, gamma: Array, beta: Array, ln_param: Any, **wrong: Any) -> tuple[Array, Kept]:
    """Layer normalisation with something wrong, as `layers.forward` has it."""
    return forward(x, gamma, beta, ln_param.get("eps", 1e-5), (1,), **wrong)


LAYER_NORM: Rows = (
    (
        "statistics-wrong-axis",
        {"mean_over": (0,), "var_over": (0,)},
        "Each column has been normalised, which is batch normalization. Here a row is on its own: over "
        "which of its numbers should its mean run?",
    ),
    (
        "statistics-wrong-axis",
        {"var_over": (0,)},
        "The mean runs along the rows and the variance down the columns. Do two statistics of one row "
        "look at different numbers?",
    ),
    (
        "statistics-wrong-axis",
        {"mean_over": (0,)},
        "The mean that is taken off is that of a column, while the variance is a row's. Over which "
        "numbers should `xmu` sum to 0?",
    ),
    (
        "no-axis",
        {"mean_over": (0, 1), "var_over": (0, 1)},
        "One mean and one variance serve the whole array. How many rows have you got, and how many means "
        "does that ask for?",
    ),
    (
        "no-axis",
        {"var_over": (0, 1)},
        "Every row has a mean of its own, but they share one variance, taken over all entries. What does "
        "NumPy do when nobody tells it the axis?",
    ),
    (
        "no-axis",
        {"var_over": (0, 1), "var_weight": times_rows},
        "The squares of all rows were added up and divided by D. How many variances should come out of "
        "that line?",
    ),
    (
        "no-axis",
        {"mean_over": (0, 1)},
        "All rows lose the same mean, that of the whole array. Whose mean should the third row lose?",
    ),
    (
        "eps-outside-root",
        {"root": "eps outside"},
        "`eps` is added to the root where it should stand under it. For a row that hardly varies, how far "
        "apart are the two?",
    ),
    (
        "eps-forgotten",
        {"root": "no eps"},
        "`eps` has no part in your `out`. What would a row of equal numbers be divided by?",
    ),
    (
        "deviation-subtracted",
        {"subtract": True},
        "The standard deviation of a row is subtracted from it. Does subtracting a number change how "
        "widely a row is spread?",
    ),
    (
        "divided-by-variance",
        {"root": "no root"},
        "Rows are divided by their variance. If `x` were in metres, what unit would `xhat` come out in?",
    ),
    (
        "n-minus-1",
        {"var_weight": per_n_minus_1},
        "The squares of a row are added up and divided by D - 1. Is the row a sample of something, or is "
        "it all that there is to normalise?",
    ),
    (
        "one-over-n-lost",
        {"var_weight": times_n},
        "The squares are added up and never divided by how many they are, so `var` grows with the number "
        "of features. What would twice as many features do to `xhat`?",
    ),
    (
        "n-for-d",
        {"var_weight": rows_for_n},
        "The squares of a row are divided by the number of rows. Count the squares: how many have you "
        "added up?",
    ),
    (
        "not-centred",
        {"centre": "var"},
        "The variance is right, but what is divided by its root is `x` itself. What mean should a row "
        "have after this?",
    ),
    (
        "not-centred",
        {"centre": "xhat"},
        "What stands under the root is the mean of the squares of `x`, before its mean is taken off. When "
        "are that and the variance the same number?",
    ),
    (
        "gamma-missing",
        {"out": "no gamma"},
        "`gamma` never gets into `out`. What should happen to a feature whose `gamma` is 0?",
    ),
    ("beta-missing", {"out": "no beta"}, "`beta` isn't in `out`. Which parameter can move a feature's mean?"),
    (
        "scale-shift-missing",
        {"out": "neither"},
        "What you return is `xhat`, with mean 0 and variance near 1 in each row. Which two steps come "
        "after that?",
    ),
    (
        "shift-before-scale",
        {"out": "beta scaled"},
        "`gamma` multiplies `beta` as well. Which comes first, the scaling or the shift?",
    ),
    (
        "gamma-beta-swapped",
        {"out": "swapped"},
        "`gamma` is added and `beta` multiplies. Which of the two starts at 1 in a new network, and why?",
    ),
)
