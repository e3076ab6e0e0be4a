"""Fixtures of the flow's tests: those of `tests/browser`, with notebooks made of a few cells in Lab and Notebook 7."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
BROWSER = HERE.parent / "browser"
sys.path[:0] = [str(BROWSER), str(HERE)]

from lab import Lab, Notebook  # noqa: E402
from playwright.sync_api import expect  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_spec = importlib.util.spec_from_file_location("browser_fixtures", BROWSER / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
chromium, browser, window = _fixtures.chromium, _fixtures.browser, _fixtures.window

# A machine that does something else as well is slow, and not wrong: what doesn't come in these milliseconds never will.
CEILING = 120_000
expect.set_options(timeout=CEILING)

# What the cells of the tests' notebooks may use.
SETUP = f"import sys\nsys.path.insert(0, {str(HERE)!r})\nfrom layers import *\nfrom bnlib import flow, watch"


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab whose Notebook 7 can be asked what its cells are, as Lab can."""
    home = tmp_path_factory.mktemp("flow")
    settings = {"JupyterNotebookApp": {"expose_app_in_browser": True}}
    (home / "config").mkdir()
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(settings))
    running = Lab(home)
    yield running
    running.close()


def notebook_of(**cells: str) -> dict:
    """A notebook made of code cells given as id=source; the first one imports."""
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": [{**blank, "id": name, "source": text} for name, text in {"setup": SETUP, **cells}.items()],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def written(lab: Lab, **cells: str) -> Path:
    """A notebook of a few cells in a learner's fresh folder."""
    file = lab.folder() / "flow.ipynb"
    file.write_text(json.dumps(notebook_of(**cells)))
    return file


def run(notebook: Notebook) -> Notebook:
    """The same notebook, run, with the patience of these tests."""
    notebook.page.set_default_timeout(CEILING)
    notebook.run_all()
    return notebook


@pytest.fixture(scope="module")
def opened_for_all(lab: Lab, browser: Browser) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook of a few cells and run it, in a window of its own: there it stays while others come and go."""
    found: list[Notebook] = []

    def make(**cells: str) -> Notebook:
        found.append(lab.open(browser, written(lab, **cells)))
        return run(found[-1])

    yield make
    for notebook in found:
        notebook.close()


@pytest.fixture
def opened(lab: Lab, browser: Browser, window: Page) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook of a few cells, with a kernel of its own, in "lab" or in "notebook", and run it.

    It's closed when the test is over, so that the window never has a flow in it but the test's own.
    """
    found: list[Notebook] = []

    def make(where: str = "lab", **cells: str) -> Notebook:
        file = written(lab, **cells)
        found.append(lab.open_in(window, file) if where == "lab" else open_in_notebook(lab, browser, file))
        return run(found[-1])

    yield make
    for notebook in found:
        notebook.close()


def open_in_notebook(lab: Lab, browser: Browser, file: Path) -> Notebook:
    """The same in Notebook 7, which the same server brings along."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(CEILING)
    page = context.new_page()
    page.goto(f"{lab.url}/notebooks/{file.relative_to(lab.root).as_posix()}?token={lab.token}")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context !== undefined")
    page.evaluate("jupyterapp.shell.currentWidget.context.ready")
    page.evaluate("jupyterapp.shell.currentWidget.revealed")
    found = Notebook(page)
    found.wait_until_idle()
    return found
