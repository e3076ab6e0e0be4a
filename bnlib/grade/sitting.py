"""One submission being graded, on the side that decides: hears the answers in the worker, judges, takes notes.

Both engines use this: `direct` in the grader's own processes, `referee` in the kernel that nbval started.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..check import Verdict, judge
from ..exercises import Exercise, find
from .assemble import IN_WORKER, Piece
from .names import names, without_magics
from .worker import Desk, Ended, Isolation, IsolationName, Limits, Ran, proxies

MAX_MESSAGE = 2000
SLOW = "It took longer than {:g} seconds and was stopped. Does a loop in it never end?"
TOO_LATE = "It could not be checked: a cell took too long, here or earlier."


@dataclass
class Notes:
    """What was found: each learner's cell's outcome by its piece's number, and each exercise's verdict.

    `late` has the exercises whose further asserts took too long.
    """

    cells: dict[int, Ran] = field(default_factory=dict)
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for a file."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Notes:
        """From plain data."""
        cells = {int(number): Ran(**ran) for number, ran in plain["cells"].items()}
        return cls(cells, plain["verdicts"], plain["late"])


class Sitting:
    """The worker of one submission, and what has been found so far. `end` has to be called."""

    def __init__(self, pieces: list[Piece], seed: int, limits: Limits, isolation: IsolationName):
        self.pieces, self.notes = pieces, Notes()
        self._seed = seed
        self._desk = Desk(Isolation(isolation), limits)
        self._heard = 0

    def hear(self, upto: int) -> None:
        """Run the cells before a piece in the worker, as far as that has not been done."""
        for number in range(self._heard, upto):
            piece = self.pieces[number]
            if piece.role in IN_WORKER:
                self.notes.cells[number] = self._ran(number, piece)
        self._heard = max(self._heard, upto)

    def decide(self, number: int) -> dict[str, Any]:
        """Judge the exercise of a check; returns its status, message and mistake, and notes them."""
        exercise = find(str(self.pieces[number].exercise))
        seconds = self._desk.limits.seconds
        try:
            verdict = self._with_care(number, lambda: self._judged(exercise))
            status: str = verdict.status
            message, mistake = verdict.message, verdict.mistake
            if status in ("failed", "error") and verdict.case:
                message += f" Found with {verdict.case}."
        except Ended as end:
            mistake = None
            says = {"timed out": SLOW.format(seconds), "too late": TOO_LATE}.get(end.reason)
            status, message = ("timed out", says) if says else ("error", str(end))
        except Exception as error:
            # What came back was none of what a verdict can speak of. That is no reason to stop a run.
            status, message, mistake = "error", f"It could not be checked ({type(error).__name__}).", None
        found = {"status": status, "message": message[:MAX_MESSAGE], "mistake": mistake}
        self.notes.verdicts[exercise.id] = found
        return found

    def _judged(self, exercise: Exercise) -> Verdict:
        with self._desk.within(self._desk.limits.seconds):
            self._desk.forget()
            return judge(exercise.id, proxies(self._desk, exercise.needs), self._seed)

    def _ran(self, number: int, piece: Piece) -> Ran:
        def run() -> Ran:
            ran = self._desk.run(_label(number), piece.source, without_magics(piece.source))
            if ran.outcome == "died":
                raise Ended("died", ran.says)
            return ran

        try:
            return self._with_care(number, run)
        except Ended as end:
            return Ran("died", str(end))

    def _with_care(self, number: int, attempt: Callable[[], Any]) -> Any:
        """What an attempt gives; where the worker dies in it, what it gives without cells that may be to blame.

        A thread that an earlier answer left behind should not cost a right one its points.
        """
        try:
            return attempt()
        except Ended as end:
            before = end.reason in ("died", "unsound") and self._desk.leave_out(self._suspects(number))
            if not before:
                raise
        try:
            return attempt()
        except Ended:
            self._desk.take_back(before)
            raise

    def _suspects(self, number: int) -> set[str]:
        """The cells before a check that may have spoilt it: added ones, and answers that did not pass."""
        passed = {name for name, found in self.notes.verdicts.items() if found["status"] == "passed"}
        own = self.pieces[number].exercise
        return {
            _label(before)
            for before, piece in enumerate(self.pieces[:number])
            if piece.role == "added"
            or (piece.role == "answer" and piece.exercise != own and piece.exercise not in passed)
        }

    def functions(self, number: int) -> dict[str, Callable[..., Any]]:
        """Proxies for what the further asserts behind a check need of the learner's. May raise Ended."""
        wanted = set(find(str(self.pieces[number].exercise)).needs)
        known = {
            name
            for piece in self.pieces[:number]
            if piece.exercise
            for name in find(piece.exercise).functions
        }
        for piece in self.pieces:
            if piece.exercise == self.pieces[number].exercise and piece.role in ("hidden", "private"):
                wanted |= names(piece.source).needed & known
        found = self._with_care(number, lambda: proxies(self._desk, sorted(wanted)))
        return {name: self._noting(function, number) for name, function in found.items()}

    def _noting(self, function: Callable[..., Any], number: int) -> Callable[..., Any]:
        """The function, with a note where it takes too long."""

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            try:
                return self._with_care(number, lambda: function(*args, **options))
            except Ended as end:
                if end.reason in ("timed out", "too late"):
                    self.notes.late.append(str(self.pieces[number].exercise))
                raise

        return call

    def end(self) -> None:
        """End the worker."""
        self._desk.close()


def _label(number: int) -> str:
    return f"<cell {number}>"
