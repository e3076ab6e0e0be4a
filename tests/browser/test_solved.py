"""The course done: each notebook with a solution in every answer, run in JupyterLab."""

from __future__ import annotations

import pytest
from lab import Lab, errors
from lessons import NOTEBOOKS, ROOT, cards, cell_id, exercises, open_copy
from playwright.sync_api import Page

from bnlib.course import build, source

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_passes_with_a_solution_in_every_answer(lab: Lab, window: Page, name: str) -> None:
    book = source.load(ROOT / "source" / f"{name}.py")
    notebook = open_copy(lab, window, name, build.dump(build.solved(book)))
    try:
        notebook.run_all()
        assert errors(notebook) == []
        found = {exercise.id: cards(notebook, cell_id("check", exercise)) for exercise in exercises(name)}
        assert found == {exercise.id: ["passed"] for exercise in exercises(name)}
    finally:
        notebook.close()
