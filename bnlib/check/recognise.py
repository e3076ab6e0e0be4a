"""`recognise`: what a wrong answer did, in a word for the report and in words for the learner.

Nothing of this runs for a right answer. The known mistakes of the exercise come first, then what can go wrong
in any exercise (`structural`), then answers that are right for some inputs alone (`partial`), then what the
exercise's graph can explain (`diagnosed`). Whatever is said holds for fresh inputs too; where two names fit,
none is given.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from ..diagnose import Finding, Parting
from ..exercises.spec import WrongAnswer
from .attempt import quiet
from .diagnosed import forward_parting, graph_finding, plain_factor
from .evidence import Evidence, OutOfTime, uncollected
from .known import known_mistake
from .partial import hard_coded, one_dtype, special_values
from .sizes import one_shape
from .structural import Named, exchanged, structure


@dataclass(frozen=True)
class Recognised:
    """A mistake's short name, None where there is only something to say, and the words for the learner.

    `finding` is what the graph explains of it, and `parting` where a forward pass leaves the right one.
    """

    slug: str | None
    says: str
    finding: Finding | None = None
    parting: Parting | None = None


def recognise(evidence: Evidence) -> Recognised | None:
    """What the answer that failed did, or None where that isn't known."""
    error = evidence.failing.error
    if isinstance(error, WrongAnswer) and error.mistake is not None:
        return Recognised(error.mistake, "")
    if not evidence.small:
        return None
    # NaN is the learner's, and NumPy would warn of it under the cell.
    with quiet(io.StringIO()), uncollected():
        try:
            return _by_name(evidence) or _by_what_it_does(evidence)
        except OutOfTime:
            return None


def _by_name(evidence: Evidence) -> Recognised | None:
    """One of the exercise's known mistakes; where the graph can show it, with the place in the graph."""
    found = known_mistake(evidence)
    if found is None:
        return None
    mistake, all_of_it = found
    # Two outputs in each other's place are more than the mistake that explains one of them.
    swapped = None if all_of_it else exchanged(evidence.failing)
    if swapped:
        return Recognised(*swapped)
    try:
        finding = graph_finding(evidence)
    except OutOfTime:
        finding = None
    return Recognised(mistake.slug, mistake.says, finding, None if finding else forward_parting(evidence))


def _by_what_it_does(evidence: Evidence) -> Recognised | None:
    for look in (_structural, hard_coded, one_dtype):
        named = look(evidence)
        if named is not None:
            return Recognised(*named)
    finding = graph_finding(evidence)
    if finding is not None:
        return Recognised(finding.slug, finding.says, finding)
    for look in (plain_factor, one_shape, special_values):
        named = look(evidence)
        if named is not None:
            return Recognised(*named)
    parted = forward_parting(evidence)
    return Recognised(None, parted.says, parting=parted) if parted else None


def _structural(evidence: Evidence) -> Named | None:
    """What the form of the answer tells, where a fresh case tells the same."""
    named = structure(evidence.failing)
    if named is None or named[0] == "input-changed":
        return named
    for index in evidence.near[:2]:
        again = structure(evidence.at(index))
        if again is not None:
            return named if again[0] == named[0] else None
    return None
