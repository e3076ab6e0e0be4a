"""Whether an answer is right: `judge` decides, `compare` measures, `card` says it, `check` is what a notebook calls."""

from .check import CheckFailed, check, hint, progress, strict
from .judge import Verdict, judge

__all__ = ["CheckFailed", "Verdict", "check", "hint", "judge", "progress", "strict"]
