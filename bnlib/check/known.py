"""The exercise's known mistakes, tried one after another: which of them gives what the learner's answer gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..exercises.mistakes import Mistake
from .arguments import precision_of
from .attempt import Attempt, attempt
from .evidence import Evidence, OutOfTime
from .same import same

# How well an answer and a mistake agree at a case. `SILENT`: neither of them is wrong there. `FIRST`: on the
# first wrong output. `COVERED`: wherever the mistake is wrong. `WHOLE`: in everything.
AGAINST, SILENT, FIRST, COVERED, WHOLE = range(-1, 4)

_NUMBERS = re.compile(r"[\d.,()\s]+")

# Fresh cases at which an agreement has to hold, and how many more where two mistakes look
# alike, or where the mistake is not all that is wrong.
CONFIRM, SEPARATE = 4, 4
# How many of the cases that passed have to pass with the mistake too.
BEFORE = 5


@dataclass
class _Suspect:
    mistake: Mistake
    rank: int
    # The outputs in which they agree at the failing case.
    names: frozenset[str]


def known_mistake(evidence: Evidence) -> tuple[Mistake, bool] | None:
    """The known mistake that gives what the learner's answer gives, and whether that is all that is wrong.

    They have to agree at the failing case, at those that passed before it and at fresh ones. None where there
    is no such mistake, and where two of different names can't be told apart.
    """
    failing = evidence.failing
    suspects = []
    for mistake in evidence.exercise.mistakes:
        evidence.look_at_the_clock()
        made = made_by(mistake, failing)
        rank = agreement(failing, made)
        before = evidence.passed[:BEFORE] if rank > SILENT else []
        if rank > SILENT and all(made_by(mistake, seen).passed for seen in before):
            suspects.append(_Suspect(mistake, rank, agreed_outputs(failing, made)))
    # A mistake that hardly shows may be within the tolerance at all of them.
    confirmed = 0
    for tried, index in enumerate(evidence.near):
        best = _best(suspects)
        settled = confirmed and len({s.mistake.slug for s in best}) == 1 and best[0].rank == WHOLE
        # That both stopped says little of what they compute.
        settled = settled and failing.error is None
        if not suspects or tried >= CONFIRM + (0 if settled else SEPARATE):
            break
        try:
            learner = evidence.at(index)
        except OutOfTime:
            if confirmed:
                break
            raise
        left = []
        for suspect in suspects:
            evidence.look_at_the_clock()
            # Where both stopped, nothing is known of their outputs yet.
            made = made_by(suspect.mistake, learner)
            if agreement(learner, made, suspect.names or None) != AGAINST:
                left.append(suspect)
        suspects = left
        confirmed += not learner.passed
    best = _best(suspects)
    if len({suspect.mistake.slug for suspect in best}) != 1 or not evidence.near:
        return None
    return best[0].mistake, best[0].rank == WHOLE


def _best(suspects: list[_Suspect]) -> list[_Suspect]:
    top = max((suspect.rank for suspect in suspects), default=0)
    return [suspect for suspect in suspects if suspect.rank == top]


def made_by(mistake: Mistake, learner: Attempt) -> Attempt:
    """What comes of the exercise with the mistake in it, at the case of an attempt."""
    exercise = learner.exercise
    return attempt(exercise, mistake.instead(exercise.needs), learner.case, learner.expected)


def agreement(learner: Attempt, mistake: Attempt, names: frozenset[str] | None = None) -> int:
    """How well two attempts at one case agree, from AGAINST and SILENT to WHOLE.

    With `names` those outputs alone are looked at: what else is wrong with the answer is another matter.
    """
    if learner.error is not None or mistake.error is not None:
        return WHOLE if _same_stop(learner.error, mistake.error) else AGAINST
    if learner.passed and mistake.passed:
        return SILENT
    if "not started" in (learner.status, mistake.status) or learner.changed != mistake.changed:
        return AGAINST
    if not (learner.complete and mistake.complete):
        precision = precision_of(learner.case.args)
        return WHOLE if same(learner.outputs, mistake.outputs, precision) else AGAINST
    if learner.changed:
        return WHOLE
    if names is None:
        first = next(iter(learner.wrong), None)
        shown, sound = mistake.wrong.keys(), mistake.wrong.keys() <= learner.wrong.keys()
        agreed = agreed_outputs(learner, mistake)
        if first not in agreed or not sound:
            return AGAINST
        return FIRST if agreed != shown else WHOLE if shown == learner.wrong.keys() else COVERED
    wrong = learner.wrong.keys() & names
    if wrong != mistake.wrong.keys() & names or not wrong <= agreed_outputs(learner, mistake):
        return AGAINST
    return WHOLE if wrong else SILENT


def agreed_outputs(learner: Attempt, mistake: Attempt) -> frozenset[str]:
    """The outputs in which both are wrong in the same way."""
    both = [name for name in mistake.wrong if name in learner.wrong]
    return frozenset(name for name in both if _same_output(name, learner, mistake))


def _same_stop(one: BaseException | None, other: BaseException | None) -> bool:
    """Whether both stopped with the same sentence, whatever shapes and numbers it tells."""
    return type(one) is type(other) and _NUMBERS.sub("", str(one)) == _NUMBERS.sub("", str(other))


def _same_output(name: str, learner: Attempt, mistake: Attempt) -> bool:
    """Whether both are wrong in the same way: apart by rounding, and by little beside how wrong they are."""
    made, right = mistake.output(name), mistake.right(name)
    within = np.inf
    if isinstance(made, np.ndarray) and isinstance(right, np.ndarray) and made.shape == right.shape:
        apart = np.abs(made.astype(np.float64) - right.astype(np.float64))
        within = 0.05 * float(np.max(apart[np.isfinite(apart)], initial=0.0)) or np.inf
    scale = learner.case.scale.get(name, 0.0)
    return same(learner.output(name), made, precision_of(learner.case.args), scale, within)
