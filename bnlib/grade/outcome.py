"""A result for each exercise from what was noted and what became of the trusted cells; to pass, both have to agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..exercises import find
from .assemble import Piece
from .report import ExerciseResult, Status
from .run import CellResult
from .sitting import MAX_MESSAGE, SLOW, TOO_LATE, Notes

MAX_NOTES = 20
HIDDEN_FAILED = "A further test of the instructor's did not pass."


@dataclass(frozen=True)
class Done:
    """A submission that was run: the sitting's notes, and the trusted cells' results by piece.

    `ended` where the whole run took too long and was ended.
    """

    notes: Notes
    trusted: Mapping[int, CellResult] = field(default_factory=dict)
    ended: bool = False


def exercise_results(
    pieces: list[Piece], done: Done, points: Mapping[str, int], limit: float
) -> list[ExerciseResult]:
    """A result for each exercise of `points`, which maps ids to what they are worth, in order."""
    results = []
    for exercise, worth in points.items():
        mine = [number for number, piece in enumerate(pieces) if piece.exercise == exercise]
        status, message = _decide(exercise, pieces, mine, done, limit)
        verdict = done.notes.verdicts.get(exercise)
        mistake = verdict["mistake"] if verdict and status == verdict["status"] == "failed" else None
        earned = worth if status == "passed" else 0
        results.append(ExerciseResult(exercise, status, earned, worth, message, mistake))
    return results


def added_notes(pieces: list[Piece], done: Done) -> list[str]:
    """A sentence for each of the learner's own cells that stopped; that is reported, and costs nothing."""
    notes = []
    for number, ran in sorted(done.notes.cells.items()):
        piece = pieces[number]
        if piece.role == "added" and piece.number is not None and ran.outcome != "ran":
            what = "took too long" if ran.outcome == "timed out" else ran.says.removeprefix("Your code ")
            notes.append(f"Cell {piece.number}, your own, {what}")
    more = len(notes) - MAX_NOTES
    return notes if more <= 0 else [*notes[:MAX_NOTES], f"{more} more of your own cells stopped."]


def _decide(
    exercise: str, pieces: list[Piece], mine: list[int], done: Done, limit: float
) -> tuple[Status, str]:
    verdict = done.notes.verdicts.get(exercise)
    missing = CellResult("missing")
    check = next(done.trusted.get(n, missing) for n in mine if pieces[n].role == "check")
    further = [done.trusted.get(n, missing) for n in mine if pieces[n].role in ("hidden", "private")]
    answers = [done.notes.cells[n] for n in mine if n in done.notes.cells]
    if verdict is None:
        if done.ended or check.timed_out or check.outcome in ("skipped", "missing"):
            return "timed out", TOO_LATE
        return "error", f"It could not be checked. {_last_line(check.text)}"
    if verdict["status"] == "passed":
        if check.outcome != "passed":
            return "error", "It could not be checked: nbval and the check disagree."
        if all(result.outcome == "passed" for result in further):
            return "passed", verdict["message"]
        late = exercise in done.notes.late or any(result.timed_out for result in further)
        return ("timed out", SLOW.format(limit)) if late else ("failed", HIDDEN_FAILED)
    if verdict["status"] == "not started":
        # The function is missing because its cell stopped: that is what the learner has to know.
        for ran in answers:
            if ran.outcome == "timed out":
                return "timed out", SLOW.format(limit)
            if ran.outcome != "ran":
                return "error", ran.says
        name = find(exercise).functions[0]
        if verdict["message"].startswith(f"`{name}` is not defined yet"):
            return "not started", f"Not started yet: `{name}` is not defined."
    return verdict["status"], verdict["message"]


def _last_line(text: str) -> str:
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    return rows[-1][:MAX_MESSAGE] if rows else "It gave no reason."
