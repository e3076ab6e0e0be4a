"""Whose submission a file is, and which of several attempts counts.

The convention: in a folder that is graded, each folder directly in it is a learner, whatever lies below; of
several attempts at a notebook the best counts. nbgrader's `submitted/`, Moodle's download and a folder of
cloned repositories have that form already. A file that lies directly in the folder belongs to whom its name
says besides the notebook's (`jane_03_backward.ipynb` is jane's), and where it says no more, as in `my_course`,
to the folder itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..report import ExerciseResult, Report, SubmissionResult


@dataclass(frozen=True)
class Learner:
    """One row of the class: the best attempt at each notebook, by the notebook's name.

    `unread` has the submissions that could not be graded, `attempts` counts all files.
    """

    name: str
    best: Mapping[str, SubmissionResult]
    unread: tuple[SubmissionResult, ...]
    attempts: int

    @property
    def score(self) -> int:
        """The points of the attempts that count."""
        return sum(result.score for result in self.best.values())

    @property
    def max_score(self) -> int:
        """What could have been had in the notebooks that were handed in."""
        return sum(result.max_score for result in self.best.values())

    @property
    def exercises(self) -> dict[str, ExerciseResult]:
        """Every exercise of the attempts that count, by id."""
        return {one.id: one for result in self.best.values() for one in result.exercises}


def learners(report: Report, roots: Iterable[str | Path]) -> list[Learner]:
    """The learners of a report in the order in which they were met; `roots` are the paths that were graded.

    Of two attempts with the same score the later in the report counts.
    """
    folders = [Path(root) for root in roots]
    groups: dict[str, list[SubmissionResult]] = {}
    for result in report.submissions:
        groups.setdefault(whose(result, folders), []).append(result)
    return [_learner(name, results) for name, results in groups.items()]


def whose(result: SubmissionResult, roots: Sequence[Path]) -> str:
    """The name of the learner whose file it is, by the convention above."""
    path = Path(result.submission)
    for root in roots:
        if path != root and path.is_relative_to(root):
            inside = path.relative_to(root).parts
            return inside[0] if len(inside) > 1 else _named(path, result.notebook) or _folder(root)
    return _named(path, result.notebook) or _folder(path.parent)


def _learner(name: str, results: list[SubmissionResult]) -> Learner:
    best: dict[str, SubmissionResult] = {}
    for result in results:
        if result.notebook and result.exercises:
            there = best.get(result.notebook)
            if there is None or result.score >= there.score:
                best[result.notebook] = result
    unread = tuple(result for result in results if result.status == "unreadable")
    return Learner(name, dict(sorted(best.items())), unread, len(results))


def _named(path: Path, notebook: str | None) -> str:
    """What a file's name says besides the notebook's; a copy's number or date is no name."""
    if not notebook or notebook.lower() not in path.stem.lower():
        return "" if notebook is None else path.stem
    rest = re.sub(re.escape(notebook), " ", path.stem, count=1, flags=re.IGNORECASE).strip(" _-.")
    rest = re.sub(r"^\(.*\)$|^(?:copy)?[\W\d_]*$", "", rest, flags=re.IGNORECASE)
    return rest.strip(" _-.")


def _folder(path: Path) -> str:
    return path.resolve().name or str(path)
