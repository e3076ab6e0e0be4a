"""`judge`: the one function that decides whether an answer is right, under `check` and under the grader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..diagnose import Finding
from ..exercises import Exercise, find
from .attempt import Attempt, Status, attempt
from .borrowed import borrowed
from .compare import Difference
from .evidence import Evidence
from .place import Place, place_of
from .recognise import recognise

# A learner who runs the same wrong code twice should read the same message twice; the grader brings its own seed.
DEFAULT_SEED = 20160212


@dataclass(frozen=True)
class Verdict:
    """What was found: a status, a message for the learner, and the known mistake's short name if there is one.

    The message says what came back and then, where that is known, what happened and what to think about;
    `thought` is that second part alone. `case` says at which input it was found and `printed` holds what the
    learner's code printed there. `difference` is the comparison that failed. `finding` is what the exercise's
    graph explains, and can foretell, where the name is its own; `place` is the piece of that graph to look
    at. A notebook shows a verdict as the card that `check` shows.
    """

    exercise: str
    status: Status
    message: str
    mistake: str | None = None
    case: str = ""
    printed: str = ""
    difference: Difference | None = None
    thought: str = ""
    finding: Finding | None = None
    place: Place | None = None

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status == "passed"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Here, and not above: a card is made from a verdict, so `card` imports this module.
        from .card import verdict_card

        return verdict_card(find(self.exercise), self)._repr_mimebundle_()


def judge(exercise_id: str, namespace: Mapping[str, Any], seed: int | None = None) -> Verdict:
    """Judge the functions of an exercise that `namespace` holds, by name.

    Runs every case of the exercise on copies of its inputs and stops at the first that is not right; only
    then it looks for what was done. `seed` makes the inputs; without one they are the same at every call.
    Raises UnknownExercise for an unknown id.
    """
    exercise = find(exercise_id)
    missing = [name for name in exercise.needs if not callable(namespace.get(name))]
    if missing:
        return Verdict(exercise.id, "not started", f"`{missing[0]}` is not defined yet. Run its cell first.")
    functions = {name: namespace[name] for name in exercise.needs}
    seed = DEFAULT_SEED if seed is None else seed
    passed: list[Attempt] = []
    for case in exercise.cases(np.random.default_rng(seed)):
        tried = attempt(exercise, functions, case)
        if not tried.passed:
            return _verdict(exercise, functions, tried, passed, seed)
        passed.append(tried)
    lent = borrowed(namespace, passed[0], functions) if passed else ""
    if lent:
        says = (
            f"The numbers are right, and they are bnlib's: `{lent}` made them. What you want to know is whether "
            "you can. Which lines would stand in its place?"
        )
        return Verdict(exercise.id, "failed", says, mistake="reference-called", case=passed[0].case.says)
    printed = next((tried.printed for tried in passed if tried.printed), "")
    return Verdict(exercise.id, "passed", f"All {len(passed)} cases agree.", printed=printed)


def _verdict(
    exercise: Exercise,
    functions: Mapping[str, Callable[..., Any]],
    failing: Attempt,
    passed: list[Attempt],
    seed: int,
) -> Verdict:
    """The verdict on an attempt that is not right, with the mistake by its name where that is known."""
    found = place = None
    if failing.status in ("failed", "error"):
        evidence = Evidence(exercise, functions, failing, len(passed), passed, seed)
        # What came back may be anything. A diagnosis that stumbles over it must not take the verdict along.
        with suppress(Exception):
            found = recognise(evidence)
            place = place_of(evidence, found)
    thought = found.says if found else ""
    return Verdict(
        exercise.id,
        failing.status,
        f"{failing.message} {thought}".rstrip(),
        mistake=found.slug if found else None,
        case=failing.case.says,
        printed=failing.printed,
        difference=failing.difference,
        thought=thought,
        finding=found.finding if found and found.finding and found.slug == found.finding.slug else None,
        place=place,
    )
