"""Fixtures of the browser tests: a JupyterLab for each test process, a Chromium for each file of tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab import NO_NETWORK, Lab, Notebook, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NO_CHROMIUM = (
    "the tests in a real browser were left out, for want of a Chromium. To have them: "
    "`apt-get install chromium` (Debian, Ubuntu), or set BNLIB_CHROMIUM to the path of a Chromium or Chrome"
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium to drive; without one the test is skipped, and in CI it fails."""
    path = find_chromium()
    if path is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(NO_CHROMIUM, pytrace=False)
        pytest.skip(NO_CHROMIUM)
    return path


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with folders and settings of its own."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.close()


# For each file and not for the session: Playwright keeps an event loop running in this thread, in which
# tests elsewhere, run by the same process, could not run one of their own.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    flags = [*NO_NETWORK, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="module")
def window(lab: Lab, browser: Browser) -> Iterator[Page]:
    """JupyterLab in a window, for all the notebooks that a file of tests opens, each with a kernel of its own."""
    page = lab.window(browser)
    yield page
    page.context.close()


@pytest.fixture
def open_notebook(lab: Lab, window: Page) -> Iterator[Callable[[Path], Notebook]]:
    """Copy a notebook into a learner's fresh folder and open it there; closed when the test is over."""
    opened: list[Notebook] = []

    def open_copy(source: Path) -> Notebook:
        copy = lab.folder() / source.name
        copy.write_bytes(source.read_bytes())
        opened.append(lab.open_in(window, copy))
        return opened[-1]

    yield open_copy
    for notebook in opened:
        notebook.close()
