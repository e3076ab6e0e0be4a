"""Mistakes of form, made on purpose at every exercise where they can be made, are named as what they are.

The rows of the curriculum's table that have numbers of their own are in `bnlib.exercises.mistakes`, and
`tests/exercises/test_mistakes.py` makes each of those. These are the others: shapes, lists, changed inputs, NaN,
lost digits, nothing returned yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bnlib.check import judge
from bnlib.exercises import Exercise, courses

EXERCISES = [e for course in courses().values() for e in course.exercises().values()]
NAMED = 0.95

Change = Callable[[np.ndarray], Any]


def _vector(a: np.ndarray) -> bool:
    return a.ndim == 1


def _table(a: np.ndarray) -> bool:
    return a.ndim == 2


def _any(a: np.ndarray) -> bool:
    return a.ndim > 0


def _spoilt(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a[(0,) * a.ndim] = np.nan
    return a


# The name, which outputs it can happen to, and how.
FORMS: dict[str, tuple[Callable[[np.ndarray], bool], Change]] = {
    "row-shape": (_vector, lambda a: a[None, :]),
    "column-shape": (_vector, lambda a: a[:, None]),
    "leading-one": (_table, lambda a: a[None]),
    "list-wrapped": (_any, lambda a: [a]),
    "not-finite": (_any, _spoilt),
    "float32-lost": (_any, lambda a: a.astype(np.float32)),
}


def outputs_of(exercise: Exercise) -> dict[str, np.ndarray]:
    """The arrays that the exercise's own first function returns at its first case, by place."""
    case = next(iter(exercise.cases(np.random.default_rng(1))))
    found = exercise.run(exercise.needs, case.args)
    found = found if len(exercise.outputs) > 1 else (found,)
    return {
        name: value
        for name, value in zip(exercise.outputs, found, strict=True)
        if name in exercise.returns and isinstance(value, np.ndarray) and value.dtype.kind == "f"
    }


def answer_with(exercise: Exercise, name: str, change: Change) -> dict[str, Callable[..., Any]]:
    """The right functions, of which the first returns one output in another form."""
    own, right = next(iter(exercise.references.items()))
    place = exercise.returns.index(name)

    def wrong(*args: Any) -> Any:
        result = right(*args)
        if len(exercise.returns) == 1:
            return change(result)
        return tuple(change(part) if i == place else part for i, part in enumerate(result))

    return {**exercise.needs, own: wrong}


def made(form: str) -> Iterator[tuple[Exercise, str, dict[str, Callable[..., Any]]]]:
    fits, change = FORMS[form]
    for exercise in EXERCISES:
        for name, value in outputs_of(exercise).items():
            if fits(value):
                yield exercise, name, answer_with(exercise, name, change)


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_of_form_is_named_wherever_it_can_be_made(form: str) -> None:
    found = [(exercise.id, name, judge(exercise.id, functions)) for exercise, name, functions in made(form)]
    assert len(found) >= 10
    assert not any(verdict.passed for _, _, verdict in found)
    other = [
        (identifier, name, verdict.mistake) for identifier, name, verdict in found if verdict.mistake != form
    ]
    assert len(other) <= (1 - NAMED) * len(found), other


def test_a_changed_input_is_named_at_every_exercise_that_forbids_it() -> None:
    found = {}
    for exercise in EXERCISES:
        own, right = next(iter(exercise.references.items()))

        def spoils(*args: Any, right: Callable[..., Any] = right) -> Any:
            result = right(*[a.copy() if isinstance(a, np.ndarray) else a for a in args])
            for a in args:
                if isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.ndim:
                    a *= 2.0
                    break
            return result

        first = next(iter(exercise.cases(np.random.default_rng(1)))).args
        if any(isinstance(a, np.ndarray) and a.ndim and a.dtype.kind == "f" for a in first):
            found[exercise.id] = judge(exercise.id, {**exercise.needs, own: spoils})
    assert len(found) >= 40
    assert not any(verdict.passed for verdict in found.values())
    other = {
        identifier: verdict.mistake
        for identifier, verdict in found.items()
        if verdict.mistake != "input-changed"
    }
    assert len(other) <= (1 - NAMED) * len(found), other


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_nothing_returned_yet_is_not_started(exercise: Exercise) -> None:
    nothing = dict.fromkeys(exercise.needs, lambda *args: None)
    assert judge(exercise.id, nothing).status == "not started"
