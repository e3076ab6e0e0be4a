"""Exercises of notebook 10: a backward pass that is right and needs little memory; nothing here is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..memory import TooMuchMemory, call_within
from . import graphs
from .batches import SCALES, cases_for, layer
from .mistakes.make_it_fast import mistake
from .spec import Case, Exercise, WrongAnswer

Array = NDArray[np.floating]
Gradients = tuple[Array, Array, Array]

_RETURNS = ("dx", "dgamma", "dbeta")
# A block of 64 rows of 1,024 numbers, 123 times under one another: 64.5 MB in float64, and little to make.
_ROWS, _COLUMNS, _TIMES = 64, 1024, 123
# What is neither dx nor working space: Python's own objects, rows of sums, a thread's stack.
_SLACK = 2**20


def batchnorm_backward_lean(dout: Array, cache: tuple[Any, ...]) -> Gradients:
    """The closed form with one new array, dx, in which all the work is done."""
    xhat, gamma, _, ivar, *_ = cache
    dbeta = np.sum(dout, axis=0)
    dx = dout * xhat
    dgamma = np.sum(dx, axis=0)
    np.multiply(xhat, dgamma / -len(dout), out=dx)
    dx += dout
    dx -= dbeta / len(dout)
    dx *= gamma * ivar
    return dx, dgamma, dbeta


def batchnorm_backward_blocked(dout: Array, cache: tuple[Any, ...], rows: int) -> Gradients:
    """The closed form in two passes over blocks of `rows` rows, each finished while it is in the cache."""
    xhat, gamma, _, ivar, *_ = cache
    N = len(dout)
    dx, dgamma, dbeta = np.empty_like(dout), np.zeros_like(gamma), np.zeros_like(gamma)
    blocks = [slice(start, start + rows) for start in range(0, N, rows)]
    for block in blocks:
        dbeta += np.sum(dout[block], axis=0)
        dgamma += np.sum(dout[block] * xhat[block], axis=0)
    for block in blocks:
        out = dx[block]
        np.multiply(xhat[block], dgamma / -N, out=out)
        out += dout[block]
        out -= dbeta / N
        out *= gamma * ivar
    return dx, dgamma, dbeta


@dataclass(frozen=True)
class WithinMemory:
    """Runs a backward pass; where a case says `times` > 1, on its batch so often, and measures the memory.

    A batch repeated has the mean and variance of the one, so each copy has the same dx, and the sums are
    `times` as large. The copy of dx that is farthest from that is what gets judged. Raises WrongAnswer
    beyond `limit` arrays of the size of dout.
    """

    reference: Callable[..., Gradients]
    limit: float

    def __call__(self, functions: Mapping[str, Callable[..., Any]], args: tuple[Any, ...]) -> Any:
        """The outputs to compare, from a case's arguments: those of the function, then `times`."""
        function = functions[self.reference.__name__]
        *call, times = args
        if times == 1:
            return function(*call)
        dx, dgamma, dbeta = self.reference(*call)
        if function is self.reference:
            return dx, times * dgamma, times * dbeta
        dout, (xhat, gamma, xmu, *rest), *others = call
        dout, xhat, xmu = (np.tile(array, (times, 1)) for array in (dout, xhat, xmu))
        allowed = int(self.limit * dout.nbytes) + _SLACK
        try:
            found = call_within(allowed, function, dout, (xhat, gamma, xmu, *rest), *others)
        except TooMuchMemory as much:
            # Where a limit stopped it, nobody knows how many it would have been.
            count = "more" if much.peak is None else f"{much.peak / dout.nbytes:.1f}"
            raise WrongAnswer(
                f"The numbers may be right, but at its peak this holds {count} new arrays of the size of "
                f"`dout`. Allowed are {self.limit:g}, and `dx` is one of them. Which others are alive at "
                "the same time?",
                mistake="too-much-memory",
            ) from None
        if isinstance(found, tuple) and len(found) == 3 and np.shape(found[0]) == dout.shape:
            copies = np.reshape(found[0], (times, *dx.shape))
            # Not a number is farthest of all.
            errors = [np.nan_to_num(np.max(np.abs(copy - dx)), nan=np.inf) for copy in copies]
            found = copies[int(np.argmax(errors))], *found[1:]
        return found


