"""Run a notebook under nbval as a school would, and say which of its cells failed."""

from __future__ import annotations

from pathlib import Path

from bnlib.course.source import SourceNotebook, find_course_sources, load
from bnlib.grade.run import run

ROOT = Path(__file__).resolve().parents[2]
LESSONS = find_course_sources(ROOT)


def lesson(name: str) -> SourceNotebook:
    """A lesson's source."""
    return load(LESSONS[name])


def failures(notebook: dict, folder: Path) -> list[str]:
    """The ids of the cells that fail under `pytest --nbval-lax`; every code cell must have been run."""
    found = run(notebook, folder, cell_timeout=300, limit=600)
    assert not found.ended
    code = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    results = found.cells[: len(code)]
    assert {result.outcome for result in results} <= {"passed", "failed"}, results
    return [name for name, result in zip(code, results, strict=True) if result.outcome == "failed"]
