"""What a learner waits for: JupyterLab, a notebook that opens, all of its cells, and the card behind an answer.

Needs Chromium and the requirements of the tests; without them it says so and measures nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from report import Row, table
from window import ROOT, window

if TYPE_CHECKING:
    from lab import Lab, Notebook
    from playwright.sync_api import Browser

# Seconds: for JupyterLab, for a notebook, for a card.
LISTENS, OPENS, CARD = 10.0, 10.0, 1.0
# The lesson that a learner opens first, and one with many pictures and exercises. Each in a browser of its own,
# which has nothing of JupyterLab yet.
SAMPLE = ("00_start_here", "03_backward")
WRONG = "def step9(dout):\n    return dout.mean(axis=0), dout.copy()"
RIGHT = "def step9(dout):\n    return dout.sum(axis=0), dout.copy()"

_CARD = """async id => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === id);
    const area = notebook.activeCell.node;
    for (const old of area.querySelectorAll('.bnlib-card')) old.remove();
    const shown = new Promise(done => {
        const look = new MutationObserver(() => {
            if (!area.querySelector('.bnlib-card')) return;
            look.disconnect();
            document.body.offsetHeight;
            done(performance.now());
        });
        look.observe(area, { childList: true, subtree: true });
    });
    const start = performance.now();
    jupyterapp.commands.execute('notebook:run-cell');
    return (await shown - start) / 1000;
}"""


def rows(full: bool = False) -> list[Row]:
    """JupyterLab's start, then each notebook as it is handed out: opened, and run from top to bottom."""
    with window("opening the notebooks") as found:
        if found is None:
            return []
        lab, browser = found
        starts = [_start() for _ in range(3)]
        shown = [Row("JupyterLab listens, median", median(starts), LISTENS)]
        files = sorted((ROOT / "notebooks").glob("*.ipynb"))
        for file in files:
            if full or file.stem in SAMPLE:
                shown += _notebook_rows(lab, browser, file)
        return shown


def _start() -> float:
    """Seconds until a JupyterLab of its own listens."""
    from lab import Lab

    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        lab = Lab(Path(folder))
        taken = perf_counter() - start
        lab.close()
    return taken


def _notebook_rows(lab: Lab, browser: Browser, file: Path) -> list[Row]:
    copy = lab.folder() / file.name
    copy.write_bytes(file.read_bytes())
    start = perf_counter()
    notebook = lab.open(browser, copy)
    opened = perf_counter()
    notebook.run_all()
    done = perf_counter()
    try:
        return [
            Row(f"{file.stem}: open, with its kernel ready, in a new browser", opened - start, OPENS),
            Row(f"{file.stem}: all cells run", done - opened),
            *(_card_rows(notebook) if file.stem == "03_backward" else []),
        ]
    finally:
        notebook.close()


def _card_rows(notebook: Notebook) -> list[Row]:
    """From running the check of 3.9 to the card in the page, for an answer with a known mistake and for a right one."""
    found = []
    for kind, answer in (("a mistake named", WRONG), ("passed", RIGHT)):
        notebook.set_source("answer-3-9", answer)
        notebook.run_cell("answer-3-9")
        taken = []
        for _ in range(7):
            taken.append(notebook.page.evaluate(_CARD, "check-3-9"))
            notebook.wait_until_idle()
        card = notebook.locate("check-3-9").locator(".bnlib-card")
        assert card.get_attribute("data-kind") == ("passed" if answer is RIGHT else "failed")
        found.append(Row(f"a card, from the check to the page, {kind}, median", median(taken), CARD))
    return found


if __name__ == "__main__":
    print(table(rows("--full" in sys.argv)))
