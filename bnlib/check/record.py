"""The small file beside the notebooks that remembers which checks passed; it counts for no mark."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

FILE = ".bnlib_progress.json"


def read(folder: Path | None = None) -> dict[str, str]:
    """Each exercise's last status by its id, the last checked last; empty where the file is missing or damaged."""
    try:
        states = json.loads(((folder or Path.cwd()) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(states, dict):
        return {}
    return {str(key): value for key, value in states.items() if isinstance(value, str)}


def note(exercise_id: str, status: str, folder: Path | None = None) -> None:
    """Remember a status. An exercise that has passed stays passed until its answer fails again.

    Written to a file of its own and renamed, so that a crash leaves the old file whole. A folder that can't
    be written to is no reason to disturb a learner: the check still shows its card.
    """
    folder = folder or Path.cwd()
    states = read(folder)
    states.pop(exercise_id, None)
    states[exercise_id] = status
    with suppress(OSError):
        write_whole(folder / FILE, json.dumps(states, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader, or a crash, sees the old content or the new, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
