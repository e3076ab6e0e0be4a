"""What goes wrong in 5.3, the backward pass on one line: a term of `bracket`, or a sum beside it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from .bracket import WRONG, Term, closed, values
from .collect import Mistakes

mistake = Mistakes()

Sum = Callable[[SimpleNamespace], Any]


def sum_of_products(v: SimpleNamespace) -> Any:
    """dgamma as it should be."""
    return np.sum(v.dout * v.xhat, axis=0)


def sum_of_dout(v: SimpleNamespace) -> Any:
    """dbeta as it should be."""
    return np.sum(v.dout, axis=0)


def add(
    slug: str, says: str, dx: Term | None = None, *, dgamma: Sum = sum_of_products, dbeta: Sum = sum_of_dout
) -> None:
    """A mistake of 5.3 in one or more of its three results."""
    in_closed_form = dx or closed()

    def batchnorm_backward_alt(dout: Any, cache: Any) -> Any:
        v = values(dout, cache)
        return in_closed_form(v), dgamma(v), dbeta(v)

    mistake.add("5.3", slug, says, batchnorm_backward_alt)


# What to say of a wrong term of `bracket`.
SAYS: dict[tuple[str, str], str] = {
    ("statistics-constant", ""): "Only the first of the three ways is in `dx`; mean and variance were held fixed. "
    "Do they stay the same when `x` moves?",
    ("mean-path-dropped", ""): "The mean of `dxhat` was not taken off, so the columns of `dx` don't sum to 0. Which "
    "of the three ways does that term stand for?",
    ("variance-path-dropped", ""): "The term along `xhat` is missing, and with it the way through the variance. "
    "What was left of `dvar` times the slope of the variance?",
    ("gamma-missing", "everywhere"): "`dx` was computed from `dout` without `gamma`. What does the derivation "
    "call `dxhat`?",
    ("gamma-missing", "in both sums"): "`dbeta` and `dgamma` stand in the bracket as if they were the sums of "
    "`dxhat`. What do they lack, if the first term has it?",
    ("gamma-missing", "in the mean"): "`dbeta` took the place of the sum of `dxhat`. Between the two lies a factor: "
    "which?",
    ("gamma-missing", "along xhat"): "`dgamma` stands where the sum of `dxhat` times `xhat` belongs. Is the sum of "
    "`dout` times `xhat` the same?",
    ("gamma-missing", "in dxhat"): "The two sums are of `dxhat`, and the first term is `dout` without `gamma`. "
    "Which name should all three terms share?",
    ("gamma-twice", "outside"): "`gamma` is in `dx` twice. The bracket is made of `dxhat`, which has it: what is left "
    "to stand in front?",
    ("gamma-twice", "in the sums"): "Two terms of the bracket have `gamma` squared. Was a sum of `dxhat` multiplied "
    "by `gamma` again?",
    ("one-over-n-lost", "both"): "The bracket takes off sums where means belong. How large are two terms that are "
    "sums, beside one that is a single row?",
    ("one-over-n-lost", "mean"): "The sum of `dxhat` was taken off, not its mean. Do the columns of your `dx` sum to "
    "0?",
    ("one-over-n-lost", "along"): "Along `xhat` a sum stands where there should be a mean. In the line with three "
    "ways, what divides the middle term?",
    ("one-over-n-lost", "outside"): "`dx` is N times too large. If N stands in the first term of the bracket, what "
    "has to stand in front of it?",
    ("n-lost", ""): "The first term is N times too small beside the other two. When 1/N moves out of a bracket, "
    "what does it leave behind in the term that had none?",
    ("one-over-n-twice", ""): "`dx` is N times too small. Are there means in your bracket, and a 1/N in front of it "
    "as well?",
    ("n-minus-1", "both"): "The sums were divided by N - 1. The means of the forward pass were over how many rows?",
    ("n-minus-1", "along"): "The term along `xhat` divides by N - 1. That would belong to a layer whose variance "
    "does: does this one's?",
    ("d-for-n", ""): "The sums over the rows were divided by the number of columns. What did you take from "
    "the shape of `dout`?",
    ("sign-lost", "mean"): "The mean of `dxhat` was added. Which of the three ways carries a minus from the "
    "subtraction?",
    ("sign-lost", "along"): "The term along `xhat` was added. The derivative of a power -1/2 has a sign: which?",
    ("sign-lost", "both"): "Both terms were added to `dxhat`. The bracket removes two things from it: what does "
    "removing do?",
    ("half-lost", ""): "The term along `xhat` is twice too large. The 2 of the square is in it: what should it have "
    "met?",
    ("two-lost", ""): "The term along `xhat` is half of what it should be. The one half of the root is in it: what "
    "should have cancelled it?",
    ("no-axis", "both"): "Both means run over all columns. Should a feature's `dx` change when another feature's "
    "`dout` does?",
    ("no-axis", "mean"): "The mean of `dxhat` is a single number here. How many columns have to be centred?",
    ("no-axis", "along"): "The mean of the products is one number for all columns. Which column of `xhat` does it "
    "belong to?",
    ("no-axis", "sums"): "Both sums of the bracket run over all columns. What would you see with a single feature, and "
    "why only then?",
    ("no-axis", "first sum"): "The sum of `dxhat` collects every column. Which of the two axes was summed over by "
    "mistake?",
    ("no-axis", "second sum"): "The sum of the products is one number for the whole batch. For how many columns should "
    "there be one?",
    ("wrong-axis", ""): "The means run along each row, over the features. Over what did the forward pass take its "
    "statistics?",
    ("brackets-dropped", "means"): "What stands in front reaches the first term of `dx` alone; the two means are "
    "taken off without it. How far does a factor reach where there are no brackets?",
    ("brackets-dropped", "sums"): "What stands in front reaches the first term of `dx` alone, and two whole sums are "
    "taken off after it. How far does a factor reach where there are no brackets?",
    ("brackets-dropped", "means of dout"): "`gamma` and `ivar` reach the first term of `dx` alone; two means of `dout` "
    "are taken off without them. What would brackets change?",
    ("brackets-dropped", "sums of dout"): "What stands in front of `dx` reaches its first term alone, and `dbeta` and "
    "`dgamma` are taken off whole. What would brackets change?",
    ("factor-lost", "ivar"): "`ivar` isn't in `dx`. Each of the three terms had at least one s before it was taken "
    "out: where did it go?",
    ("factor-lost", "xhat"): "The last mean was taken off every row alike. How much of `xhat` should a row lose, if "
    "its own entry of `xhat` is 0?",
    ("factor-lost", "xhat inside"): "The mean that multiplies `xhat` is that of `dxhat` alone. How do you measure how "
    "much of `xhat` there is in `dxhat`?",
    ("wrong-power", "2"): "`ivar` is in `dx` squared. How many s are left in each term when two `c` have "
    "become `xhat`?",
    ("wrong-power", "3"): "`ivar` stands there with the power 3 for all terms. Only the middle one had it: what "
    "became of two of its three?",
    ("divided-not-multiplied", ""): "The bracket was multiplied by `sqrtvar`, or divided by `ivar`. A feature with "
    "a wide spread was shrunk going forward: how much does the loss feel of it?",
    ("not-summed", ""): "Along `xhat` each row was given its own product only, without the sum over all rows. Which "
    "index does that sum run over, n or m?",
    ("xmu-for-xhat", "one"): "In the middle term one of the two factors is `xmu` and the other `xhat`. How many s "
    "does each `c` need to become an `xhat`?",
    ("xmu-for-xhat", "both"): "Both factors of the middle term are `xmu`, with one `ivar` in front of it all. "
    "Written like this, which power of `ivar` does that term have?",
}  # fmt: skip

for key in SAYS:
    add(key[0], SAYS[key], WRONG[key])

# The two sums that come with it -----------------------------------------------------------------------------

add(
    "mean-for-sum",
    "`dgamma` and `dbeta` are means. In the bracket the means have their place; what are these two the gradients "
    "of, and how often was that used?",
    dgamma=lambda v: np.mean(v.dout * v.xhat, axis=0),
    dbeta=lambda v: np.mean(v.dout, axis=0),
)
add(
    "mean-for-sum",
    "`dgamma` is a mean over the rows. Was it computed for the bracket, where a mean of `dxhat` times `xhat` "
    "stands?",
    dgamma=lambda v: np.mean(v.dout * v.xhat, axis=0),
)
add(
    "mean-for-sum",
    "`dbeta` is a mean over the rows, N times too small. What did notebook 02 prove about a broadcast?",
    dbeta=lambda v: np.mean(v.dout, axis=0),
)
add(
    "gamma-in-dgamma",
    "`dgamma` was summed from `dxhat` and has a `gamma` in it. Which gradient arrives at the product with "
    "`gamma`: the one in front of it, or the one behind?",
    dgamma=lambda v: np.sum(v.a * v.xhat, axis=0),
)
add(
    "gamma-in-dbeta",
    "`dbeta` was summed from `dxhat`. Does what `beta` adds go through `gamma` on its way to `out`?",
    dbeta=lambda v: np.sum(v.a, axis=0),
)
add(
    "gamma-in-dgamma",
    "Both `dgamma` and `dbeta` were made from `dxhat`. On which side of the scaling do the two parameters meet the "
    "gradient?",
    dgamma=lambda v: np.sum(v.a * v.xhat, axis=0),
    dbeta=lambda v: np.sum(v.a, axis=0),
)
add(
    "not-summed",
    "`dgamma` and `dbeta` have a row for each example. What turns N answers about one parameter into one?",
    dgamma=lambda v: v.dout * v.xhat,
    dbeta=lambda v: v.dout.copy(),
)
add(
    "no-axis",
    "`dgamma` and `dbeta` are single numbers. Which shape do `gamma` and `beta` have?",
    dgamma=lambda v: np.sum(v.dout * v.xhat),
    dbeta=lambda v: np.sum(v.dout),
)
add(
    "wrong-axis",
    "`dgamma` and `dbeta` were summed along the rows. Along which axis do the N copies of a parameter lie?",
    dgamma=lambda v: np.sum(v.dout * v.xhat, axis=1),
    dbeta=lambda v: np.sum(v.dout, axis=1),
)
add(
    "xmu-for-xhat",
    "`dgamma` was made with `xmu`. What did `gamma` multiply going forward?",
    dgamma=lambda v: np.sum(v.dout * v.xmu, axis=0),
)
