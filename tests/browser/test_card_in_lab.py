"""The card of a wrong answer in a real JupyterLab: its link scrolls, and nothing about it hinders anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from lab import Notebook

pytestmark = pytest.mark.browser

ANSWER = """\
from bnlib import check
from bnlib.suspects import wrong_backward
batchnorm_backward = wrong_backward("dxmu2 lost")
check("3.10")
"""


@pytest.fixture
def lesson(open_notebook: Callable[[Path], Notebook], tmp_path: Path) -> Notebook:
    """A heading, a long way down, and a check that fails."""
    text = [
        ("heading", "## The whole backward pass"),
        *((f"way{i}", "And so on.\n\n" * 30) for i in range(6)),
    ]
    cells: list[dict] = [
        {"cell_type": "markdown", "metadata": {}, "id": name, "source": source} for name, source in text
    ]
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells.append({**blank, "id": "answer", "source": ANSWER})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    file = tmp_path / "03_backward.ipynb"
    file.write_text(json.dumps(notebook))
    opened = open_notebook(file)
    opened.run_all()
    return opened


def test_the_link_goes_to_the_section_and_the_card_can_be_used_by_everybody(lesson: Notebook) -> None:
    card = lesson.locate("answer").locator(".bnlib-card")
    card.wait_for()
    assert card.locator("strong").inner_text().strip() == "variance-path-dropped:"
    assert card.locator("img").get_attribute("alt").startswith("What sq sends back to xmu is wrong: missing.")
    lesson.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        lesson.theme(theme)
        assert lesson.page.evaluate("axe.run('.bnlib-card')")["violations"] == [], theme
    card.get_by_role("link", name="The whole backward pass").click()
    heading = lesson.page.locator("h2", has_text="The whole backward pass")
    lesson.page.wait_for_function(
        "heading => { const box = heading.getBoundingClientRect(); return 0 < box.top && box.top < 400 }",
        arg=heading.element_handle(),
    )
