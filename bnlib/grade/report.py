"""The report: what was found, as data, as JSON, and as a plain table for the terminal."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..check.record import write_whole

Status = Literal["passed", "failed", "not started", "error", "timed out"]
SubmissionStatus = Literal["graded", "unreadable", "timed out"]

SCHEMA = 1
# What each kind of isolation is worth, in the words that end a run.
ISOLATIONS = {
    "bubblewrap": "Isolated: each submission's code ran in a sandbox of its own, without network or files.",
    "process": "Isolated in part: each submission's code ran in a process of its own, which may read what you may.",
}
SIGNS: dict[Status, str] = {"passed": "✓", "failed": "✗", "not started": "○", "error": "!", "timed out": "…"}


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise of one submission: `message` in the card's words, `mistake` a known mistake's name."""

    id: str
    status: Status
    points: int
    max_points: int
    message: str
    mistake: str | None = None


@dataclass(frozen=True)
class SubmissionResult:
    """One file. `notebook` is the course's notebook that it answers, None where it could not be read."""

    submission: str
    notebook: str | None
    status: SubmissionStatus
    score: int
    max_score: int
    seconds: float
    notes: tuple[str, ...] = ()
    exercises: tuple[ExerciseResult, ...] = ()


@dataclass(frozen=True)
class Report:
    """A whole run of the grader. With the same `seed` the checks use the same numbers again."""

    course: str
    version: str
    seed: int
    submissions: tuple[SubmissionResult, ...]
    engine: str = "nbval"
    isolation: str = "process"
    schema: int = field(default=SCHEMA)

    @property
    def complete(self) -> bool:
        """Whether every submission could be graded."""
        return all(result.status == "graded" for result in self.submissions)


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain data, its fields in the schema's order."""
    fields = asdict(report)
    order = ("schema", "course", "version", "engine", "isolation", "seed", "submissions")
    plain = {name: fields[name] for name in order}
    plain["submissions"] = [
        {**one, "notes": list(one["notes"]), "exercises": list(one["exercises"])}
        for one in plain["submissions"]
    ]
    return plain


def write_json(report: Report, path: str | Path) -> None:
    """Write the report as JSON, whole or not at all."""
    write_whole(Path(path), json.dumps(as_dict(report), indent=2) + "\n")


def table(report: Report) -> str:
    """The report for a terminal: a row for each submission, and below it what did not pass, and why."""
    rows = [("Submission", "Notebook", "Score", "Exercises")]
    rows += [_row(result) for result in report.submissions]
    widths = [max(_width(row[column]) for row in rows) for column in range(3)]
    lines: list[str] = []
    for row, result in zip(rows, (None, *report.submissions), strict=True):
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[3]]).rstrip())
        lines += _details(result) if result else []
    return "\n".join(lines)


def summary(report: Report) -> str:
    """Two lines to end with: how many could be graded, and how to have the same checks again."""
    count = len(report.submissions)
    graded = sum(result.status == "graded" for result in report.submissions)
    noun = "submission" if count == 1 else "submissions"
    return (
        f"{graded} of {count} {noun} graded. --seed {report.seed} gives the same checks again.\n"
        f"{ISOLATIONS[report.isolation]}"
    )


def _row(result: SubmissionResult) -> tuple[str, str, str, str]:
    score = f"{result.score}/{result.max_score}" if result.exercises else "-"
    signs = " ".join(f"{SIGNS[e.status]} {e.id}" for e in result.exercises)
    return printable(result.submission), result.notebook or "-", score, signs or result.status


def _details(result: SubmissionResult) -> list[str]:
    lines = [f"{e.id}  {e.status}: {e.message}" for e in result.exercises if e.status != "passed"]
    return [f"    {printable(line)}" for line in (*lines, *result.notes)]


def printable(text: str) -> str:
    """A learner's text for a terminal: on one line, with nothing that moves the cursor or changes colours."""
    return "".join(
        c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
