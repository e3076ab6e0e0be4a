"""The engine without a kernel: the same checks on the same proxies, in the process that calls `sit`."""

from __future__ import annotations

import contextlib
import io
import warnings
from functools import lru_cache
from types import CodeType
from typing import Any

from .assemble import TRUSTED, Piece
from .outcome import Done
from .run import CellResult
from .sitting import Sitting
from .worker import Ended, IsolationName, Limits


def sit(pieces: list[Piece], seed: int, limits: Limits, isolation: IsolationName) -> Done:
    """Run the pieces of one submission; returns what was found."""
    sitting = Sitting(pieces, seed, limits, isolation)
    trusted: dict[int, CellResult] = {}
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for number, piece in enumerate(pieces):
            if piece.role == "check":
                sitting.hear(number)
                passed = sitting.decide(number)["status"] == "passed"
                trusted[number] = CellResult("passed" if passed else "failed")
            elif piece.role in TRUSTED and not _settled(sitting, piece):
                trusted[number] = _run(sitting, number, names)
        sitting.hear(len(pieces))
    finally:
        sitting.end()
    return Done(sitting.notes, trusted)


def _settled(sitting: Sitting, piece: Piece) -> bool:
    """Whether further asserts have nothing to say, since the check before them has failed."""
    if piece.role not in ("hidden", "private"):
        return False
    return sitting.notes.verdicts[str(piece.exercise)]["status"] != "passed"


def _run(sitting: Sitting, number: int, names: dict[str, Any]) -> CellResult:
    piece = sitting.pieces[number]
    try:
        if piece.role in ("hidden", "private"):
            names |= sitting.functions(number)
        with _nothing_shown():
            exec(_compiled(piece.source), names)
    except (Exception, SystemExit, Ended) as error:
        return CellResult("failed", f"{type(error).__name__}: {error}")
    return CellResult("passed")


@lru_cache(maxsize=256)
def _compiled(source: str) -> CodeType:
    return compile(source, "<course>", "exec", dont_inherit=True)


@contextlib.contextmanager
def _nothing_shown() -> Any:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
