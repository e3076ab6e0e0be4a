"""What a notebook calls: `check` shows a verdict as a card, `hint` gives one hint at a time, `progress` the whole."""

from __future__ import annotations

import os
import sys
from typing import Any

from ..draw import Picture
from ..exercises import courses, find
from . import record
from .card import Card, hint_card, progress_card, verdict_card
from .judge import Verdict, judge

# nbval's kernel inherits pytest's variable; nbgrader sets its own; BNLIB_STRICT is for everything else.
_STRICT_SIGNS = ("PYTEST_CURRENT_TEST", "NBGRADER_EXECUTION")

_hints_given: dict[str, int] = {}


class CheckFailed(AssertionError):
    """Raised by `check` where something other than the learner decides: the cell is then a failed test."""

    def __init__(self, verdict: Verdict):
        super().__init__(f"[{verdict.exercise}] {verdict.status}: {verdict.message}")
        self.verdict = verdict


def check(exercise_id: str, *, seed: int | None = None) -> None:
    """Check the answer of the notebook that calls this, and show a short card with the verdict.

    The functions are looked up by name where `check` is called. A wrong answer never ends "Run All" with a
    traceback; under nbval, under nbgrader and with BNLIB_STRICT=1 in the environment it raises CheckFailed.
    """
    verdict = judge(exercise_id, sys._getframe(1).f_globals, seed)
    if strict():
        if not verdict.passed:
            raise CheckFailed(verdict)
        print(f"[{verdict.exercise}] passed: {verdict.message}")
        return
    if verdict.printed:
        print(verdict.printed, end="")
    record.note(exercise_id, verdict.status)
    show(verdict_card(find(exercise_id), verdict))


def hint(exercise_id: str) -> None:
    """Show the next hint of an exercise; after the last one, say that there are no more."""
    exercise = find(exercise_id)
    given = _hints_given.get(exercise_id, 0)
    _hints_given[exercise_id] = given + 1
    show(hint_card(exercise, given))


def progress() -> None:
    """Show which exercises of the course have passed, from the small file beside the notebooks.

    The file counts for nothing but this picture; where it is missing, every exercise is open.
    """
    # The course in sight is the one last checked, so that a second course shows its own.
    states = record.read()
    every = courses().values()
    ours = next(iter(every))
    last = next(reversed(states), "")
    course = next((course for course in every if last in course.exercises()), ours)
    show(progress_card(course, states))


def strict() -> bool:
    """Whether something other than the learner reads the outcome, so that a failed check must raise."""
    if "BNLIB_STRICT" in os.environ:
        return os.environ["BNLIB_STRICT"] not in ("", "0")
    return any(sign in os.environ for sign in _STRICT_SIGNS)


def show(card: Card | Picture) -> None:
    """Show a card or a picture: as HTML in a notebook, as text anywhere else."""
    shell: Any = None
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is None:
        print(card._repr_mimebundle_()["text/plain"])
        return
    from IPython.display import display

    display(card)
