"""Which notebook of a course a file answers, and which of its cells answer which exercise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..course.build import digest, learners
from ..course.source import SourceCell, SourceNotebook
from ..exercises import Course, find
from .names import names
from .submission import LearnerCell, Submission, Unreadable

# A learner's own calls of these, in cells of their own, are nothing to grade.
_OURS_ONLY = re.compile(r"(?:\s*(?:check|hint|progress)\([^()]*\);?\s*)*")


@dataclass(frozen=True)
class Match:
    """A submission held against the course's own notebook.

    `answers` has the cells that answer each exercise, in the learner's order; none where it is untouched.
    `added` has the learner's own cells by the number of the source's cell behind which they stood, 0 for the
    top. `changed` has given and demonstration cells that were edited, by the source's number.
    """

    book: SourceNotebook
    answers: Mapping[str, tuple[LearnerCell, ...]]
    added: Mapping[int, tuple[LearnerCell, ...]]
    changed: Mapping[int, LearnerCell]
    notes: tuple[str, ...]


def identify(submission: Submission, courses: Mapping[str, Course]) -> tuple[Course, str]:
    """The course and notebook that a file answers: by its metadata, then its exercise ids, then its name.

    Raises Unreadable where it answers none.
    """
    if submission.course is not None and submission.course not in courses:
        raise Unreadable(f"It belongs to the course {submission.course!r}, which is not installed here.")
    named = [courses[submission.course]] if submission.course else list(courses.values())
    for course in named:
        if submission.notebook in course.notebooks:
            return course, str(submission.notebook)
    claimed = set().union(*map(_claims, submission.cells)) if submission.cells else set()
    found: list[tuple[int, Course, str]] = []
    for course in named:
        for notebook, exercises in course.notebooks.items():
            hits = sum(
                f"{kind}-{_dashed(e.id)}" in claimed for e in exercises for kind in ("answer", "check")
            )
            found.append((hits, course, notebook))
    best = max(found, key=lambda entry: entry[0], default=None)
    if best and best[0]:
        return best[1], best[2]
    stem = re.sub(r"[^a-z0-9]+", "_", submission.path.stem.lower())
    by_name = [
        (c, n) for _, c, n in found if re.search(rf"(?<![a-z0-9]){re.escape(n.lower())}(?![a-z0-9])", stem)
    ]
    if by_name:
        return max(by_name, key=lambda entry: len(entry[1]))
    raise Unreadable("It is a notebook, but answers none of the course's: it has none of their exercises.")


def match(submission: Submission, book: SourceNotebook) -> Match:
    """Find the answers, the added and the changed cells of a submission in the notebook that it answers."""
    homes = _homes(book)
    own: dict[str, list[LearnerCell]] = {exercise: [] for exercise in book.answers}
    there: set[str] = set()
    changed: dict[int, LearnerCell] = {}
    loose: list[LearnerCell] = []
    behind: dict[int, int] = {}
    last = 0
    for cell in submission.cells:
        home = homes.of(cell, last)
        behind[cell.number] = last
        if home is not None:
            last = home.number
            touched = not _same(cell.source, home.stub_source) and not _as_handed_out(cell)
            if home.kind == "answer":
                there.add(str(home.exercise))
                if touched and cell.source.strip():
                    own[str(home.exercise)].append(cell)
            elif touched and home.kind in ("given", "demo"):
                changed[home.number] = cell
        elif not _as_handed_out(cell) and not _OURS_ONLY.fullmatch(cell.source):
            loose.append(cell)
    candidates = sorted(
        [*loose, *changed.values(), *(cell for cells in own.values() for cell in cells)],
        key=lambda c: c.number,
    )
    notes: list[str] = []
    used: set[int] = set()
    for exercise, cells in own.items():
        wanted = set(find(exercise).functions)
        if any(names(cell.source).bound & wanted for cell in cells):
            continue
        found = [cell for cell in candidates if names(cell.source).bound & wanted]
        if found:
            cells += found
            used |= {cell.number for cell in found}
            where = " and ".join(str(cell.number) for cell in found)
            notes.append(f"The answer to {exercise} was found in cell {where}, outside its own cell.")
        elif exercise not in there:
            notes.append(f"There is no answer cell for {exercise}.")
    added: dict[int, tuple[LearnerCell, ...]] = {}
    for cell in loose:
        if cell.number not in used:
            added[behind[cell.number]] = (*added.get(behind[cell.number], ()), cell)
    return Match(book, {e: tuple(cells) for e, cells in own.items()}, added, changed, tuple(notes))


class _Homes:
    """Where a learner's cell comes from: the source's cell with its id, then its label, then its text."""

    def __init__(self, book: SourceNotebook):
        built = learners(book)["cells"]
        code = [(cell, made) for cell, made in zip(book.cells, built, strict=True) if cell.kind != "markdown"]
        self.by_id: dict[str, SourceCell] = {made["id"]: cell for cell, made in code}
        self.by_text: dict[str, list[SourceCell]] = {}
        for cell, _ in code:
            self.by_text.setdefault(_plain(cell.stub_source), []).append(cell)

    def of(self, cell: LearnerCell, last: int) -> SourceCell | None:
        """The source's cell, or None for a cell that was added; `last` is the number of the one before."""
        if cell.id in self.by_id:
            return self.by_id[cell.id]
        for claim in _claims(cell):
            if claim in self.by_id:
                return self.by_id[claim]
        same = self.by_text.get(_plain(cell.source), []) if cell.source.strip() else []
        return next((home for home in same if home.number > last), same[0] if same else None)


@lru_cache(maxsize=64)
def _homes(book: SourceNotebook) -> _Homes:
    return _Homes(book)


def _claims(cell: LearnerCell) -> set[str]:
    """The ids under which a cell goes: its own, nbgrader's, and what its label in our metadata says."""
    claims = {cell.id}
    theirs, ours = cell.metadata.get("nbgrader"), _label(cell)
    if isinstance(theirs, dict) and isinstance(theirs.get("grade_id"), str):
        claims.add(theirs["grade_id"])
    if isinstance(ours.get("kind"), str) and isinstance(ours.get("exercise"), str):
        claims.add(f"{ours['kind']}-{_dashed(ours['exercise'])}")
    return claims


def _as_handed_out(cell: LearnerCell) -> bool:
    """Whether the cell is still what some version of the course handed out, though perhaps not this one."""
    text = digest(cell.source)
    return _label(cell).get("stub") == text or cell.id.partition("-")[0] == text


def _label(cell: LearnerCell) -> dict[str, Any]:
    ours = cell.metadata.get("bnlib")
    return ours if isinstance(ours, dict) else {}


def _dashed(exercise: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", exercise)


def _same(text: str, other: str) -> bool:
    return _plain(text) == _plain(other)


def _plain(text: str) -> str:
    """A text without what editors change on their own: blanks at the ends of lines and empty lines around."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
