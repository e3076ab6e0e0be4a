"""One submission's worker in a known state: its cells run in order, and run again where it had to be ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from .host import ASIDE, Ended, Limits, Worker
from .isolation import Isolation
from .wire import Message, Packer

Outcome = Literal["ran", "failed", "timed out", "died"]


@dataclass(frozen=True)
class Ran:
    """What became of a cell: its outcome, and why where it did not run to its end."""

    outcome: Outcome
    says: str = ""


class Desk:
    """Runs a submission's cells and calls its functions, in a worker that is started when it is needed.

    After Ended the next request starts another worker and runs the same cells again, without those that
    ended one; `limits` bound how often, and how long all of it may take.
    """

    def __init__(self, isolation: Isolation, limits: Limits | None = None):
        self.isolation, self.limits = isolation, limits or Limits()
        self.number = 0
        # Arrays of objects that stay in the worker, by the id of what stands for each, with its handle.
        self.arrays: dict[int, tuple[Any, int]] = {}
        self._cells: list[dict[str, Any]] = []
        self._worker: Worker | None = None
        self._last = time.monotonic() + self.limits.total
        self._until = float("inf")

    def run(self, label: str, source: str, plain: str | None = None) -> Ran:
        """Run a cell, or where it is not valid Python, `plain`: the same without what only IPython knows.

        An error stays in the cell; what it defined before the error is there.
        """
        cell = {"do": "run", "label": label, "source": source, "plain": plain}
        self._see_that_it_answers()
        try:
            reply = self._ask(cell)
        except Ended as end:
            return Ran("timed out" if end.reason in ("timed out", "too late") else "died", str(end))
        self._cells.append(cell)
        error = reply.header.get("error")
        return Ran("ran") if error is None else Ran("failed", stopped(error))

    def has(self, names: Sequence[str]) -> list[bool]:
        """Which of the names stand for something that can be called."""
        found = self._ask({"do": "have", "names": list(names)}).header.get("have")
        if not isinstance(found, list) or len(found) != len(names):
            self.close()
            raise Ended("unsound", "The worker sent what is no reply.")
        return [part is True for part in found]

    def call(self, header: dict[str, Any], packer: Packer) -> Message:
        """Call a function: `header` names it and has its arguments as nodes of `packer`."""
        return self._ask({"do": "call", **header}, packer)

    def call_within(
        self, allowed: int, pack: Callable[[], tuple[dict[str, Any], Packer]]
    ) -> tuple[Message, int]:
        """Call a function in a worker that gets `allowed` bytes beyond what it has with the arguments there.

        Returns the reply and, where no limit could be set, the peak that the worker itself reports; else 0.
        That worker is not used again. `pack` makes the header and its arguments, for the worker at hand.
        """
        worker = self._live()
        if worker.held() > ASIDE:
            # Perhaps of earlier calls; what the cells themselves set aside is there again after this.
            self.close()
            worker = self._live()
        spent = max(0, worker.held() - ASIDE)
        header, packer = pack()
        self._ask({"do": "prepare", **header}, packer)
        limited = worker.allow(max(0, allowed - spent))
        try:
            reply = self._ask({"do": "go", "count": not limited})
        finally:
            self.close()
        peak = reply.header.get("peak")
        return reply, 0 if limited else peak if type(peak) is int else allowed + 1

    def forget(self) -> None:
        """Let go of the objects that earlier calls left behind in the worker."""
        self.arrays.clear()
        self._ask({"do": "forget"})

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """All that is asked for inside has to be answered in so many seconds."""
        self._see_that_it_answers()
        self._live()
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = float("inf")

    def leave_out(self, labels: Collection[str]) -> list[dict[str, Any]]:
        """Begin anew without some cells; returns all that there were, for `take_back`, or none if none is left out."""
        cells = self._cells
        left = [cell for cell in cells if cell["label"] not in labels]
        if len(left) == len(cells):
            return []
        self.close()
        self._cells = left
        return cells

    def take_back(self, cells: list[dict[str, Any]]) -> None:
        """Begin anew with the cells that were there before some were left out."""
        self.close()
        self._cells = cells

    def close(self) -> None:
        """End the worker, if there is one."""
        self.arrays.clear()
        worker, self._worker = self._worker, None
        if worker:
            worker.end()

    def _see_that_it_answers(self) -> None:
        """Begin anew where what was asked before has spoilt the worker: what comes now had no part in that."""
        with suppress(Ended):
            self._ask({"do": "have", "names": []})

    def _ask(self, header: dict[str, Any], packer: Packer | None = None) -> Message:
        return self._tell(self._live(), header, packer or Packer())

    def _tell(self, worker: Worker, header: dict[str, Any], packer: Packer) -> Message:
        try:
            return worker.ask(header, packer, self._seconds())
        except BaseException:
            self.close()
            raise

    def _live(self) -> Worker:
        """The worker, which may first have to be started again and brought to where the last one was."""
        while self._worker is None:
            if self.number > self.limits.starts or self._seconds() <= 0:
                raise Ended("too late", "It was stopped too often.")
            self.number += 1
            self._worker = worker = Worker(self.isolation, self.limits)
            for cell in list(self._cells):
                try:
                    self._tell(worker, cell, Packer())
                except Ended:
                    self._cells.remove(cell)
                    break
        return self._worker

    def _seconds(self) -> float:
        now = time.monotonic()
        return min(self.limits.seconds, self._until - now, self._last - now)


def stopped(error: Any) -> str:
    """A cell's error in the card's words: the learner's own line on which it stopped, and the exception."""
    if not isinstance(error, dict):
        return "Your code stopped."
    line, kind, text = error.get("line"), error.get("type"), error.get("text")
    where = ""
    if isinstance(line, list) and len(line) == 2 and isinstance(line[0], int) and isinstance(line[1], str):
        where = f" on line {line[0]}" + (f", `{line[1][:300]}`" if line[1] else "")
    words = f"{str(kind)[:80]}: {str(text)[:2000]}" if text else str(kind)[:80]
    return f"Your code stopped{where}. {words}"
