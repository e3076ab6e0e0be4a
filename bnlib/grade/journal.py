"""What a run has found so far, on disk line by line, so that one that is interrupted can go on where it stopped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from .report import ExerciseResult, SubmissionResult
from .submission import MAX_BYTES


class JournalError(RuntimeError):
    """There is a journal where none is expected, or none where one is; the message says what to do."""


class Journal:
    """A file beside the report: a first line that says what was run, then a line for each submission.

    A file counts as graded only if it still has the bytes that it had then. The last line may be cut off: a
    crash can come at any moment.
    """

    def __init__(self, path: Path, run: dict[str, Any], *, resume: bool) -> None:
        """Begin a journal of a run that `run` describes, or read the one there is.

        Raises JournalError where an interrupted run's journal would be lost, or where it was another run:
        other marks would stand in one report.
        """
        self.path = path
        self.run = dict(run)
        self._done: dict[str, tuple[str, SubmissionResult]] = {}
        self._begun = self._noted = False
        if path.exists() and not resume:
            raise JournalError(
                f"{path} has what an interrupted run found. Go on with --resume, or remove that file."
            )
        if path.exists():
            self._read()
        self._file: TextIOWrapper | None = None

    def __len__(self) -> int:
        return len(self._done)

    def find(self, file: Path) -> SubmissionResult | None:
        """What an earlier run found in a file that has not changed since."""
        mark, result = self._done.get(str(file), (None, None))
        return result if result is not None and mark == fingerprint(file) else None

    def begin(self, seed: int) -> None:
        """Write the first line, unless an earlier run did: the inputs come from that seed from now on."""
        self._file = self.path.open("a", encoding="utf-8")
        if not self._begun:
            self.run["seed"] = seed
            self._line(self.run)

    def note(self, file: Path, result: SubmissionResult) -> None:
        """Keep a result; it is on disk when this returns."""
        self._line({"mark": fingerprint(file), "result": asdict(result)})
        self._noted = True

    def close(self) -> None:
        """End writing; the file stays until the report is written, which is the caller's to know.

        A journal in which nothing stands is no loss, and would only be in the way of the next run.
        """
        if self._file:
            self._file.close()
            if not self._done and not self._noted:
                self.path.unlink(missing_ok=True)

    def _line(self, data: dict[str, Any]) -> None:
        assert self._file, "a journal has to begin"
        self._file.write(json.dumps(data) + "\n")
        self._file.flush()

    def _read(self) -> None:
        text = self.path.read_text(encoding="utf-8", errors="replace")
        whole, _, rest = text.rpartition("\n")
        lines = whole.splitlines()
        if not lines:
            # It was stopped in its first line: there is nothing to go on from.
            self.path.unlink()
            return
        try:
            before = json.loads(lines[0])
            before["seed"]
        except (ValueError, TypeError, KeyError):
            raise JournalError(f"{self.path} is not a journal of the grader. Move it away.") from None
        # The seed is taken over: the same learners get the same inputs.
        ours = {**self.run, "seed": before.get("seed")} if self.run.get("seed") is None else self.run
        if before != ours:
            other = next(key for key in {**before, **ours} if before.get(key) != ours.get(key))
            raise JournalError(
                f"The interrupted run had {other} {before.get(other)!r}, and this one has {ours.get(other)!r}. "
                f"Use the same, or remove {self.path} and begin again."
            )
        self.run, self._begun = before, True
        for line in lines[1:]:
            found = json.loads(line)
            result = _result(found["result"])
            self._done[result.submission] = (found["mark"], result)
        if rest:
            # What was being written when the run ended; its submission is graded again.
            with self.path.open("r+b") as file:
                file.truncate(len(whole.encode("utf-8")) + 1)


def fingerprint(file: Path) -> str:
    """A file's content as a short text; empty where it is no ordinary file or can't be read."""
    try:
        if file.is_symlink() or not file.is_file():
            return ""
        with file.open("rb") as handle:
            content = handle.read(MAX_BYTES + 1)
        return hashlib.sha256(content).hexdigest()[:32]
    except OSError:
        return ""


def _result(plain: dict[str, Any]) -> SubmissionResult:
    exercises = tuple(ExerciseResult(**one) for one in plain["exercises"])
    return SubmissionResult(**{**plain, "notes": tuple(plain["notes"]), "exercises": exercises})
