"""What goes wrong in notebook 01: the statistics, the normalisation, and scale and shift, one part at a time.

The layer as a whole, 1.4, is in `whole_forward`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()
add = mistake.add

Reduce = Callable[[Any], Any]


def columns(a: Any) -> Any:
    """The mean of each column."""
    return np.mean(a, axis=0)


def statistics(mean: Reduce = columns, square: Reduce = np.square, mean_of_squares: Reduce = columns) -> Any:
    """Steps 1 to 4 with one of the reductions, or the square, replaced; what follows goes on with it."""

    def make(x: Any) -> Any:
        mu = mean(x)
        xmu = x - mu
        sq = square(xmu)
        return mu, xmu, sq, mean_of_squares(sq)

    return make


# 1.1 --------------------------------------------------------------------------------------------------------

add(
    "1.1",
    "no-axis",
    "`mu` is a single number, the mean of the whole batch, and so is `var`. Every feature should have a mean "
    "and a variance of its own. What did you tell `np.mean` about the direction?",
    statistics(np.mean, mean_of_squares=np.mean),
)
add(
    "1.1",
    "no-axis",
    "`mu` is the mean of all entries, one number for every feature. What would it be for a batch whose columns "
    "are heights in metres and weights in grams?",
    statistics(np.mean),
)
add(
    "1.1",
    "no-axis",
    "`var` is a single number: all squares of all features went into one mean. Step 4 is the operation of "
    "step 1 on another array. What did step 1 need that is missing here?",
    statistics(mean_of_squares=np.mean),
)
for mean, mean_of_squares in (
    (lambda a: np.sum(a) / len(a), lambda a: np.sum(a) / len(a)),
    (lambda a: np.sum(a) / len(a), columns),
    (columns, lambda a: np.sum(a) / len(a)),
):
    add(
        "1.1",
        "no-axis",
        "A sum over the whole batch was divided by N, so all columns went into one number. Two texts that this "
        "course reads have the same slip: what does `np.sum` need to know?",
        statistics(mean, mean_of_squares=mean_of_squares),
    )
add(
    "1.1",
    "wrong-axis",
    "`mu` has one entry for each row. A row is an example, and you want one mean for each feature: over which "
    "of the two axes does the feature stay the same?",
    statistics(lambda x: np.mean(x, axis=1)),
)
add(
    "1.1",
    "wrong-axis",
    "`mu` holds the mean of each row, kept as a column so that the subtraction runs. It should have an entry "
    "for every feature: what shape is that?",
    statistics(lambda x: np.mean(x, axis=1, keepdims=True), mean_of_squares=lambda sq: np.mean(sq, axis=1)),
)
add(
    "1.1",
    "wrong-axis",
    "`var` has an entry for each row, although `mu` has one for each feature. Which axis should disappear from "
    "the shape of `sq`?",
    statistics(mean_of_squares=lambda sq: np.mean(sq, axis=1)),
)
for mean, mean_of_squares, words in (
    (lambda a: np.sum(a, axis=0), columns, "`mu` is N times too large: it is the sum of its column"),
    (columns, lambda a: np.sum(a, axis=0), "`var` is N times too large: the squares were added up"),
    (
        lambda a: np.sum(a, axis=0),
        lambda a: np.sum(a, axis=0),
        "`mu` and `var` are both sums over the rows, N times too large",
    ),
):
    add(
        "1.1",
        "one-over-n-lost",
        f"{words}, and nothing was divided. Would a statistic of the batch grow because the batch has more rows?",
        statistics(mean, mean_of_squares=mean_of_squares),
    )
for mean, mean_of_squares in (
    (lambda a: np.sum(a, axis=0) / a.shape[1], lambda a: np.sum(a, axis=0) / a.shape[1]),
    (lambda a: np.sum(a, axis=0) / a.shape[1], columns),
    (columns, lambda a: np.sum(a, axis=0) / a.shape[1]),
):
    add(
        "1.1",
        "d-for-n",
        "A sum over the rows was divided by D, the number of features. Which entry of `x.shape` says how many "
        "numbers were added?",
        statistics(mean, mean_of_squares=mean_of_squares),
    )
add(
    "1.1",
    "n-minus-1",
    "`var` was divided by N - 1. That estimates the variance of what a sample was drawn from; this layer wants "
    "the mean of the squares of this batch. What would a batch with a single row give?",
    statistics(mean_of_squares=lambda sq: np.sum(sq, axis=0) / (sq.shape[0] - 1)),
)
add(
    "1.1",
    "std-for-variance",
    "`var` holds standard deviations: a root was taken that has no place in steps 1 to 4. In which step does "
    "the layer take one?",
    statistics(mean_of_squares=lambda sq: np.sqrt(np.mean(sq, axis=0))),
)


@mistake(
    "1.1",
    "not-centred",
    "`sq` has the squares of `x` and not those of `xmu`, so `var` measures the distance from 0. What should "
    "happen to a variance when 100 is added to every entry of a column?",
)
def _(x: Any) -> Any:
    mu = np.mean(x, axis=0)
    return mu, x - mu, x**2, np.mean(x**2, axis=0)


@mistake(
    "1.1",
    "not-centred",
    "`var` is the mean of the squares of `x` itself; the centred `sq`, which is right, wasn't used for it. "
    "Around which point does a variance measure?",
)
def _(x: Any) -> Any:
    mu = np.mean(x, axis=0)
    return mu, x - mu, (x - mu) ** 2, np.mean(x**2, axis=0)


@mistake(
    "1.1",
    "name-reused",
    "The squares were divided by the mean of `x` and not by the number of rows: a column with a negative mean gets a "
    "negative variance. Does one name stand for both, for the number first and then for the mean?",
)
def _(x: Any) -> Any:
    mu = np.mean(x, axis=0)
    return mu, x - mu, (x - mu) ** 2, np.sum((x - mu) ** 2, axis=0) / mu


@mistake(
    "1.1",
    "mean-before-square",
    "`var` is 0, up to rounding: the deviations were averaged first, and their mean was squared. What do the "
    "deviations from a mean add up to, whatever the data are?",
)
def _(x: Any) -> Any:
    mu = np.mean(x, axis=0)
    return mu, x - mu, (x - mu) ** 2, np.mean(x - mu, axis=0) ** 2


add(
    "1.1",
    "doubled-not-squared",
    "`sq` has negative entries: `xmu` was doubled and not squared. Which operator of Python is a power?",
    statistics(square=lambda xmu: xmu * 2),
)
add(
    "1.1",
    "square-lost",
    "`sq` has the sizes of the entries of `xmu` and not their squares, which makes `var` a mean distance. "
    "What is the square of -3?",
    statistics(square=np.abs),
)


@mistake(
    "1.1",
    "sign-lost",
    "`xmu` has all its signs turned: `x` was taken off `mu`. The squares don't notice, but what would `xhat` "
    "look like later on?",
)
def _(x: Any) -> Any:
    mu = np.mean(x, axis=0)
    return mu, mu - x, (mu - x) ** 2, np.mean((mu - x) ** 2, axis=0)
