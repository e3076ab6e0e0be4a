"""What the grader's own cells do inside the notebook that it runs: settle in, and write down each verdict.

This runs in the kernel that also runs the learner's code, so it can be cheated; the report says so
("isolation": "none"). What it can't do is decide alone: nbval's outcome has to agree with what is written.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ..check import CheckFailed, judge
from ..check.record import write_whole


def settle_in() -> None:
    """The first cell: `check` in a learner's own cells shows cards, as at home; tracebacks are plain text."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    os.environ["BNLIB_STRICT"] = "0"
    from IPython import get_ipython

    get_ipython().run_line_magic("colors", "nocolor")


def decide(exercise_id: str, seed: int, path: str) -> None:
    """A check cell: judge an exercise in the namespace that calls this, and write the verdict to `path`.

    The words are the card's. Raises CheckFailed unless it passed, which makes the cell a failed test.
    """
    verdict = judge(exercise_id, sys._getframe(1).f_globals, seed)
    message = verdict.message
    if verdict.status in ("failed", "error") and verdict.case:
        message += f" Found with {verdict.case}."
    found = {"status": verdict.status, "message": message, "mistake": verdict.mistake}
    write_whole(Path(path), json.dumps(found) + "\n")
    if not verdict.passed:
        raise CheckFailed(verdict)
