"""What goes wrong in 6.2 and 6.3: the bracket of a column without its matrix, and gamma's gradient.

The Jacobian, 6.1, is in `jacobian`, the network, 6.4, is in `network`; the layer on its side, 6.5, in `features_first`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from .bracket import WRONG, values
from .collect import Mistakes

mistake = Mistakes()

# 6.2, the bracket applied -----------------------------------------------------------------------------------

SAYS: dict[tuple[str, str], str] = {
    ("statistics-constant", ""): "`dxhat` came back as it was. Which two directions of a column does the bracket "
    "remove?",
    ("mean-path-dropped", ""): "The means of the columns are still in the result. What does 11'/N make of a column?",
    ("variance-path-dropped", ""): "The share of `xhat` is still in the result. What is xhat xhat' times a column, "
    "read from the right?",
    ("one-over-n-lost", "both"): "Two sums were taken off where the bracket has 1/N. Apply yours to a column of "
    "ones: what should be left?",
    ("one-over-n-lost", "mean"): "The sum of each column was taken off. By what is 11' divided?",
    ("one-over-n-lost", "along"): "`xhat` was multiplied by a sum of products. Where is the 1/N of the third "
    "matrix?",
    ("n-minus-1", "along"): "Along `xhat` you divided by N - 1. Which divisor had the variance that `xhat` was made "
    "with?",
    ("d-for-n", ""): "The sums were divided by the number of columns. Each column has a bracket of its own: "
    "what is N in it?",
    ("sign-lost", "mean"): "The means were added and not taken off. Does a projection make a vector longer?",
    ("sign-lost", "along"): "The part along `xhat` was added, so there is twice as much of it as before. What should "
    "be left?",
    ("sign-lost", "both"): "Both parts were added. Which signs has the bracket?",
    ("half-lost", ""): "Twice the share of `xhat` was taken off, which turns it round. How often does it stand in "
    "the bracket?",
    ("no-axis", "both"): "Both means are single numbers for all columns. How many brackets are there, one or D?",
    ("no-axis", "mean"): "One mean for everything was taken off. Does each column of the result sum to 0?",
    ("no-axis", "along"): "The mean of the products is the same for every column. Whose `xhat` does it measure?",
    ("no-axis", "sums"): "Both sums ran over the whole array before they were divided by N. Whose bracket is it, "
    "that of one column or of all?",
    ("wrong-axis", ""): "The means run along the rows, so features were mixed. In which direction does a column of "
    "`dxhat` run?",
    ("factor-lost", "xhat"): "A number was taken off where a multiple of `xhat` should be. Which vector stands at "
    "the left of xhat xhat' g?",
    ("factor-lost", "xhat inside"): "`xhat` was multiplied by the mean of `dxhat`, and not by what they have in "
    "common. What is xhat' g?",
    ("not-summed", ""): "Each row kept its own product of `dxhat` and `xhat`. xhat' g is one number: how is it made?",
}  # fmt: skip


def projecting(term: Callable[[SimpleNamespace], Any]) -> Callable[[Any, Any], Any]:
    """A closed form with ivar and gamma of 1, which is the bracket alone."""

    def project(dxhat: Any, xhat: Any) -> Any:
        ones = np.ones(xhat.shape[1], xhat.dtype)
        return term(values(dxhat, (xhat, ones, xhat, ones, ones, ones, 0.0)))

    return project


for key in SAYS:
    mistake.add("6.2", key[0], SAYS[key], projecting(WRONG[key]))
mistake.add(
    "6.2",
    "projector-exact",
    "You divided by the squared length of `xhat`. That is the exact projector, and the bracket divides by N: for "
    "which `eps` are the two the same?",
    lambda dxhat, xhat: (
        dxhat - np.mean(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0) / np.sum(xhat**2, axis=0)
    ),
)
mistake.add(
    "6.2",
    "matrix-product",
    "The matrix product of `xhat` with its transpose adds up the brackets of all features, and every column got the "
    "same one. Which entries of `xhat` may touch column d?",
    lambda dxhat, xhat: dxhat - np.mean(dxhat, axis=0) - xhat @ (xhat.T @ dxhat) / len(xhat),
)

# 6.3, gamma's gradient --------------------------------------------------------------------------------------


def gamma(slug: str, says: str, make: Callable[[Any, Any, Any], Any]) -> None:
    """A mistake of 6.3."""
    mistake.add("6.3", slug, says, make)


gamma(
    "matrix-product",
    "It is the whole D by D matrix. Off its diagonal one feature's stub meets another feature's `xc`: which of its "
    "entries belong to a `gamma`?",
    lambda stub, xc, sigma: (xc.T @ stub) / sigma,
)
gamma(
    "matrix-product",
    "You have a D by D matrix, and turned over as well. How many entries has `gamma`?",
    lambda stub, xc, sigma: (stub.T @ xc) / sigma,
)
gamma(
    "mean-for-sum",
    "The products were averaged over the rows. Where does the 1/N of the loss come in, if not in the stub?",
    lambda stub, xc, sigma: np.mean(xc * stub, axis=0) / sigma,
)
gamma(
    "factor-lost",
    "`sigma` has not been used. `gamma` was multiplied with something of spread 1: is `xc` that?",
    lambda stub, xc, sigma: np.sum(xc * stub, axis=0),
)
gamma(
    "factor-lost",
    "`xc` is not in the sum, which makes it the gradient of `beta`, divided by `sigma`. What does `gamma` "
    "multiply?",
    lambda stub, xc, sigma: np.sum(stub, axis=0) / sigma,
)
gamma(
    "multiplied-not-divided",
    "It was multiplied by `sigma`, as the question's code does with its w. What was done with `sigma` going "
    "forward?",
    lambda stub, xc, sigma: np.sum(xc * stub, axis=0) * sigma,
)
gamma(
    "divided-by-variance",
    "`sigma` divides twice. How many times did normalising divide by it?",
    lambda stub, xc, sigma: np.sum(xc * stub, axis=0) / sigma**2,
)
gamma(
    "not-summed",
    "There is still a row for each example. What does the diagonal of A'B hold, in terms of the columns of A and "
    "B?",
    lambda stub, xc, sigma: xc * stub / sigma,
)
gamma(
    "wrong-axis",
    "The sum went along the rows. Each `gamma` stands in one column: what has to be added?",
    lambda stub, xc, sigma: np.sum(xc * stub / sigma, axis=1),
)
gamma(
    "no-axis",
    "All features were added together before the division. Is that a trace or a diagonal?",
    lambda stub, xc, sigma: np.sum(xc * stub) / sigma,
)
gamma(
    "summed-before-multiplying",
    "It is 0, up to rounding: `xc` was summed before it was multiplied, or without that, and its columns sum to 0. "
    "Which of the two comes first in a matrix product?",
    lambda stub, xc, sigma: np.sum(xc, axis=0) * np.sum(stub, axis=0) / sigma,
)
gamma(
    "sign-gained",
    "All signs are turned. The minus of the residual is inside the stub already: is there another?",
    lambda stub, xc, sigma: -np.sum(xc * stub, axis=0) / sigma,
)
