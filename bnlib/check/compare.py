"""One strict comparison of what came back with what was right; every verdict on values rests on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

Kind = Literal["none", "type", "shape", "dtype", "finite", "value"]

# Of the scale of the answer. Right answers stay below 3e-13 in float64, and in float32 below 1e-3 when N > 2.
TOLERANCE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-3}


@dataclass(frozen=True)
class Difference:
    """How one output differs: its kind, a sentence for the learner, and where and by how much for values."""

    kind: Kind
    says: str
    index: tuple[int, ...] | None = None
    error: float | None = None


def difference(
    name: str,
    got: Any,
    expected: Any,
    precision: np.dtype,
    scale: float | None = None,
    shape: str = "",
    entries: Sequence[str] = (),
) -> Difference | None:
    """How `got` differs from `expected`, or None where it is right.

    `precision` is the dtype of the case's inputs and chooses the tolerance: 1e-9 of `scale` in float64,
    1e-3 in float32. `scale` defaults to the largest entry of `expected`. `shape` spells the shape in letters,
    such as "(N, D)". Where `expected` is a number, a Python or NumPy number is right; where it is an array,
    only an ndarray of exactly that shape is: what broadcasts by luck is not. The numbers of one dictionary
    share their scale, since an entry near 0 may be what is left of larger ones. `entries` names the parts of
    a tuple, so that a message can say "In `cache[0]`: `xhat` has other values".
    """
    if got is None:
        return Difference("none", f"`{name}` is still None.")
    if isinstance(expected, (str, dict, list, tuple)):
        return _other(name, got, expected, precision, scale, entries)
    expected = np.asarray(expected)
    problem = _type(name, got, expected, shape) or _shape(name, got, expected, shape)
    if problem:
        return problem
    array = np.asarray(got)
    return _dtype(name, array, expected, precision) or _values(name, array, expected, precision, scale)


def _type(name: str, got: Any, expected: np.ndarray, letters: str) -> Difference | None:
    if isinstance(got, (int, float, np.number)) and not isinstance(got, bool):
        if expected.ndim == 0:
            return None
        wanted = _wanted(expected.shape, letters)
        says = f"`{name}` should be a NumPy array of the shape {wanted}, and is a single number."
        return Difference("shape", says)
    if type(got) is np.ndarray:
        return None
    wanted = "a NumPy array" if expected.ndim else "a number"
    return Difference("type", f"`{name}` should be {wanted}, and is {_a(type(got).__name__)}.")


def _shape(name: str, got: Any, expected: np.ndarray, letters: str) -> Difference | None:
    shape = np.shape(got)
    if shape == expected.shape:
        return None
    wanted = _wanted(expected.shape, letters)
    return Difference("shape", f"`{name}` should have the shape {wanted}, and has {shape}.")


def _wanted(shape: tuple[int, ...], letters: str) -> str:
    return f"{letters}, here {shape}" if letters else f"{shape}"


def _dtype(name: str, got: np.ndarray, expected: np.ndarray, precision: np.dtype) -> Difference | None:
    if expected.dtype.kind != "f":
        if got.dtype.kind == expected.dtype.kind:
            return None
        return Difference("dtype", f"`{name}` should hold {expected.dtype} numbers, and holds {got.dtype}.")
    # A Python number has no dtype of its own to lose; wider than asked is no loss either.
    if got.dtype.kind == "f" and got.dtype.itemsize >= precision.itemsize:
        return None
    if expected.ndim == 0 and got.dtype.kind in "iu":
        return None
    return Difference(
        "dtype", f"`{name}` should hold {precision} numbers like its inputs, and holds {got.dtype}."
    )


def _values(
    name: str, got: np.ndarray, expected: np.ndarray, precision: np.dtype, scale: float | None
) -> Difference | None:
    if expected.size == 0:
        return None
    bad = ~np.isfinite(got)
    if bad.any():
        index = first(bad)
        if not got.ndim:
            return Difference("finite", f"`{name}` should be {number(expected)}, and is {got[()]}.", ())
        count = f"{int(bad.sum())} of its {got.size} entries"
        return Difference(
            "finite", f"`{name}` is not finite: {count}, the first at {place(index)}, is {got[index]}.", index
        )
    error = np.abs(got.astype(np.float64) - expected.astype(np.float64))
    scale = scale if scale else float(np.max(np.abs(expected))) or 1.0
    limit = TOLERANCE[precision] * scale
    wrong = error > limit
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    if not got.ndim:
        says = "`{}` should be {}, and is {}.".format(name, *numbers(expected, got))
        return Difference("value", says, (), float(error) / scale)
    spread = "" if got.size == 1 else f" {int(wrong.sum())} of its {got.size} entries differ."
    return Difference(
        "value",
        f"`{name}` has other values.{spread} The largest difference is at {place(index)}: "
        "{} expected, {} came back.".format(*numbers(expected[index], got[index])),
        index,
        float(error[index]) / scale,
    )


def _other(
    name: str, got: Any, expected: Any, precision: np.dtype, scale: float | None, entries: Sequence[str]
) -> Difference | None:
    """Compare a string, dictionary, list or tuple, entry by entry."""
    if isinstance(expected, str):
        if isinstance(got, str) and got == expected:
            return None
        return Difference("value", f"`{name}` should be {expected!r}, and is {shorten(got)}.")
    # A defaultdict is a dictionary too.
    if type(got) is not type(expected) and not (isinstance(expected, dict) and isinstance(got, dict)):
        wanted = _a(type(expected).__name__)
        return Difference("type", f"`{name}` should be {wanted}{_listed(entries)}, and is {_kind(got)}.")
    if isinstance(expected, dict):
        if got.keys() != expected.keys():
            missing = [key for key in expected if key not in got]
            extra = [key for key in got if key not in expected]
            what = f"lacks {missing[0]!r}" if missing else f"has {shorten(extra[0])}, which was not asked for"
            return Difference("value", f"`{name}` {what}.")
        pairs = [(f"{name}[{key!r}]", got[key], expected[key]) for key in expected]
        scale = scale or _common_scale(expected)
    else:
        if len(got) != len(expected):
            count = f"{len(expected)} entries{_listed(entries)}"
            return Difference("shape", f"`{name}` should have {count}, and has {len(got)}.")
        if entries:
            return _named_entries(name, got, expected, precision, entries)
        pairs = [(f"{name}[{i}]", got[i], expected[i]) for i in range(len(expected))]
    return next((d for p in pairs if (d := difference(*p, precision, scale))), None)


def _common_scale(expected: dict[Any, Any]) -> float | None:
    """The largest size in a dictionary of numbers; None where any of its values is something else."""
    sizes = [abs(float(value)) for value in expected.values() if isinstance(value, (int, float, np.number))]
    return max(sizes) if sizes and len(sizes) == len(expected) else None


def _named_entries(
    name: str, got: Any, expected: Any, precision: np.dtype, entries: Sequence[str]
) -> Difference | None:
    for i, (entry, part, right) in enumerate(zip(entries, got, expected, strict=True)):
        wrong = difference(entry, part, right, precision)
        if wrong:
            return replace(wrong, says=f"In `{name}[{i}]`: {wrong.says}")
    return None


def _listed(entries: Sequence[str]) -> str:
    return f" ({', '.join(entries)})" if entries else ""


def _kind(value: Any) -> str:
    return "an array" if isinstance(value, np.ndarray) else _a(type(value).__name__)


def first(mask: np.ndarray) -> tuple[int, ...]:
    """The index of the first True entry."""
    return tuple(int(i) for i in np.argwhere(mask)[0])


def place(index: tuple[int, ...]) -> str:
    """An index as a learner would write it: `[2, 0]`, and "its only entry" for a number."""
    return f"[{', '.join(map(str, index))}]" if index else "its only entry"


def number(value: Any) -> str:
    """A number short enough to read, long enough to compare."""
    return f"{float(value):.6g}"


def numbers(one: Any, other: Any) -> tuple[str, str]:
    """Two numbers that differ, with as many digits as it takes to see it."""
    pairs = ((f"{float(one):.{digits}g}", f"{float(other):.{digits}g}") for digits in (6, 9, 12, 17))
    return next((pair for pair in pairs if pair[0] != pair[1]), (number(one), number(other)))


def shorten(value: Any, width: int = 60) -> str:
    """A value's repr on one line, cut to `width` characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
