"""Which line of the learner's own code an exception, or a running operation, stands on."""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass
from types import FrameType

import numpy as np

# Frames in here are ours or NumPy's, never the learner's.
PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_OURS = (PACKAGE, os.path.dirname(np.__file__) + os.sep)
# Nor are those of Python's own library; what was installed beside it may be somebody's.
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = tuple(os.path.join(_LIBRARY, name) + os.sep for name in ("site-packages", "dist-packages"))


@dataclass(frozen=True)
class Line:
    """A line of code: its number, counted from 1 in its own cell or file, and its text."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"line {self.number}, `{self.text}`" if self.text else f"line {self.number}"


def is_ours(filename: str) -> bool:
    """Whether a file belongs to bnlib, NumPy or Python itself, so that its lines say nothing to a learner."""
    if filename.startswith(_LIBRARY):
        return not filename.startswith(_INSTALLED) or filename.startswith(_OURS)
    return filename.startswith(_OURS) or filename.startswith("<frozen")


def learners_line(error: BaseException) -> Line | None:
    """The innermost line outside bnlib, NumPy and Python's own library on which an exception was raised.

    An exception that was raised in another process brings its line as an attribute `learners_line`.
    """
    told = getattr(error, "learners_line", None)
    if isinstance(told, Line):
        return told
    if isinstance(error, SyntaxError) and error.lineno:
        return Line(error.lineno, (error.text or "").strip())
    found = None
    traceback = error.__traceback__
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if not is_ours(filename):
            found = _line(filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def calling_frame() -> FrameType | None:
    """The innermost frame outside bnlib, NumPy and Python's own library that is running now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def calling_line() -> Line | None:
    """The line of the learner's own code that is running now."""
    frame = calling_frame()
    return _line(frame.f_code.co_filename, frame.f_lineno) if frame else None


def _line(filename: str, number: int) -> Line:
    return Line(number, linecache.getline(filename, number).strip())
