"""Answers that are right for one shape alone, or for every shape but one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from .evidence import Evidence, OutOfTime, kind_of, shape_of
from .structural import Named

# Fresh cases to look at beside what the verdict has seen.
FURTHER = 5


def one_shape(evidence: Evidence) -> Named | None:
    """Right for one number of rows or features, or where there are as many of the one as of the other."""
    with suppress(OutOfTime):
        for index in [i for i in evidence.fresh if i != evidence.index][:FURTHER]:
            evidence.at(index)
    groups: dict[bool, list[tuple[int, ...]]] = {True: [], False: []}
    for seen in evidence.seen:
        shape = shape_of(seen)
        # Cases that differ in more than sizes would tell about that.
        alike = _form(seen.case.args) == _form(evidence.failing.case.args)
        if shape is not None and len(shape) > 1 and alike and kind_of(seen) != "float32":
            groups[seen.passed].append(shape)
    right, wrong = groups[True], groups[False]
    if len(set(right)) > 2 and len(wrong) > 1:
        for test, says in _shape_rules(wrong[0]):
            if all(test(shape) for shape in wrong) and not any(test(shape) for shape in right):
                return "one-shape", (
                    f"It is wrong {says}, and right for every other shape that was tried. What is special "
                    "there, and does your code know of it?"
                )
    if len(right) < 2 or len(set(wrong)) < 2:
        return None
    for test, says in _shape_rules(right[0]):
        if all(test(shape) for shape in right) and not any(test(shape) for shape in wrong):
            return "only-one-shape", (
                f"It is right {says}, and wrong for every other shape that was tried. Which number in your "
                "code should be a length that it looks up?"
            )
    return None


Rule = tuple[Callable[[tuple[int, ...]], bool], str]


def _shape_rules(first: tuple[int, ...]) -> Sequence[Rule]:
    def length(axis: int) -> Callable[[tuple[int, ...]], bool]:
        return lambda shape: len(shape) > axis and shape[axis] == first[axis]

    names = (
        ("rows", "columns")
        if len(first) == 2
        else tuple(f"entries along axis {i}" for i in range(len(first)))
    )
    rules: list[Rule] = [
        (length(axis), f"where there {_many(first[axis], name)}") for axis, name in enumerate(names)
    ]
    rules.append((lambda shape: shape == first, f"for the shape {first}"))
    if len(first) > 1 and first[0] == first[1]:
        equal: Rule = (
            lambda shape: len(set(shape[:2])) == 1,
            f"where there are as many {names[0]} as {names[1]}",
        )
        rules.insert(0, equal)
    return rules


def _many(count: int, name: str) -> str:
    return f"is 1 {name.removesuffix('s')}" if count == 1 else f"are {count} {name}"


def _form(value: Any) -> Any:
    """A case's arguments without their numbers: how many arrays, which keys, which words."""
    if isinstance(value, dict):
        return {key: _form(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_form(part) for part in value]
    return value if isinstance(value, str) else type(value).__name__
