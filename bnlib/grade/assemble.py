"""Puts a submission's answers into the course's own notebook: what nbval then runs.

The order is the course's. Given cells and checks are the course's own, so that changed or deleted ones don't
matter; answers and added cells are the learner's, where they stood. Demonstrations are left out, so that
grading is quick, unless a cell of the learner's needs a name that only they make.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..course.source import SourceCell
from .match import Match
from .names import names, without_markers
from .submission import LearnerCell

Role = Literal["first", "given", "demo", "added", "answer", "check", "hidden"]

_REFEREE = '__import__("bnlib.grade.referee", fromlist=["referee"])'


@dataclass(frozen=True)
class Piece:
    """A code cell to run: what it is for, and the learner's cell that it came from, if any."""

    role: Role
    source: str
    exercise: str | None = None
    learner: LearnerCell | None = None


def assemble(found: Match, seed: int, verdicts: Path) -> list[Piece]:
    """The cells to run, in order. Each check writes its verdict to `verdict_file(verdicts, exercise)`."""
    checks = {cell.number: _beyond_check(cell) for cell in found.book.checks.values()}
    demos = _demos(found, checks)
    pieces = [Piece("first", f"{_REFEREE}.settle_in()"), *_added(found, 0)]
    for cell in found.book.cells:
        if cell.kind == "given":
            edited = found.changed.get(cell.number)
            if edited:
                pieces.append(_learners("added", edited))
            pieces.append(Piece("given", cell.source))
        elif cell.kind == "demo" and cell.number in demos:
            pieces.append(Piece("demo", without_markers(demos[cell.number])))
        elif cell.kind == "answer" and cell.exercise:
            answers = found.answers[cell.exercise]
            pieces += [_learners("answer", answer, cell.exercise) for answer in answers]
            if not answers:
                pieces.append(Piece("answer", cell.stub_source, cell.exercise))
        elif cell.kind == "check" and cell.exercise:
            path = str(verdict_file(found, verdicts, cell.exercise))
            pieces.append(
                Piece("check", f"{_REFEREE}.decide({cell.exercise!r}, {seed}, {path!r})", cell.exercise)
            )
            if checks[cell.number]:
                pieces.append(Piece("hidden", checks[cell.number], cell.exercise))
        pieces += _added(found, cell.number)
    return pieces


def verdict_file(found: Match, verdicts: Path, exercise: str) -> Path:
    """Where the check of an exercise writes; numbered, since a course may use any text as an id."""
    return verdicts / f"{list(found.book.checks).index(exercise)}.json"


def notebook(pieces: list[Piece]) -> dict[str, Any]:
    """The cells as a notebook with nothing of the learner's but the text of those cells."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": piece.source,
        }
        for number, piece in enumerate(pieces)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _learners(role: Role, cell: LearnerCell, exercise: str | None = None) -> Piece:
    return Piece(role, without_markers(cell.source), exercise, cell)


def _added(found: Match, number: int) -> Iterator[Piece]:
    return (_learners("added", cell) for cell in found.added.get(number, ()))


def _beyond_check(cell: SourceCell) -> str:
    """What a check cell holds besides the call of `check`: hidden tests, and what else its author wrote."""
    lines = cell.stub_source.split("\n")
    for statement in ast.parse(cell.stub_source).body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "check":
            for line in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
                lines[line] = ""
    text = "\n".join([*lines, cell.hidden]).strip()
    return text if ast.parse(text).body else ""


def _demos(found: Match, checks: dict[int, str]) -> dict[int, str]:
    """The demonstrations that a submission leans on, by number, each as the learner left it.

    An `import` or a batch of digits from a demonstration works in the learner's notebook, so it has to here.
    """
    cells = found.book.cells
    learners = [cell for group in (*found.answers.values(), *found.added.values()) for cell in group]
    learners += [cell for number, cell in found.changed.items() if cells[number - 1].kind == "given"]
    texts = [cell.source for cell in learners] + list(checks.values())
    given = [cell.source for cell in cells if cell.kind == "given"]
    stubs = [cell.stub_source for cell in cells if cell.kind == "answer"]
    made = frozenset[str]().union(*(names(text).bound for text in texts + given + stubs))
    needed = frozenset[str]().union(*(names(text).needed for text in texts)) - made
    pool = {
        cell.number: found.changed[cell.number].source if cell.number in found.changed else cell.source
        for cell in cells
        if cell.kind == "demo"
    }
    chosen: dict[int, str] = {}
    while needed:
        new = {n: text for n, text in pool.items() if n not in chosen and names(text).bound & needed}
        chosen |= new
        needed = frozenset[str]().union(*(names(text).needed for text in new.values())) - made
    return chosen
