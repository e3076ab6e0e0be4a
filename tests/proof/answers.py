"""The course's own solutions, cell by cell, ready to be run with one cell replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bnlib.course.source import SourceNotebook, find_course_sources, load
from bnlib.exercises import Exercise, find

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """An exercise with its solution's text and the names that the rest of its notebook defines."""

    exercise: Exercise
    source: str
    notebook: str

    def namespace(self, source: str | None = None) -> dict[str, Any]:
        """What the notebook holds with another text in the place of the solution; the others stay right."""
        found = dict(_base(self.notebook))
        exec(compile(source or self.source, f"<{self.exercise.id}>", "exec"), found)
        return found


@cache
def answers(notebook: str) -> tuple[Answer, ...]:
    """The answers of a notebook, in order."""
    book = _book(notebook)
    return tuple(
        Answer(find(cell.exercise), cell.source, notebook)
        for cell in book.cells
        if cell.kind == "answer" and cell.exercise
    )


def every_answer() -> Iterator[Answer]:
    """All answers of the course."""
    for name in find_course_sources(ROOT):
        yield from answers(name)


@cache
def _book(name: str) -> SourceNotebook:
    return load(find_course_sources(ROOT)[name])


@cache
def _base(name: str) -> Mapping[str, Any]:
    """The given cells and every solution, run once."""
    found: dict[str, Any] = {}
    for cell in _book(name).cells:
        if cell.kind in ("given", "answer"):
            exec(compile(cell.source, f"<{name}>", "exec"), found)
    return MappingProxyType(found)


def judges(answer: Answer) -> tuple[Exercise, ...]:
    """The exercises that judge an answer: its own, and the backward pass that gets the cache it makes."""
    names = set(answer.exercise.functions)
    others = (other.exercise for other in answers(answer.notebook))
    return (answer.exercise, *(other for other in others if names & set(other.also)))
