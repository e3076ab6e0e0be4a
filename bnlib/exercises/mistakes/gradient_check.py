"""What goes wrong in 4.1, measuring a gradient; the rest of notebook 04 is in `comparing` and `choosing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()


def centred(f: Callable[[Any], Any], up: Any, down: Any, df: Any, h: float) -> Any:
    """The slope of np.sum(df * f) between two points that are 2 h apart."""
    return np.sum(df * (np.array(f(up)) - np.array(f(down)))) / (2 * h)


def numeric(slope: Callable[..., Any] = centred, dtype: Any = np.float64, leave: bool = False) -> Any:
    """A numeric gradient with another slope, working in another dtype, or leaving each step where it is.

    `slope` gets f, the points above and below, df, h, the point itself and the index of the entry, as many of
    them as it asks for. A dtype of None is that of x.
    """
    wants = slope.__code__.co_argcount

    def make(f: Any, x: Any, df: Any, h: float) -> Any:
        point = np.array(x, dtype=dtype)
        dx = np.zeros(point.shape, point.dtype)
        for index in np.ndindex(point.shape):
            up, down = point.copy(), point.copy()
            up[index] += h
            down[index] -= h
            dx[index] = slope(*(f, up, down, df, h, point, index)[:wants])
            if leave:
                point = up
        return dx

    return make


def add(slug: str, says: str, make: Callable[..., Any]) -> None:
    """A mistake of 4.1."""
    mistake.add("4.1", slug, says, make)


add(
    "one-sided",
    "One of the two points is `x` itself. The error of a one-sided difference shrinks with `h`, that of a centred "
    "one with its square: where is the second point?",
    numeric(lambda f, up, down, df, h, point, index: 2 * centred(f, up, point, df, h)),
)
add(
    "one-sided",
    "The difference was taken between `x` and the point below it. What would the other side say, and which of the "
    "two would you believe?",
    numeric(lambda f, up, down, df, h, point, index: 2 * centred(f, point, down, df, h)),
)
add(
    "one-sided",
    "One point is `x` itself, and the difference was divided by 2 `h` all the same. How far apart are the two "
    "points that you compare?",
    numeric(lambda f, up, down, df, h, point, index: centred(f, up, point, df, h)),
)
add(
    "step-not-halved",
    "Your gradient is twice as large as it should be. You moved by `h` up and by `h` down: what is the distance "
    "between the two points?",
    numeric(lambda f, up, down, df, h: 2 * centred(f, up, down, df, h)),
)
add(
    "half-step",
    "The numbers are those of a step of half of `h` to each side. That is a centred difference too, but not "
    "with the step that was asked for: how far should one entry move?",
    numeric(
        lambda f, up, down, df, h, point, index: centred(f, (up + point) / 2, (down + point) / 2, df, h / 2)
    ),
)
add(
    "upstream-lost",
    "`df` is nowhere in the result: you measured the slope of the plain sum of `f(x)`. By what should each entry "
    "of `f(x)` be weighted first?",
    numeric(lambda f, up, down, df, h: centred(f, up, down, 1.0, h)),
)
add(
    "mean-for-sum",
    "The products with `df` were averaged and not added. The loss moves with every entry of `f(x)`: what do their "
    "effects do together?",
    numeric(lambda f, up, down, df, h: np.mean(df * (np.array(f(up)) - np.array(f(down)))) / (2 * h)),
)
add(
    "sign-lost",
    "All signs are turned: the upper value was taken off the lower one. Which comes first in a slope?",
    numeric(lambda f, up, down, df, h: -centred(f, up, down, df, h)),
)
add(
    "own-entry-only",
    "For entry i of `x` only entry i of `f(x)` was looked at. When one number of a column moves, what does a mean "
    "of the column do to the others?",
    numeric(
        lambda f, up, down, df, h, point, index: (
            (df[index] * (np.array(f(up))[index] - np.array(f(down))[index])) / (2 * h)
        )
    ),
)


@mistake(
    "4.1",
    "all-at-once",
    "All entries of `x` moved at the same time. Then nobody can say which of them made `f(x)` change: how many at "
    "a time may move?",
)
def _(f: Any, x: Any, df: Any, h: float) -> Any:
    x = np.array(x, dtype=np.float64)
    return df * (np.array(f(x + h)) - np.array(f(x - h))) / (2 * h)


@mistake(
    "4.1",
    "not-copied",
    "The first result was kept without a copy. Some functions hand back the very array that they got: what does "
    "it hold when that array has moved on?",
)
def _(f: Any, x: Any, df: Any, h: float) -> Any:
    point = np.array(x, dtype=np.float64)
    dx = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        old = point[index]
        point[index] = old + h
        above = f(point)
        point[index] = old - h
        below = f(point)
        point[index] = old
        dx[index] = np.sum(df * (above - below)) / (2 * h)
    return dx


add(
    "flattened",
    "The numbers are right, all in one row. Which shape has the gradient of an array?",
    lambda f, x, df, h: numeric()(f, x, df, h).ravel(),
)
add(
    "step-left-in",
    "An entry stayed moved when the next one had its turn, so the point drifts away from `x`. What should be "
    "true of the point before each new entry?",
    numeric(leave=True),
)
add(
    "integer-truncated",
    "The work was done in the dtype of `x`. What is 3 + 0.00001 in an array of integers?",
    numeric(dtype=None),
)
add(
    "float32-lost",
    "The work was done in float32, which has about seven digits. How many are left of the difference between two "
    "numbers that agree in the first five?",
    numeric(dtype=np.float32),
)
for own in (1e-5, 1e-4, 1e-6, 1e-7):
    add(
        "hard-coded",
        f"Your step is about {own:g} in every case. The caller has asked for another one: where is `h` used?",
        lambda f, x, df, h, own=own: numeric()(f, x, df, own),
    )
