"""Take `course.png`, the README's picture: the gradient in notebook 03 on its way through a learner's own steps.

Run by `make figures`. It needs Chromium, which the other figures do not; without one the old picture stays.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "browser"))

from lab import Lab, find_chromium  # noqa: E402

from bnlib.course import build, source  # noqa: E402

# From the end of the animation back to where the gradient reaches the inverted root.
STEPS_BACK = 9


def main() -> None:
    """Open the solved notebook, run it, stop the animation in the middle, and save what is then to be seen."""
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium here, so course.png stays as it is.")
        return
    lesson = source.load(HERE.parent / "source" / "03_backward.py")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        lab = Lab(Path(home))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            copy = lab.folder() / "03_backward.ipynb"
            copy.write_text(build.dump(build.solved(lesson)), encoding="utf-8")
            notebook = lab.open(browser, copy)
            page = notebook.page
            page.set_viewport_size({"width": 1180, "height": 900})
            page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            notebook.run_all()
            flow = page.locator(".bnlib-flow").last
            flow.focus()
            page.keyboard.press("End")
            for _ in range(STEPS_BACK):
                page.keyboard.press("ArrowLeft")
            flow.evaluate("shown => shown.scrollIntoView({block: 'center'})")
            page.mouse.move(0, 0)
            flow.screenshot(path=HERE / "course.png", animations="disabled")
            print("course.png")
        finally:
            browser.close()
            lab.close()


if __name__ == "__main__":
    main()
