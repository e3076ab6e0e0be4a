"""Puts a submission's answers into the course's own notebook: what the worker runs, and what decides about it.

The order is the course's. Given cells and checks are the course's own, so that changed or deleted ones don't
matter; answers and added cells are the learner's, where they stood. Demonstrations are left out, so that
grading is quick, unless a cell of the learner's needs a name that only they make.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from ..course.source import SourceCell
from .match import Match
from .names import names
from .submission import LearnerCell

Role = Literal["given", "demo", "added", "answer", "check", "shown", "hidden", "private"]

# The worker runs these, in order.
IN_WORKER = frozenset({"given", "demo", "added", "answer"})
# A process that never runs a learner's code runs these, in order; all but checks as they are written.
TRUSTED = frozenset({"given", "shown", "check", "hidden", "private"})


@dataclass(frozen=True)
class Piece:
    """A code cell to run: what it is for, its text, and the number of the learner's cell it is, if any."""

    role: Role
    source: str
    exercise: str | None = None
    number: int | None = None


def assemble(found: Match, private: Mapping[str, str] | None = None) -> list[Piece]:
    """The cells to run, in order. `private` has an instructor's own asserts by exercise."""
    hidden = {cell.number: _beyond_check(cell) for cell in found.book.checks.values()}
    learners = [cell for group in (*found.answers.values(), *found.added.values()) for cell in group]
    cells = found.book.cells
    learners += [cell for number, cell in found.changed.items() if cells[number - 1].kind == "given"]
    # As the learner left them, for the learner's cells; as the course has them, for the course's asserts.
    edited = {number: cell.source for number, cell in found.changed.items()}
    demos = _demos(found, [cell.source for cell in learners], edited)
    shown = _demos(found, [*hidden.values(), *(private or {}).values()], {})
    pieces = [*_added(found, 0)]
    for cell in cells:
        if cell.kind == "given":
            if cell.number in found.changed:
                pieces.append(_learners("added", found.changed[cell.number]))
            pieces.append(Piece("given", cell.source))
        elif cell.kind == "demo":
            if cell.number in demos:
                pieces.append(Piece("demo", demos[cell.number]))
            if cell.number in shown:
                pieces.append(Piece("shown", shown[cell.number]))
        elif cell.kind == "answer" and cell.exercise:
            answers = found.answers[cell.exercise]
            pieces += [_learners("answer", answer, cell.exercise) for answer in answers]
            if not answers:
                pieces.append(Piece("answer", cell.stub_source, cell.exercise))
        elif cell.kind == "check" and cell.exercise:
            pieces.append(Piece("check", "", cell.exercise))
            if hidden[cell.number]:
                pieces.append(Piece("hidden", hidden[cell.number], cell.exercise))
            if private and private.get(cell.exercise):
                pieces.append(Piece("private", private[cell.exercise], cell.exercise))
        pieces += _added(found, cell.number)
    return pieces


@dataclass(frozen=True)
class KernelCell:
    """A cell of the notebook that nbval runs; `piece` is the number of the piece whose outcome it has."""

    source: str
    piece: int | None = None


_REFEREE = '__import__("bnlib.grade.referee", fromlist=["referee"])'


def kernel_cells(pieces: list[Piece], folder: str) -> list[KernelCell]:
    """The trusted cells: nothing in them is the learner's. `folder` has the rest, and gets what is found."""
    cells = [KernelCell(f"{_REFEREE}.begin({folder!r})")]
    for number, piece in enumerate(pieces):
        if piece.role == "check":
            cells.append(KernelCell(f"{_REFEREE}.hear({number})"))
            cells.append(KernelCell(f"{_REFEREE}.decide({number})", number))
        elif piece.role in TRUSTED:
            cells.append(KernelCell(piece.source, number))
    return [*cells, KernelCell(f"{_REFEREE}.end()")]


def notebook(cells: Iterable[KernelCell]) -> dict[str, Any]:
    """The cells as a notebook."""
    code: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": cell.source,
        }
        for number, cell in enumerate(cells)
    ]
    return {"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _learners(role: Role, cell: LearnerCell, exercise: str | None = None) -> Piece:
    return Piece(role, cell.source, exercise, cell.number)


def _added(found: Match, number: int) -> Iterator[Piece]:
    return (_learners("added", cell) for cell in found.added.get(number, ()))


@lru_cache(maxsize=1024)
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


def _demos(found: Match, texts: list[str], edited: Mapping[int, str]) -> dict[int, str]:
    """The demonstrations that some texts lean on, by number, each as it stands in `edited` if it does.

    An `import` or a batch of digits from a demonstration works in the learner's notebook, so it has to here.
    """
    cells = found.book.cells
    given = [cell.source for cell in cells if cell.kind == "given"]
    stubs = [cell.stub_source for cell in cells if cell.kind == "answer"]
    made = frozenset[str]().union(*(names(text).bound for text in texts + given + stubs))
    needed = frozenset[str]().union(*(names(text).needed for text in texts)) - made
    pool = {cell.number: edited.get(cell.number, cell.source) for cell in cells if cell.kind == "demo"}
    chosen: dict[int, str] = {}
    while needed:
        new = {n: text for n, text in pool.items() if n not in chosen and names(text).bound & needed}
        chosen |= new
        needed = frozenset[str]().union(*(names(text).needed for text in new.values())) - made
    return chosen
