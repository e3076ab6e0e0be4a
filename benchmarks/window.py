"""A JupyterLab and a Chromium to measure in, those of the browser tests; nothing where one of them is missing."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "flow"), str(ROOT / "tests" / "browser")]

if TYPE_CHECKING:
    from lab import Lab
    from playwright.sync_api import Browser


@contextmanager
def window(what: str) -> Iterator[tuple[Lab, Browser] | None]:
    """A running JupyterLab and a browser; None, and on standard error why, where `what` has to be left out."""
    try:
        from lab import Lab, find_chromium
        from playwright.sync_api import sync_playwright

        chromium = find_chromium()
        missing = "" if chromium else "there is no Chromium here"
    except ImportError as error:
        missing = str(error)
    if missing:
        print(f"{what} is left out: {missing}", file=sys.stderr)
        yield None
        return
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu", *root])
            yield lab, browser
            browser.close()
        finally:
            lab.close()
