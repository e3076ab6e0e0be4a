"""The course's notebooks, for the tests that open them: where they are, and how their cells are named."""

from __future__ import annotations

from pathlib import Path

from lab import Lab, Notebook
from playwright.sync_api import Page

from bnlib.exercises import Exercise, courses

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}


def open_copy(lab: Lab, window: Page, name: str, text: str) -> Notebook:
    """Open a notebook in a learner's fresh folder, with a kernel of its own."""
    copy = lab.folder() / f"{name}.ipynb"
    copy.write_text(text, encoding="utf-8")
    return lab.open_in(window, copy)


def exercises(name: str) -> tuple[Exercise, ...]:
    """The exercises of a notebook, in their order."""
    return next(course.notebooks[name] for course in courses().values() if name in course.notebooks)


def cell_id(kind: str, exercise: Exercise) -> str:
    """The id that the build gives to an exercise's cell."""
    return f"{kind}-{exercise.id.replace('.', '-')}"


def cards(notebook: Notebook, identifier: str) -> list[str]:
    """What kinds of card a cell shows."""
    found: list[str] = (
        notebook.locate(identifier)
        .locator(".bnlib-card")
        .evaluate_all("cards => cards.map(card => card.dataset.kind)")
    )
    return found
