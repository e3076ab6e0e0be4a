"""Answers that are right for some inputs alone: for one dtype, for gamma = 1, or for the check's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..exercises import Case
from .arguments import precision_of
from .attempt import Attempt
from .evidence import Evidence, kind_of, shape_of
from .same import same
from .structural import Named


def hard_coded(evidence: Evidence) -> Named | None:
    """The same numbers for two inputs of one shape, where other ones would be right."""
    if 0 not in evidence.fresh:
        return None
    seen, again = [*evidence.passed, evidence.failing][0], evidence.at(0)
    if not (seen.complete and again.complete) or again.passed:
        return None
    first = next(iter(again.wrong), "")
    if not first or not _frozen(first, seen, again):
        return None
    if not np.any(again.output(first)):
        return "hard-coded", (
            f"`{first}` is 0 everywhere, whatever comes in. Which of the arguments does it depend on, and which of "
            "your lines makes a 0 of that?"
        )
    return "hard-coded", (
        f"Two different inputs gave the very same `{first}`. Which of the arguments does it depend on, and where "
        "does your code look at them?"
    )


def _frozen(name: str, one: Attempt, other: Attempt) -> bool:
    first, second = one.output(name), other.output(name)
    if not isinstance(first, np.ndarray) or not isinstance(second, np.ndarray) or not first.size:
        return False
    if first.shape != second.shape or not np.array_equal(first, second, equal_nan=first.dtype.kind == "f"):
        return False
    precision = precision_of(one.case.args)
    return not same(one.right(name), other.right(name), precision)


def one_dtype(evidence: Evidence) -> Named | None:
    """Right in float64, and wrong for the same numbers in float32 or for whole numbers."""
    failing = evidence.failing
    kind = kind_of(failing)
    if kind == "float64" or not evidence.passed or any(kind_of(seen) == kind for seen in evidence.passed):
        return None
    widened = _changed(failing.case, _narrow_as_float64 if kind == "float32" else _as_float64)
    if not evidence.run(widened).passed:
        return None
    if evidence.index in evidence.fresh and evidence.at(evidence.index).passed:
        return None
    wrong = failing.difference
    if kind == "float32" and wrong is not None and wrong.kind == "value" and (wrong.error or 1.0) < 0.1:
        return "float32-lost", (
            "The same numbers in float64 give the right answer, so this is cancellation: two large numbers "
            "that are nearly equal were subtracted, and in float32 few digits are left of them. Which "
            "difference is that, and can it be taken before anything is squared or summed?"
        )
    said = "in float32" if kind == "float32" else "as whole numbers"
    return "only-one-dtype", (
        f"The same numbers in float64 give the right answer; {said} they don't. What in your code depends on "
        "the dtype of what comes in?"
    )


def special_values(evidence: Evidence) -> Named | None:
    """Right once gamma is 1 everywhere, or beta is 0 everywhere, where the exercise has such arguments."""
    for slug, name, value in (("only-gamma-one", "gamma", 1.0), ("only-beta-zero", "beta", 0.0)):
        found = _at_value(evidence, name, value)
        if found:
            return slug, (
                f"With a `{name}` of {value:g} everywhere your answer would be right; here it isn't. What does "
                f"`{name}` do on the way forward, and which of the results has to do with that?"
            )
    return None


def _at_value(evidence: Evidence, name: str, value: float) -> bool:
    """Whether failing cases of different sizes pass once an argument is the same number everywhere."""
    exercise = evidence.exercise
    tried: set[Any] = set()
    for seen in list(evidence.seen):
        if seen.passed or shape_of(seen) in tried or len(tried) == 2:
            continue
        args = with_value(exercise.parameters, exercise.entries, seen.case.args, name, value)
        if args is None or not evidence.run(replace(seen.case, args=args)).passed:
            return False
        tried.add(shape_of(seen))
    return len(tried) == 2


def with_value(
    parameters: Sequence[str], entries: Any, args: tuple[Any, ...], name: str, value: float
) -> tuple[Any, ...] | None:
    """A case's arguments with the array of that name full of one value; None where there is none."""
    found, changed = False, []
    for parameter, argument in zip(parameters, args, strict=False):
        if parameter == name and isinstance(argument, np.ndarray):
            found, argument = True, np.full_like(argument, value)
        elif isinstance(argument, tuple) and name in entries.get(parameter, ()):
            place = entries[parameter].index(name)
            found, parts = True, list(argument)
            parts[place] = np.full_like(parts[place], value)
            argument = tuple(parts)
        changed.append(argument)
    return tuple(changed) if found else None


def _changed(case: Case, change: Callable[[Any], Any]) -> Case:
    return replace(case, args=tuple(_within(argument, change) for argument in case.args))


def _within(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _within(part, change) for key, part in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_within(part, change) for part in value)
    return change(value)


def _as_float64(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value.astype(np.float64)
    return value


def _narrow_as_float64(value: Any) -> Any:
    # Beside float32, whole numbers are labels or indices, and have to stay what they are.
    return _as_float64(value) if getattr(value, "dtype", None) == np.float32 else value
