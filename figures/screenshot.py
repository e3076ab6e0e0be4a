"""Take `course.png`, the README's picture: notebook 03 in a real JupyterLab, one answer filled in and checked.

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

ANSWERED = "3.7"


def main() -> None:
    """Open the notebook, run it, answer one exercise, and save what is then to be seen."""
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium here, so course.png stays as it is.")
        return
    lesson = source.load(HERE.parent / "source" / "03_backward.py")
    answer = next(cell for cell in lesson.cells if cell.kind == "answer" and cell.exercise == ANSWERED)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        lab = Lab(Path(home))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            copy = lab.folder() / "03_backward.ipynb"
            copy.write_text(build.dump(build.learners(lesson)), encoding="utf-8")
            notebook = lab.open(browser, copy)
            notebook.page.set_viewport_size({"width": 1200, "height": 1000})
            notebook.run_all()
            notebook.set_source(f"answer-{ANSWERED.replace('.', '-')}", answer.solution_source)
            notebook.run_cell(f"answer-{ANSWERED.replace('.', '-')}")
            check = f"check-{ANSWERED.replace('.', '-')}"
            notebook.run_cell(check)
            notebook.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            shown = notebook.locate(check)
            shown.evaluate("cell => cell.scrollIntoView({block: 'end'})")
            notebook.page.screenshot(path=HERE / "course.png")
            print("course.png")
        finally:
            browser.close()
            lab.close()


if __name__ == "__main__":
    main()
