"""Batch normalization with running statistics, judged over calls that share one `bn_param`.

Used wherever a learner writes cs231n's `batchnorm_forward`: in notebook 07 and in the capstone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from .pairs import out_and_cache
from .spec import Case, WrongAnswer

Array = NDArray[Any]

STATISTICS = ("running_mean", "running_var")


@dataclass(frozen=True)
class Calls:
    """Calls a forward pass once or several times; gives back the last output and the statistics left behind.

    A case's arguments are x, gamma, beta, bn_param and `later`, a tuple of (mode, x) for further calls with
    the same bn_param. With `needs_cache` a training call has to return one.
    """

    needs_cache: bool = True

    def __call__(self, functions: Mapping[str, Callable[..., Any]], args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The last call's out, and running_mean and running_var as bn_param has them then."""
        name, function = next(iter(functions.items()))
        x, gamma, beta, bn_param, later = args
        for mode, batch in ((bn_param["mode"], x), *later):
            bn_param["mode"] = mode
            out, cache = out_and_cache(name, function(batch, gamma, beta, bn_param), f" in {mode} mode")
            if mode == "train":
                _look_at(bn_param)
                if cache is None and self.needs_cache:
                    raise WrongAnswer(
                        "A training call returns None for `cache`. The backward pass gets `dout`, the cache "
                        "and nothing else. What will it need to know?",
                        mistake="no-cache",
                    )
        # A test call before any training may leave bn_param without statistics: they are 0 as at first.
        return (out, *(bn_param.get(key, np.zeros(x.shape[1])) for key in STATISTICS))

    def fields(self, name: str, forward: Callable[..., Any]) -> dict[str, Any]:
        """What an Exercise on such a forward pass needs beside its words, from a right answer."""
        return {
            "references": {name: forward},
            "returns": ("out", "cache"),
            "judged": ("out", *(f"bn_param[{key!r}]" for key in STATISTICS)),
            "arguments": ("x", "gamma", "beta", "bn_param", "later"),
            "shapes": {"out": "(N, D)", **{f"bn_param[{key!r}]": "(D,)" for key in STATISTICS}},
            "cases": cases,
            "run": self,
            "may_change": ("bn_param",),
        }


def _look_at(bn_param: Mapping[str, Any]) -> None:
    for key in STATISTICS:
        if bn_param.get(key) is None:
            raise WrongAnswer(
                f"After a training call `bn_param` has no {key!r}. What one call finds out about the data, "
                "the next one can only know from there.",
                mistake="running-not-written",
            )


def cases(rng: np.random.Generator) -> Iterator[Case]:
    """Single calls in both modes, and calls in a row, on batches that tell right from wrong."""
    x = OFFSET + rng.normal(size=(5, 3))
    yield _case(rng, "a first training call: 5 rows, 3 features, nothing in bn_param but the mode", x)
    x = OFFSET + rng.normal(size=(6, 3))
    yield _case(
        rng, "a training call with statistics from before and momentum 0.7", x, momentum=0.7, preset=True
    )
    yield _case(rng, "a test call", OFFSET + rng.normal(size=(4, 3)), mode="test", eps=0.3, preset=True)
    yield _case(rng, "a test call before any training", rng.normal(size=(4, 3)), mode="test")

    again = tuple(OFFSET + rng.normal(size=(n, 3)) for n in (7, 4))
    later = (("train", again[0]), ("test", again[1]))
    x = 2.0 + rng.normal(size=(5, 3))
    yield _case(rng, "two training calls, then a test call", x, momentum=0.83, later=later)
    says = "two training calls and a test call, with statistics from before"
    yield _case(rng, says, x, eps=0.2, momentum=0.4, preset=True, later=later)
    later = (("test", again[1]), ("train", again[0]))
    yield _case(rng, "a training call, a test call, a training call", x, momentum=0.6, later=later)

    x = 0.3 * rng.normal(size=(6, 4))
    yield _case(rng, "an eps about as large as the variance", x, eps=0.1, momentum=0.95, preset=True)
    x = rng.normal(size=(7, 3)) * np.array([2.0, 1e-4, 0.5])
    yield _case(rng, "a column that hardly varies", x)
    yield _case(rng, "as many rows as features, 4 of each", rng.normal(size=(4, 4)), preset=True)
    yield _case(rng, "whole numbers, stored as integers", rng.integers(-9, 10, size=(6, 4)), eps=0.05)
    x = (0.5 + rng.normal(size=(8, 3))).astype(np.float32)
    yield _case(rng, "float32 numbers, training", x, eps=1e-3, momentum=0.7, preset=True)
    yield _case(rng, "float32 numbers, testing", x, mode="test", eps=1e-3, preset=True)
    yield _case(rng, "a single row, training", rng.normal(size=(1, 3)), eps=0.1, preset=True)
    yield _case(rng, "a single row, testing", rng.normal(size=(1, 3)), mode="test", preset=True)
    yield _case(rng, "a single feature", 3.0 + rng.normal(size=(6, 1)), momentum=0.5)
    yield _case(rng, "a transposed view of an array", rng.normal(size=(3, 8)).T, preset=True)

    images, _ = digits_batch(72, seed=int(rng.integers(2**31)))
    later = (("train", images[32:64]), ("test", images[64:]))
    yield _case(rng, "digits: two batches of 32 in training, then 8 in a test", images[:32], later=later)


# Columns whose means differ, so that one mean for all of them shows.
OFFSET = np.array([1.0, -2.0, 5.0])


def parameters(rng: np.random.Generator, x: Array) -> tuple[Array, Array]:
    """gamma and beta (D,), no entry of gamma near 1, in the precision of x."""
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    width = x.shape[1:]
    gamma = rng.choice([-1.0, 1.0], width) * rng.uniform(1.5, 2.5, width)
    return gamma.astype(dtype), rng.normal(size=width).astype(dtype)


def _case(
    rng: np.random.Generator,
    says: str,
    x: Array,
    *,
    mode: str = "train",
    preset: bool = False,
    later: tuple[tuple[str, Array], ...] = (),
    **options: float,
) -> Case:
    gamma, beta = parameters(rng, x)
    bn_param: dict[str, Any] = {"mode": mode, **options}
    if preset:
        bn_param["running_mean"] = rng.normal(size=x.shape[1:]).astype(gamma.dtype)
        bn_param["running_var"] = rng.uniform(0.2, 3.0, x.shape[1:]).astype(gamma.dtype)
    return Case(says, (x, gamma, beta, bn_param, later))
