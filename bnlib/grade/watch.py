"""What a run shows while it goes on: a bar on standard error, with the time that is left."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 24


class Bar:
    """One line that is written over; it is gone when the run is over, and never there without a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()
        self._shown = 0
        self._terminal = self._stream.isatty()

    def __call__(self, done: int, count: int) -> None:
        """Show how many of how many are done; what was done before this run counts as no time."""
        if self._terminal:
            self._write(line(done, count, time.monotonic() - self._began))

    def close(self) -> None:
        """Take the line away."""
        if self._terminal and self._shown:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write("\r" + text + " " * (self._shown - len(text)))
        self._stream.flush()
        self._shown = len(text)


def line(done: int, count: int, seconds: float) -> str:
    """`[########        ] 120 of 400, 2 min 20 s left`."""
    filled = _WIDTH * done // count if count else _WIDTH
    text = f"[{'#' * filled}{' ' * (_WIDTH - filled)}] {done} of {count}"
    if 0 < done < count:
        text += f", {duration(seconds / done * (count - done))} left"
    return text


def duration(seconds: float) -> str:
    """A length of time as one would say it."""
    whole = max(1, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
