"""The glossary's links, clicked in JupyterLab: each opens the notebook that has the section."""

from __future__ import annotations

import shutil

import pytest
from lab import Lab
from lessons import NOTEBOOKS
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HAS_THE_SECTION = """([name, heading]) => {
    const widget = jupyterapp.shell.currentWidget;
    if (!widget?.context?.path.endsWith(name)) return false;
    return [...widget.node.querySelectorAll("h2, h3")].some(h => h.textContent.startsWith(heading));
}"""


@pytest.mark.parametrize(
    ("target", "text"),
    [
        # Plain, and with signs that an address may not like.
        ("03_backward", "Step 7 joins two branches"),
        ("01_forward", "N or N - 1?"),
        ("08_does_it_matter", "Running statistics in the batch's place"),
    ],
)
def test_a_link_opens_the_notebook_with_its_section(
    lab: Lab, browser: Browser, target: str, text: str
) -> None:
    folder = lab.folder()
    for path in NOTEBOOKS.values():
        shutil.copy(path, folder)
    notebook = lab.open(browser, folder / "12_glossary.ipynb")
    try:
        notebook.page.get_by_role("link", name=text, exact=True).first.click()
        notebook.page.wait_for_function(HAS_THE_SECTION, arg=[f"{target}.ipynb", text])
    finally:
        notebook.close()
