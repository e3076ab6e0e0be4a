"""The arguments of a case: the arrays in them, their precision, and whether somebody changed one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..exercises import Case, Exercise


def precision_of(args: Any) -> np.dtype:
    """The dtype against which a case is judged: float32 where any array in it is, float64 otherwise."""
    found = [array.dtype for _, array in arrays_in("", args)]
    return np.dtype(np.float32 if np.dtype(np.float32) in found else np.float64)


def changed_input(exercise: Exercise, case: Case, given: tuple[Any, ...]) -> str | None:
    """The name of the first argument that differs from what the function was given, or None."""
    for name, before, after in zip(exercise.parameters, case.args, given, strict=False):
        if name in exercise.may_change:
            continue
        pairs = zip(arrays_in(name, before), arrays_in(name, after), strict=False)
        for (label, old), (_, new) in pairs:
            if old.shape != new.shape or not np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
                return label
        if not isinstance(before, np.ndarray) and _skeleton(before) != _skeleton(after):
            return name
    return None


def arrays_in(name: str, value: Any) -> list[tuple[str, np.ndarray]]:
    """Every array inside a value, with the expression that reaches it."""
    if isinstance(value, np.ndarray):
        return [(name, value)]
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in arrays_in(f"{name}[{key!r}]", part)]
    if isinstance(value, (tuple, list)):
        return [pair for i, part in enumerate(value) for pair in arrays_in(f"{name}[{i}]", part)]
    return []


def _skeleton(value: Any) -> Any:
    """A value with its arrays taken out, so that what is left can be compared with ==."""
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, dict):
        return {key: _skeleton(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_skeleton(part) for part in value]
    return value