def _large(rng: np.random.Generator) -> dict[str, Any]:
    return layer(rng, _ROWS, _COLUMNS, eps=1e-3)


def _large_scale(values: dict[str, Any]) -> dict[str, float]:
    sums = {name: _TIMES * SCALES[name](values) for name in ("dgamma", "dbeta")}
    return {**sums, "dx": SCALES["dx"](values)}


def _lean_cases(rng: np.random.Generator) -> Iterator[Case]:
    for case in cases_for(batchnorm_backward_lean, _RETURNS)(rng):
        yield Case(case.says, (*case.args, 1), case.scale)
    values = _large(rng)
    yield Case("a `dout` of 64 MB", (values["dout"], values["cache"], _TIMES), _large_scale(values))


def _blocked_cases(rng: np.random.Generator) -> Iterator[Case]:
    # Blocks that leave a remainder, single rows, and one block larger than the batch.
    small = cases_for(batchnorm_backward_lean, _RETURNS)(rng)
    for case, rows in zip(small, (2, 2, 4, 1, 3, 3, 5, 7), strict=True):
        says = f"{case.says}; blocks of {rows} row{'s' * (rows > 1)}"
        yield Case(says, (*case.args, rows, 1), case.scale)
    values = _large(rng)
    # No divisor of the number of rows.
    args = (values["dout"], values["cache"], 100, _TIMES)
    yield Case("a `dout` of 64 MB; blocks of 100 rows", args, _large_scale(values))


_SHAPES = {"dx": "(N, D)", "dgamma": "(D,)", "dbeta": "(D,)"}

EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="10.1",
        title="Fewer arrays",
        asks="`dx`, `dgamma` and `dbeta`, holding at most 2 new arrays of the size of `dout` at a time.",
        references={"batchnorm_backward_lean": batchnorm_backward_lean},
        returns=_RETURNS,
        cases=_lean_cases,
        hints=(
            "Write the closed form down, one operation to a line. Which of the arrays of shape (N, D) does "
            "a later line still need?",
            "`dgamma` and `dbeta` hold the two sums that `dx` needs, up to `gamma` and N, so they come "
            "first. After that every line can work in the array that will be `dx`.",
            "An operation writes into an array that exists if you give it as `out=`, or with `+=`, `-=`, "
            "`*=`. Never into `dout` or `xhat`: they are not yours. Start `dx` as the product of `xhat` and "
            "a row.",
        ),
        section="No-temporaries",
        mistakes=mistake.of("10.1"),
        graph=graphs.layer,
        entries={"cache": graphs.CACHE},
        shapes=_SHAPES,
        run=WithinMemory(batchnorm_backward_lean, 2),
        arguments=("dout", "cache", "times"),
    ),
    Exercise(
        id="10.2",
        title="Block by block",
        asks="the same, in blocks of `rows` rows, holding at most 1.2 new arrays of the size of `dout`.",
        references={"batchnorm_backward_blocked": batchnorm_backward_blocked},
        returns=_RETURNS,
        cases=_blocked_cases,
        hints=(
            "Which two results have to be known in full before the first row of `dx` can be?",
            "Go through the blocks twice: once to add up the two sums, once to fill `dx`. N stays the number "
            "of all rows; a block's own length is never asked for.",
            "`range` with `rows` as its step gives each block's first row, and a slice that reaches past the "
            "end stops at the end. A slice of `dx` is a view: what you write into it stands in `dx`.",
        ),
        section="Blocks-that-stay-in-the-cache",
        mistakes=mistake.of("10.2"),
        graph=graphs.layer,
        entries={"cache": graphs.CACHE},
        shapes=_SHAPES,
        run=WithinMemory(batchnorm_backward_blocked, 1.2),
        arguments=("dout", "cache", "rows", "times"),
    ),
)
