"""What goes wrong in a step of gradient descent (8.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .collect import Mistakes
from .layers import Rows, add

Array = NDArray[Any]
Params = Mapping[str, Array]

mistake = Mistakes()
NORM = ("gamma", "beta")


def descend(
    params: Params,
    grads: Params,
    lr: float,
    *,
    rate: Callable[[float], float] = lambda lr: -lr,
    rate_of_norm: Callable[[float], float] | None = None,
    keep: float = 1.0,
) -> dict[str, Array]:
    """A step that multiplies the gradients by `rate`, those of gamma and beta by `rate_of_norm`."""
    steps = {name: rate_of_norm if rate_of_norm and name in NORM else rate for name in params}
    return {name: keep * value + steps[name](lr) * grads[name] for name, value in params.items()}


def set_back(params: Params, grads: Params, lr: float) -> dict[str, Array]:
    """A right step, after which gamma and beta are 1 and 0 as at first."""
    new = descend(params, grads, lr)
    starts = {"gamma": np.ones_like, "beta": np.zeros_like}
    return {name: starts[name](value) if name in starts else value for name, value in new.items()}


STEPS: Rows = (
    (
        "sign-lost",
        {"rate": lambda lr: lr},
        "Every parameter has moved along its gradient, uphill. In which direction does the loss fall?",
    ),
    (
        "learning-rate-missing",
        {"rate": lambda lr: -1.0},
        "The gradients are subtracted whole: `lr` is not in the step. What does a reader of Kratzert's "
        "post report of a network that was trained like that?",
    ),
    (
        "learning-rate-missing",
        {"rate_of_norm": lambda lr: -1.0},
        "`gamma` and `beta` take their gradients whole, the weights take `lr` times theirs. Are these two "
        "parameters of another kind?",
    ),
    (
        "parameters-frozen",
        {"rate_of_norm": lambda lr: 0.0},
        "`gamma` and `beta` are as they were. What would they have to be to stay out of training?",
    ),
    (
        "step-not-taken",
        {"rate": lambda lr: 0.0},
        "The dictionary that you give back holds the old values. Where did the step go?",
    ),
    (
        "only-the-step",
        {"keep": 0.0},
        "What comes back is the step and not the place it leads to. From where does each parameter start?",
    ),
    (
        "wrong-power",
        {"rate": lambda lr: -lr * lr},
        "The gradients are multiplied by `lr` twice. How long is a step for a learning rate of 0.1?",
    ),
    (
        "learning-rate-inverted",
        {"rate": lambda lr: -1 / lr},
        "The gradients are divided by `lr`. Should a smaller learning rate make a longer step?",
    ),
    (
        "hard-coded",
        {"rate": lambda lr: -0.1},
        "Every step has the length that a learning rate of 0.1 gives. Where does `lr` come in?",
    ),
)
add(mistake, "8.1", STEPS, descend)
mistake.add(
    "8.1",
    "parameters-reset",
    "`gamma` is all ones and `beta` all zeros again. If what they have learned is thrown away after each "
    "batch, what are their gradients for?",
    set_back,
)


@mistake(
    "8.1",
    "order-trusted",
    "Parameters and gradients were taken in pairs, in the order in which they happen to stand in the two "
    "dictionaries. What do the two have in common for certain?",
)
def _(params: Params, grads: Params, lr: float) -> dict[str, Array]:
    pairs = zip(params.items(), grads.values(), strict=True)
    return {name: value - lr * grad for (name, value), grad in pairs}


@mistake(
    "8.1",
    "no-axis",
    "Every entry of an array has moved by the same amount, the mean of its gradient. Has each weight a "
    "gradient of its own?",
)
def _(params: Params, grads: Params, lr: float) -> dict[str, Array]:
    return {name: value - lr * np.mean(grads[name]) for name, value in params.items()}
