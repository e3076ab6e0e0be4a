"""Grading copies of the solved notebook 03, by both engines and by `nbgrader autograde`, one after the other.

Each is run as its users run it: a command, with one job for each core where it has such a thing (nbgrader has
none). What starting it costs is in its time. With `full`, a thousand are graded, and the memory of all
processes together is watched over ten thousand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from report import Row, table

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = "03_backward"
SMALL = {"direct": 40, "nbval": 4, "nbgrader": 3}
FULL = {"direct": 100, "nbval": 10, "nbgrader": 10}
MANY, MOST = 1_000, 10_000
# Seconds for MANY, bytes at MOST; of nbgrader's time for a submission, what the engines may take.
MINUTES, MEMORY = 120.0, 400e6
SHARE = {"direct": 1 / 20, "nbval": 1.0}


def rows(full: bool = False) -> list[Row]:
    """Seconds a submission, what that is of nbgrader's, and with `full` the time and memory of many."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        solved = _built(folder, "solved")
        counts = FULL if full else SMALL
        seconds = {}
        for engine in ("direct", "nbval"):
            class_ = _copies(solved, folder / engine, counts[engine])
            seconds[engine] = _timed(*_grade(engine), class_) / counts[engine]
        if shutil.which("nbgrader", path=_path()):
            seconds["nbgrader"] = _nbgrader(folder, solved, counts["nbgrader"])
        found = [Row(f"grade: a submission, {name}", value) for name, value in seconds.items()]
        for engine, share in SHARE.items() if "nbgrader" in seconds else ():
            ratio = seconds[engine] / seconds["nbgrader"]
            more = {"times as fast": 1 / ratio}
            found.append(Row(f"grade: {engine}, of nbgrader's time", ratio, share, "x", more))
        if full:
            class_ = _copies(solved, folder / "many", MANY)
            found.append(
                Row(f"grade: {MANY} submissions, direct", _timed(*_grade("direct"), class_), MINUTES)
            )
            class_ = _copies(solved, folder / "most", MOST)
            peak, took = _peak([*_grade("direct"), str(class_)])
            found.append(Row(f"grade: peak memory at {MOST}", peak, MEMORY, "B", {"seconds": took}))
        return found


def _built(folder: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "bnlib", "notebooks", f"--{kind}", str(folder / kind), NOTEBOOK]
    _run(command, ROOT)
    return folder / kind / f"{NOTEBOOK}.ipynb"


def _copies(file: Path, folder: Path, count: int, inside: str = "") -> Path:
    """A folder with a folder for each learner, and the file in it."""
    for number in range(count):
        home = folder / f"learner{number:05}" / inside
        home.mkdir(parents=True)
        # One file under many names: ten thousand copies would be most of a gigabyte.
        os.link(file, home / file.name)
    return folder


def _grade(engine: str) -> list[str]:
    return [sys.executable, "-m", "bnlib", "grade", "--engine", engine, "--seed", "1"]


def _nbgrader(folder: Path, solved: Path, count: int) -> float:
    """Seconds a submission of `nbgrader autograde` for an assignment that has been released."""
    course = folder / "nbgrader"
    original = _built(folder, "instructor")
    (course / "source" / "week").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text('get_config().CourseDirectory.course_id = "course"\n')
    shutil.copy(original, course / "source" / "week")
    command = [sys.executable, "-m", "nbgrader"]
    _run([*command, "generate_assignment", "week"], course)
    _copies(solved, course / "submitted", count, "week")
    start = perf_counter()
    _run([*command, "autograde", "week"], course)
    return (perf_counter() - start) / count


def _timed(*command: object) -> float:
    start = perf_counter()
    _run([str(word) for word in command], ROOT)
    return perf_counter() - start


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")


def _environment(folder: Path) -> dict[str, str]:
    """Nobody's settings; nbgrader starts a tool of its own by name."""
    private = {f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "RUNTIME")}
    if folder == ROOT:
        private = {}
    return {**os.environ, **private, "PATH": _path()}


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _peak(command: list[str]) -> tuple[float, float]:
    """The most memory that a command and all that it starts held together, in bytes, and its seconds.

    What processes share is counted once (PSS). Looked at every half second; Linux only, else NaN.
    """
    start, found = perf_counter(), [float("nan")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            held = sum(map(_held, _family(process.pid)))
            found.append(max(held, found[-1]) if found[-1] == found[-1] else held)

    watching = threading.Thread(target=watch)
    watching.start()
    status = process.wait()
    done.set()
    watching.join()
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")
    return found[-1], perf_counter() - start


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, ahead = [pid], [pid]
    while ahead:
        children = parents.get(ahead.pop(), [])
        found += children
        ahead += children
    return found


def _held(pid: int) -> float:
    """A process's share of memory in bytes: PSS, or what it has resident where the system has no PSS."""
    for name, label in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        try:
            lines = Path(f"/proc/{pid}/{name}").read_text(errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith(label):
                return float(line.split()[1]) * 1024
    return 0.0


if __name__ == "__main__":
    print(table(rows("--full" in sys.argv)))
