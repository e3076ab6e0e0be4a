"""Links to sections, clicked in JupyterLab: those of the glossary, into other notebooks, and those of a card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from lab import Lab, Notebook
from lessons import NOTEBOOKS
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

# The heading stands in the upper half of the notebook's part of the page, and every cell has been drawn, so
# that nothing above it can push it away any more.
AT_THE_SECTION = """([name, heading]) => {
    const widget = jupyterapp.shell.currentWidget;
    if (!widget?.context?.path.endsWith(name)) return false;
    if (widget.content.widgets.some(cell => cell.isPlaceholder())) return false;
    const found = [...widget.node.querySelectorAll("h2, h3")].find(h => h.textContent.startsWith(heading));
    if (!found) return false;
    const page = widget.node.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect();
    const below = found.getBoundingClientRect().top - page.top;
    return below >= 0 && below < page.height / 2;
}"""


@pytest.fixture(scope="module")
def lab_that_draws_all(lab: Lab) -> Iterator[Lab]:
    """JupyterLab with windowing mode "defer", which draws every cell, one after the other.

    Its own default jumps before the cells above have their heights, so that a section which is opened for the
    first time ends up below the screen.
    """
    settings = lab.root.parent / "settings" / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    before = settings.read_text()
    settings.write_text(json.dumps({"windowingMode": "defer"}))
    yield lab
    settings.write_text(before)


@pytest.fixture(scope="module")
def glossary(lab_that_draws_all: Lab, browser: Browser) -> Iterator[Notebook]:
    """The glossary, open, with every notebook beside it."""
    folder = lab_that_draws_all.folder()
    for path in NOTEBOOKS.values():
        shutil.copy(path, folder)
    notebook = lab_that_draws_all.open(browser, folder / "12_glossary.ipynb")
    yield notebook
    notebook.close()


@pytest.mark.parametrize(
    ("target", "text"),
    [
        # Plain, with signs that an address may not like, and far down.
        ("03_backward", "Step 7 joins two branches"),
        ("01_forward", "N or N - 1?"),
        ("08_does_it_matter", "Running statistics in the batch's place"),
    ],
)
def test_a_link_opens_the_notebook_at_its_section(glossary: Notebook, target: str, text: str) -> None:
    glossary.page.get_by_role("tab", name="12_glossary.ipynb").click()
    glossary.page.get_by_role("link", name=text, exact=True).first.click()
    glossary.page.wait_for_function(AT_THE_SECTION, arg=[f"{target}.ipynb", text])


def test_a_cards_link_leads_back_to_the_section_that_explains_it(
    lab_that_draws_all: Lab, browser: Browser
) -> None:
    folder = lab_that_draws_all.folder()
    shutil.copy(NOTEBOOKS["01_forward"], folder)
    notebook = lab_that_draws_all.open(browser, folder / "01_forward.ipynb")
    try:
        notebook.run_all()
        card = notebook.locate("check-1-4").locator(".bnlib-card")
        card.get_by_role("link", name="The whole layer").click()
        notebook.page.wait_for_function(AT_THE_SECTION, arg=["01_forward.ipynb", "The whole layer"])
    finally:
        notebook.close()
