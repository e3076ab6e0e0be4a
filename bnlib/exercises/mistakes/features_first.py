"""What goes wrong in 6.5, the layer on its side, where the examples run along axis 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .bracket import WRONG, Term, closed, values
from .collect import Mistakes

mistake = Mistakes()


def add(
    slug: str,
    says: str,
    dx: Term | None = None,
    *,
    gather: Callable[[Any], Any] = lambda terms: np.sum(terms, axis=1, keepdims=True),
    seen: Term = lambda v: v.dout * v.xhat,
    turn: Callable[[Any], Any] = lambda dx: dx,
) -> None:
    """A mistake of 6.5: another dx, another way to gather both parameters' terms, or another dgamma."""
    in_closed_form = dx or closed()

    def make(dout: Any, cache: Any) -> Any:
        v = values(dout, cache, axis=1)
        return turn(in_closed_form(v)), gather(seen(v)), gather(v.dout)

    mistake.add("6.5", slug, says, make)


@mistake(
    "6.5",
    "layout-transposed",
    "The sums run over axis 0, as they did when the examples lay in rows. Along which axis of a (D, N) array do you "
    "find the examples?",
)
def _(dout: Any, cache: Any) -> Any:
    xhat, gamma, _, ivar, *_ = cache
    n = dout.shape[0]
    dbeta, dgamma = np.sum(dout, axis=0, keepdims=True), np.sum(dout * xhat, axis=0, keepdims=True)
    return gamma * ivar * (dout - dbeta / n - xhat * dgamma / n), dgamma, dbeta


@mistake(
    "6.5",
    "layout-transposed",
    "This is the pass of notebook 03, letter for letter, on arrays that lie on their side: it sums over the "
    "features. Which axis has become which?",
)
def _(dout: Any, cache: Any) -> Any:
    xhat, gamma, _, ivar, *_ = cache
    n = dout.shape[0]
    dbeta, dgamma = np.sum(dout, axis=0), np.sum(dout * xhat, axis=0)
    return gamma * ivar * (dout - dbeta / n - xhat * dgamma / n), dgamma, dbeta


# Stops wherever N and D differ: a (D,) lines up with the examples.
@mistake(
    "6.5",
    "keepdims-lost",
    "A sum over the examples came out as (D,), and NumPy lines that up with the N columns of `dout`. What would keep "
    "it a column?",
)
def _(dout: Any, cache: Any) -> Any:
    xhat, gamma, _, ivar, *_ = cache
    n = dout.shape[1]
    dbeta, dgamma = np.sum(dout, axis=1), np.sum(dout * xhat, axis=1)
    return gamma * ivar * (dout - dbeta / n - xhat * dgamma / n), dgamma, dbeta


add(
    "keepdims-lost",
    "`dx` is right; `dgamma` and `dbeta` are (D,). Here the parameters are columns, (D, 1). What happens to a "
    "(D, 1) minus a (D,)?",
    gather=lambda terms: np.sum(terms, axis=1),
)
add(
    "layout-transposed",
    "`dx` was turned over and not turned back: it is (N, D). Which shape has the `dout` that you were given?",
    turn=lambda dx: dx.T,
)
add(
    "mean-for-sum",
    "`dgamma` and `dbeta` are means over the examples. The advice to leave 1/m to the very end doesn't change this: "
    "what did the broadcast along the row make of one parameter?",
    gather=lambda terms: np.mean(terms, axis=1, keepdims=True),
)
add(
    "not-summed",
    "`dgamma` and `dbeta` still have N columns. Which axis did the parameters not have?",
    gather=lambda terms: terms.copy(),
)
add(
    "no-axis",
    "`dgamma` and `dbeta` are single numbers, sums over all features. How many rows has `gamma`?",
    gather=np.sum,
)
add(
    "gamma-in-dgamma",
    "`dgamma` has a factor `gamma`. Does it stand in the slope of a product with `gamma`?",
    seen=lambda v: v.a * v.xhat,
)
add(
    "xmu-for-xhat",
    "`dgamma` was summed with `xmu`. Which entry of the cache did `gamma` multiply?",
    seen=lambda v: v.dout * v.xmu,
)

SAYS: dict[tuple[str, str], str] = {
    ("statistics-constant", ""): "`dx` is `dout` times `gamma` times `ivar`: mean and variance were held fixed. "
    "Laying the layer on its side doesn't make them constants, so where are the two other terms?",
    ("mean-path-dropped", ""): "The mean of each row was not taken off. What should a row of `dx` sum to?",
    ("variance-path-dropped", ""): "The term with `xhat` is missing from `dx`. What does the variance of a row depend "
    "on?",
    ("gamma-missing", "everywhere"): "`gamma` isn't in `dx`. It is one number along each row: may it stand in front "
    "of the bracket?",
    ("gamma-missing", "in both sums"): "`dbeta` and `dgamma` were put into the bracket beside a `dout` that has its "
    "`gamma` already. What do the two have to get?",
    ("gamma-twice", "outside"): "`gamma` is in `dx` twice, inside the bracket and in front of it. Which of the two "
    "will you keep?",
    ("one-over-n-lost", "both"): "The sums in the bracket were not divided by N. How many examples lie in a row?",
    ("one-over-n-lost", "outside"): "`dx` is N times too large. What goes with an N in front of `dout`?",
    ("d-for-n", ""): "The sums were divided by the number of features. `dout.shape` is (D, N) now: which entry "
    "is N?",
    ("n-minus-1", "both"): "The sums were divided by N - 1. Did the forward pass do that?",
    ("sign-lost", "both"): "Both terms were added to `dxhat`. What does the bracket do with them?",
    ("sign-lost", "along"): "The term along `xhat` has the wrong sign. Which signs does the bracket have?",
    ("sign-lost", "mean"): "The mean was added and not taken off. What should a row of `dx` sum to?",
    ("no-axis", "both"): "The means in the bracket run over all features. Which of them belong to one row?",
    ("no-axis", "sums"): "The sums in the bracket collect all features. Which axis has to be named, and kept?",
    ("wrong-axis", ""): "`dgamma` and `dbeta` are right, but the means in the bracket run over the features, down "
    "each column. Do they need another axis than the sums?",
    ("brackets-dropped", "sums of dout"): "What stands in front reaches the first term of `dx` alone, and `dbeta` and "
    "`dgamma` are taken off whole. How far does a factor reach without brackets?",
    ("factor-lost", "ivar"): "`ivar` isn't in `dx`. What stands in front of the bracket?",
    ("wrong-power", "2"): "`ivar` is in `dx` squared. Is there one in `xhat` already, or one too many in front?",
    ("xmu-for-xhat", "one"): "In the last term one factor is `xmu` and the other `xhat`. Which array of the cache "
    "stands at both places?",
}  # fmt: skip

for key in SAYS:
    add(key[0], SAYS[key], WRONG[key])
