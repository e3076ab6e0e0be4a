"""What goes wrong in 4.4, choosing an upstream gradient that a check can trust.

The judgement has said already what is the matter; what stands here goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes

mistake = Mistakes()


def upstream(slug: str, says: str, make: Callable[[Any, int], Any]) -> None:
    """A mistake of 4.4."""
    mistake.add("4.4", slug, says, make)


def normal(shape: Any, seed: int) -> Any:
    """Normal numbers of that shape."""
    return np.random.default_rng(seed).normal(size=shape)


upstream(
    "ones",
    "The gradient of a plain sum of all outputs looks like that: does that sum depend on `x` at all? What would make "
    "the entries differ without a pattern?",
    lambda shape, seed: np.ones(shape),
)
upstream(
    "zeros",
    "With nothing arriving, nothing is sent back, by a right backward pass and by most wrong ones. What should an "
    "entry of `dout` be, if not 0?",
    lambda shape, seed: np.zeros(shape),
)
upstream(
    "equal-rows",
    "The rows are copies of one another, and a layer that takes means sees only how they differ. What should the "
    "second row have to say that the first hasn't?",
    lambda shape, seed: np.ones(shape) * normal(shape[-1:], seed),
)
upstream(
    "equal-columns",
    "A backward pass that mixes up two features would go unfound. Each row has numbers without a pattern: how many of "
    "them does it need?",
    lambda shape, seed: np.ones(shape) * normal((shape[0],) + (1,) * (len(shape) - 1), seed),
)
upstream(
    "columns-sum-to-0",
    "A mean where the sum belongs, or the wrong axis, would give the same 0. Was something taken off that made the "
    "numbers look tidier?",
    lambda shape, seed: normal(shape, seed) - np.mean(normal(shape, seed), axis=0),
)
upstream(
    "ramp",
    "Numbers in even steps look different everywhere, and yet a layer that takes off means hardly tells one column "
    "from the next. What has no steps at all?",
    lambda shape, seed: np.arange(1.0, np.prod(shape) + 1.0).reshape(shape) / 10,
)
upstream(
    "ramp",
    "The seed moves the steps, and they stay even. What has no steps at all?",
    lambda shape, seed: (np.arange(np.prod(shape)) + 1.0 + seed % 7).reshape(shape) / 100,
)
upstream(
    "list-wrapped",
    "The numbers are fine, and a list can't be multiplied entry by entry. Where did the array become one?",
    lambda shape, seed: normal(shape, seed).tolist(),
)
upstream(
    "seed-lost",
    "Random numbers are not random for a generator that starts where you tell it to. Which argument is meant for that?",
    lambda shape, seed: np.random.default_rng().normal(size=shape),
)
upstream(
    "hard-coded",
    "One of your two arguments has no effect. Where does your generator begin?",
    lambda shape, seed: normal(shape, 0),
)
upstream(
    "whole-numbers",
    "Whole numbers repeat: a handful of values for all entries, and some cancel by chance. Which distribution hardly "
    "ever gives the same number twice?",
    lambda shape, seed: np.random.default_rng(seed).integers(-9, 10, size=shape),
)


def scaled(factor: float) -> Callable[[Any, int], Any]:
    """Normal numbers of another size."""
    return lambda shape, seed: factor * normal(shape, seed)


for size, factor in (("tiny", 1e-9), ("huge", 1e9)):
    upstream(
        "far-from-1",
        f"In a check with an absolute limit, a {size} `dout` decides what is found, whatever the backward pass does. "
        "What size have the numbers for which such limits are made?",
        scaled(factor),
    )
