"""What can go wrong in any exercise: shapes, types, a changed input, outputs in each other's place."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import precision_of
from .attempt import Attempt
from .evidence import arrays_of
from .same import same

# A mistake's short name and the words for it.
Named = tuple[str, str]


def structure(attempt: Attempt) -> Named | None:
    """What the form of a wrong answer tells about it, whatever the exercise; None where it tells nothing."""
    if attempt.changed:
        return "input-changed", ""
    if attempt.status != "failed" or attempt.outputs is None:
        return None
    if not attempt.complete:
        return _in_a_list(attempt)
    if not attempt.wrong:
        return None
    swapped = exchanged(attempt) or _misplaced(attempt)
    if swapped:
        return swapped
    name, wrong = next(iter(attempt.wrong.items()))
    got, right = attempt.output(name), attempt.right(name)
    if not isinstance(right, np.ndarray):
        return None
    if wrong.kind == "type":
        return _listed(name, got, right, attempt)
    if wrong.kind == "shape":
        return _shape(name, got, right, attempt)
    if wrong.kind == "dtype":
        return _dtype(name, got, right, attempt)
    if wrong.kind == "finite":
        return "not-finite", _not_finite(np.asarray(got))
    if wrong.kind == "none":
        return None
    return _transposed(name, got, right, attempt) or _in_float32(name, got, attempt)


def _in_a_list(attempt: Attempt) -> Named | None:
    assert attempt.outputs is not None
    only = attempt.outputs[0]
    if len(attempt.outputs) == 1 and isinstance(only, list) and len(only) == len(attempt.exercise.outputs):
        return "list-wrapped", (
            f"Its one value is a list with {len(only)} entries. Square brackets make a list; what stands "
            "behind `return` needs commas alone."
        )
    return None


def _listed(name: str, got: Any, right: np.ndarray, attempt: Attempt) -> Named | None:
    if not isinstance(got, (list, tuple)):
        return None
    try:
        array = np.asarray(got)
    except ValueError:
        return None
    kind = type(got).__name__
    if array.shape == (1, *right.shape):
        return "list-wrapped", (
            f"The array is there, inside a {kind} that holds nothing else. Which bracket, or which comma, in "
            f"your code makes a {kind}?"
        )
    if array.shape == right.shape:
        return "list-wrapped", (
            f"A {kind} of numbers looks like an array and doesn't calculate like one: `2 * {name}` would be "
            f"the {kind} twice. Where in your code does it become one?"
        )
    return None


def _shape(name: str, got: Any, right: np.ndarray, attempt: Attempt) -> Named | None:
    if not isinstance(got, (np.ndarray, int, float, np.number)):
        return None
    got = np.asarray(got)
    if not got.ndim:
        return _one_number(name, got, right, attempt)
    if got.shape == (1, *right.shape):
        return _one_axis_more(name, got, right, attempt)
    if right.ndim == 1 and got.shape == (*right.shape, 1):
        count = len(right)
        square = f"({count}, {count})"
        return "column-shape", (
            f"{_numbers(got[:, 0], right, attempt)} in a column of their own. Beside an array of the shape "
            f"{right.shape} a column broadcasts to {square} without a word. Which part of your line makes "
            "the second axis?"
        )
    if (
        got.ndim == right.ndim + 1
        and got.shape[1:] == right.shape
        and _equal(got.sum(axis=0), right, attempt)
    ):
        return "not-summed", (
            f"Each row still has a number of its own: added up over the rows, they are right. `{name}` "
            "belongs to something that all rows share. What becomes of the rows' numbers then?"
        )
    return _transposed(name, got, right, attempt)


def _one_number(name: str, got: np.ndarray, right: np.ndarray, attempt: Attempt) -> Named | None:
    for whole, how in ((right.sum(), "sum"), (right.mean(), "mean")):
        if right.size > 1 and _equal(got, np.asarray(whole), attempt):
            return "no-axis", (
                f"It is the {how} of all the numbers that were asked for: everything ran together into one. "
                "Which axis should disappear, and which should stay?"
            )
    return None


def _one_axis_more(name: str, got: np.ndarray, right: np.ndarray, attempt: Attempt) -> Named:
    numbers = _numbers(got[0], right, attempt)
    if right.ndim > 1:
        return "leading-one", (
            f"{numbers} behind a further axis of length 1. It broadcasts as the right shape would, "
            f"so nothing complains until somebody asks for `len({name})`. Is there a square bracket, which "
            "makes a list, around something in your line?"
        )
    if name[:1] == "d" and len(name) > 1:
        owner = name[1:]
        why = (
            f"NumPy stops at `{owner} -= lr * {name}`, because what comes out no longer fits into `{owner}`, "
            f"and where nothing is updated in place, {right.shape} quietly becomes {got.shape}."
        )
    else:
        why = f"It broadcasts like the right one, and whatever it meets quietly becomes {got.shape} too."
    return "row-shape", f"{numbers} in a row of their own. {why} Which part of your line keeps the axis?"


def _dtype(name: str, got: np.ndarray, right: np.ndarray, attempt: Attempt) -> Named | None:
    if right.dtype.kind == "f" and got.dtype.kind in "iu":
        whole = [label for label, array in arrays_of(attempt) if array.dtype.kind in "iu"]
        if whole:
            return "integer-truncated", (
                f"`{whole[0]}` holds whole numbers, and an array made like it holds nothing else: what stood "
                "behind the decimal point was cut off. Which dtype do your new arrays have?"
            )
        if np.array_equal(got, np.trunc(right)):
            return "integer-truncated", (
                "What stood behind the decimal point was cut off. Which dtype do your new arrays have?"
            )
        return None
    if right.dtype.kind == "f" and got.dtype.kind == "f":
        return "float32-lost", (
            f"{precision_of(attempt.case.args)} numbers came in, so half of their digits, or more, got lost "
            "on the way. Where does your code choose a dtype?"
        )
    return None


def _in_float32(name: str, got: np.ndarray, attempt: Attempt) -> Named | None:
    """A float64 array whose every number is one of float32, and right as far as float32 can be."""
    if precision_of(attempt.case.args) != np.float64 or got.dtype != np.float64 or not got.size:
        return None
    error = attempt.wrong[name].error or 1.0
    if error > 1e-5 or not np.array_equal(got, got.astype(np.float32)):
        return None
    return "float32-lost", (
        "It is right to about 7 digits and no further: these are numbers that went through float32. Where does "
        "your code choose a dtype?"
    )


def _not_finite(got: np.ndarray) -> str:
    kinds = "NaN" if np.isnan(got).any() else "inf"
    return (
        f"{kinds} comes from a division by 0, the root of a negative number, or a number that grew too large. "
        "Which of your lines can come to that with this input?"
    )


def exchanged(attempt: Attempt) -> Named | None:
    """Two outputs that have changed places."""
    for one in attempt.wrong:
        for other in attempt.wrong:
            if one != other and _is(one, other, attempt) and _is(other, one, attempt):
                asked = (
                    "Which name belongs to which number?"
                    if "[" in one
                    else "In which order were they asked for?"
                )
                return "outputs-swapped", f"`{one}` and `{other}` have changed places. {asked}"
    return None


def _misplaced(attempt: Attempt) -> Named | None:
    """An output that is what another one should be."""
    one = next(iter(attempt.wrong))
    for other in attempt.exercise.outputs:
        if other != one and _is(one, other, attempt):
            return "outputs-swapped", (
                f"What came back as `{one}` is what `{other}` should be. Which name belongs to which number?"
            )
    return None


def _is(one: str, other: str, attempt: Attempt) -> bool:
    """Whether what came back as one output is what another one should be."""
    right = attempt.right(other)
    return not _equal(right, attempt.right(one), attempt, other) and _equal(
        attempt.output(one), right, attempt, other
    )


def _transposed(name: str, got: np.ndarray, right: np.ndarray, attempt: Attempt) -> Named | None:
    if right.ndim != 2 or min(right.shape) < 2 or not _equal(got.T, right, attempt, name):
        return None
    return "transposed", (
        f"`{name}` lies on its side: rows and columns have changed places, and the numbers are right. "
        "Where in your code does an array get turned?"
    )


def _numbers(got: np.ndarray, right: np.ndarray, attempt: Attempt) -> str:
    return "The numbers are right, but they stand" if _equal(got, right, attempt) else "The numbers stand"


def _equal(got: Any, right: Any, attempt: Attempt, name: str = "") -> bool:
    scale = attempt.case.scale.get(name, 0.0)
    return same(got, right, precision_of(attempt.case.args), scale)
