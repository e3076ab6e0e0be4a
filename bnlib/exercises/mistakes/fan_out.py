"""What goes wrong in 2.5, where three ways lead to x: z = x * (x - mean(x))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()


def ways(dz: Any, x: Any) -> tuple[Any, Any, Any]:
    """The three contributions to dx: from the product, from the subtraction, and through the mean."""
    return dz * (x - np.mean(x, axis=0)), dz * x, -np.mean(dz * x, axis=0) * np.ones(x.shape)


def three(slug: str, says: str, combine: Callable[[Any, Any, Any, Any, Any], Any]) -> None:
    """A mistake of 2.5 that makes dx from its three contributions, dz and x."""
    mistake.add("2.5", slug, says, lambda dz, x: combine(*ways(dz, x), dz, x))


three(
    "mean-path-dropped",
    "Two of the three ways are there; what goes through the mean is missing. Move one entry of `x`: does the "
    "rest of its column of `z` stay where it was?",
    lambda a, b, c, dz, x: a + b,
)
three(
    "contribution-lost",
    "What comes straight from the product to `x` is missing; the way through `xmu` is complete. In how many "
    "places does `x` stand in the formula?",
    lambda a, b, c, dz, x: b + c,
)
three(
    "contribution-lost",
    "The way through the subtraction is missing: what arrived at `xmu` went on to the mean and not to `x` "
    "itself. Which two inputs does `x - mu` have?",
    lambda a, b, c, dz, x: a + c,
)
three(
    "contribution-lost",
    "Only the first `x` of the product was followed, as if `xmu` were a constant. From what was `xmu` computed?",
    lambda a, b, c, dz, x: a,
)
three(
    "contribution-lost",
    "Your `dx` is what came through the subtraction alone. Count the arrows that leave `x` in the drawing: "
    "where are the others?",
    lambda a, b, c, dz, x: b,
)
three(
    "assigned-not-added",
    "Only the last contribution is left, the one through the mean. Did each new one take the place of what "
    "`dx` held before?",
    lambda a, b, c, dz, x: c,
)
three(
    "sign-lost",
    "What comes through the mean has the wrong sign. When `mu` rises, does `x - mu` rise with it?",
    lambda a, b, c, dz, x: a + b - c,
)
three(
    "one-over-n-lost",
    "The contribution through the mean is N times too large: the sum over the rows is there, the mean's share "
    "isn't. What did you divide by in 2.4?",
    lambda a, b, c, dz, x: a + b + len(x) * c,
)
three(
    "mean-for-sum",
    "The contribution through the mean is N times too small. One 1/N belongs to the mean. Where does the second "
    "come from, and what undoes the stretching of `mu`?",
    lambda a, b, c, dz, x: a + b + c / len(x),
)
three(
    "not-summed",
    "On the way to `mu` nothing was added up: each row got back its own share only. Every row of `xmu` used the "
    "same `mu`, so who answers for it?",
    lambda a, b, c, dz, x: a + b - dz * x / len(x),
)
three(
    "no-axis",
    "The mean on the third way was taken over everything, so the columns have got mixed. Can one column of `x` "
    "move another column of `z`?",
    lambda a, b, c, dz, x: a + b - np.mean(dz * x),
)
three(
    "wrong-axis",
    "The third way averages along the rows, while `mu` was taken down the columns. In which direction was it then "
    "stretched?",
    lambda a, b, c, dz, x: a + b - np.mean(dz * x, axis=1, keepdims=True),
)
three(
    "wrong-axis",
    "Both means, that of `x` and that on the way back, run along the rows. Which axis does the formula name?",
    lambda a, b, c, dz, x: (
        dz * (2 * x - np.mean(x, axis=1, keepdims=True)) - np.mean(dz * x, axis=1, keepdims=True)
    ),
)
three(
    "forward-again",
    "What came back is `z`, the forward pass. In which direction do you want to go, and what comes with you from "
    "above?",
    lambda a, b, c, dz, x: x * (x - np.mean(x, axis=0)),
)
three(
    "upstream-skipped",
    "Through the mean went `dz` itself, and not what had arrived at `xmu`. What did the product make of `dz` on "
    "the way there?",
    lambda a, b, c, dz, x: a + b - np.mean(dz, axis=0),
)
three(
    "upstream-skipped",
    "`dz` reached the subtraction as if there were no product in front of it. What is the upstream gradient of "
    "`xmu`?",
    lambda a, b, c, dz, x: a + dz - np.mean(dz, axis=0),
)
three(
    "mean-forgotten",
    "This is the gradient of the square of `x`; the mean has vanished from the formula. What does the forward "
    "pass multiply `x` by?",
    lambda a, b, c, dz, x: dz * 2 * x,
)
three(
    "contribution-doubled",
    "The way of the first `x` counts twice here, and the other two are missing. The product has two "
    "inputs: what is the second one's slope?",
    lambda a, b, c, dz, x: 2 * a,
)
three(
    "contribution-doubled",
    "The part of the product is in there twice, as in the derivative of a square. But the factors are `x` and "
    "`xmu`, which are two different arrays: what does each of them get?",
    lambda a, b, c, dz, x: 2 * a + c,
)
