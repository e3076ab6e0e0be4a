"""A result for each exercise from what nbval and the verdict files say; to pass, both have to agree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..exercises import find
from .assemble import Piece
from .report import ExerciseResult, Status
from .run import CellResult, Run

MAX_VERDICT = 2**20
MAX_MESSAGE = 2000
HIDDEN_FAILED = "A further test of the instructor's did not pass."
STATUSES = ("passed", "failed", "not started", "error")

_COLOUR = re.compile(r"#x1B\[[0-9;]*m|\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^\s*(Cell In|File) ?.*?(?:line |:)(\d+)")
_ARROW = re.compile(r"^-+> ?(\d+)(?: (.*))?$")

Verdict = dict[str, Any]


def exercise_results(
    pieces: list[Piece], done: Run, points: dict[str, int], verdict_of: Callable[[str], Path], limit: float
) -> list[ExerciseResult]:
    """A result for each exercise of `points`, which maps ids to what they are worth, in order."""
    results = []
    for exercise, worth in points.items():
        cells = [(p, r) for p, r in zip(pieces, done.cells, strict=True) if p.exercise == exercise]
        verdict = read_verdict(verdict_of(exercise))
        status, message = _decide(exercise, cells, verdict, limit)
        mistake = verdict["mistake"] if verdict and status == verdict["status"] == "failed" else None
        earned = worth if status == "passed" else 0
        results.append(ExerciseResult(exercise, status, earned, worth, message, mistake))
    return results


def added_notes(pieces: list[Piece], done: Run) -> list[str]:
    """A sentence for each of the learner's own cells that stopped; that is reported, and costs nothing."""
    notes = []
    for piece, result in zip(pieces, done.cells, strict=True):
        if piece.role == "added" and piece.learner and result.outcome == "failed":
            what = "took too long" if result.timed_out else stopped(result.text).removeprefix("Your code ")
            notes.append(f"Cell {piece.learner.number}, your own, {what}")
    return notes


def _decide(
    exercise: str, cells: list[tuple[Piece, CellResult]], verdict: Verdict | None, limit: float
) -> tuple[Status, str]:
    by_role = {piece.role: result for piece, result in cells}
    check, hidden = by_role["check"], by_role.get("hidden")
    answers = [result for piece, result in cells if piece.role == "answer"]
    slow = f"It took longer than {limit:g} seconds and was stopped. Does a loop in it never end?"
    if verdict is None:
        if check.timed_out or any(result.timed_out for result in answers):
            return "timed out", slow
        if check.outcome in ("skipped", "missing"):
            return "timed out", "It could not be checked: a cell took too long, here or earlier."
        if check.outcome == "passed":
            return "error", "It could not be checked: the check left no verdict."
        return "error", f"It could not be checked. {_last_line(check.text)}"
    if verdict["status"] == "passed":
        if check.outcome != "passed":
            return "error", "It could not be checked: nbval and the check disagree."
        if hidden is None or hidden.outcome == "passed":
            return "passed", verdict["message"]
        return ("timed out", slow) if hidden.timed_out else ("failed", HIDDEN_FAILED)
    if verdict["status"] == "not started":
        # The function is missing because its cell stopped: that is what the learner has to know.
        for result in answers:
            if result.timed_out:
                return "timed out", slow
            if result.outcome == "failed":
                return "error", stopped(result.text)
        name = find(exercise).functions[0]
        if verdict["message"].startswith(f"`{name}` is not defined yet"):
            return "not started", f"Not started yet: `{name}` is not defined."
    return verdict["status"], verdict["message"]


def read_verdict(path: Path) -> Verdict | None:
    """A verdict file as its three fields; None where it is missing, or is not what a check writes."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_VERDICT).decode("utf-8"))
        status, message, mistake = found["status"], found["message"], found["mistake"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if status not in STATUSES or not isinstance(message, str) or not isinstance(mistake, (str, type(None))):
        return None
    return {"status": status, "message": message[:MAX_MESSAGE], "mistake": mistake and mistake[:100]}


def stopped(text: str) -> str:
    """A cell's error in the card's words: the learner's own line on which it stopped, and the exception."""
    number, line, ours, awaited = None, "", False, False
    for row in _COLOUR.sub("", text).splitlines():
        frame, arrow = _FRAME.match(row), _ARROW.match(row)
        if frame:
            # Frames in other files say nothing to a learner.
            ours = awaited = frame[1] == "Cell In"
            if ours:
                number, line = int(frame[2]), ""
        elif arrow and ours:
            number, line, awaited = int(arrow[1]), (arrow[2] or "").strip(), False
        elif awaited and row.strip():
            line, awaited = row.strip(), False
    where = f" on line {number}" + (f", `{line}`" if line else "") if number else ""
    return f"Your code stopped{where}. {_last_line(text)}"


def _last_line(text: str) -> str:
    rows = [row.strip() for row in _COLOUR.sub("", text).splitlines() if row.strip()]
    return rows[-1][:MAX_MESSAGE] if rows else "It gave no reason."
