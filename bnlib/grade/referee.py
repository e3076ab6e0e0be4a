"""What the cells of the notebook that nbval runs do: hear the answers, decide, and write down what was found.

This runs in a kernel that never runs a learner's code. `begin` comes first and `end` last.
"""

from __future__ import annotations

import atexit
import json
import sys
from pathlib import Path

from ..check.record import write_whole
from .assemble import Piece
from .sitting import Sitting
from .worker import Ended, IsolationName, Limits

_sitting: Sitting | None = None
_folder = Path()


class NotPassed(AssertionError):
    """A check that did not pass, so that its cell is a failed test; the verdict stands in the notes."""


def begin(folder: str) -> None:
    """Take the pieces of a submission from `folder`, where the notes will be; see `prepare`."""
    global _sitting, _folder
    _folder = Path(folder)
    task = _folder / "task.json"
    found = json.loads(task.read_text(encoding="utf-8"))
    # It has the seed, and nobody needs it any more.
    task.unlink()
    pieces = [Piece(**piece) for piece in found["pieces"]]
    _sitting = Sitting(pieces, found["seed"], Limits(**found["limits"]), found["isolation"])
    atexit.register(_sitting.end)


def prepare(folder: Path, pieces: list[Piece], seed: int, limits: Limits, isolation: IsolationName) -> None:
    """Write what `begin` reads."""
    task = {
        "pieces": [vars(piece) for piece in pieces],
        "seed": seed,
        "limits": vars(limits),
        "isolation": isolation,
    }
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def hear(number: int) -> None:
    """Run the learner's cells before a check in the worker."""
    _now().hear(number)
    _write()


def decide(number: int) -> None:
    """Judge an exercise; puts what its further asserts call into the namespace that calls this.

    Raises NotPassed unless it passed, which makes the cell a failed test.
    """
    sitting = _now()
    found = sitting.decide(number)
    _write()
    if found["status"] != "passed":
        raise NotPassed(found["status"])
    try:
        sys._getframe(1).f_globals.update(sitting.functions(number))
    except Ended:
        # What the asserts behind this call is then not there, so they fail.
        sitting.notes.late.append(str(sitting.pieces[number].exercise))


def end() -> None:
    """Run what is left of the learner's cells, and end the worker."""
    sitting = _now()
    sitting.hear(len(sitting.pieces))
    sitting.end()
    _write()


def _now() -> Sitting:
    assert _sitting, "the first cell has not run"
    return _sitting


def _write() -> None:
    write_whole(_folder / "notes.json", json.dumps(_now().notes.as_dict()) + "\n")
