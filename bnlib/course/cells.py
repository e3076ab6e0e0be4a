"""What a source is read into: a notebook's cells, each with what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from . import marks

Kind = Literal["markdown", "demo", "given", "answer", "check"]


class SourceError(ValueError):
    """A source that can't become a notebook. The message names the file, and the cell where there is one."""


@dataclass(frozen=True)
class SourceCell:
    """One cell. `source` is its text as the author wrote it, markers included.

    `exercise` is the id of the exercise that an answer or a check belongs to, `points` what a check is worth.
    `number` counts the notebook's cells from 1.
    """

    kind: Kind
    source: str
    number: int
    exercise: str | None = None
    points: int = 0

    @cached_property
    def stub_source(self) -> str:
        """What a learner gets: the solution replaced by a stub, hidden tests taken out."""
        return marks.without_hidden(marks.stubbed(self.source))

    @property
    def solution_source(self) -> str:
        """The cell solved: the solution without its marker lines, hidden tests taken out."""
        return marks.unmarked(marks.without_hidden(self.source))

    @cached_property
    def hidden(self) -> str:
        """The hidden tests without their marker lines; empty where there are none."""
        return marks.hidden(self.source)

    @property
    def label(self) -> str:
        """How an error names the cell."""
        what = f" ({self.kind} {self.exercise})" if self.exercise else f" ({self.kind})"
        return f"cell {self.number}{what}"


@dataclass(frozen=True)
class SourceNotebook:
    """A notebook as its author wrote it: `name` such as "03_backward", and `title`, the text of its H1."""

    name: str
    title: str
    course: str
    cells: tuple[SourceCell, ...]

    @property
    def answers(self) -> dict[str, SourceCell]:
        """Each exercise's answer cell by its id, in the order of the notebook."""
        return {cell.exercise: cell for cell in self.cells if cell.kind == "answer" and cell.exercise}

    @property
    def checks(self) -> dict[str, SourceCell]:
        """Each exercise's check cell by its id, in the order of the notebook."""
        return {cell.exercise: cell for cell in self.cells if cell.kind == "check" and cell.exercise}
