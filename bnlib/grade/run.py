"""Runs one assembled notebook with nbval, in a process group of its own, and reads what pytest reports."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from ..light import light

Outcome = Literal["passed", "failed", "skipped", "missing"]

# What starting pytest, a kernel and a worker may take on a busy machine.
STARTING = 120.0
# nbval waits this long for a kernel's last words, and pytest needs a moment to write its report.
GRACE = 15.0
MAX_REPORT = 64 * 2**20

_running: set[subprocess.Popen[bytes]] = set()


class RunError(RuntimeError):
    """nbval could not be started, or ended without a report; the message has pytest's own last words."""


@dataclass(frozen=True)
class CellResult:
    """What nbval says of one cell: its outcome and, where it did not pass, the text that pytest gives."""

    outcome: Outcome
    text: str = ""

    @property
    def timed_out(self) -> bool:
        """Whether the cell itself ran into its limit, in nbval's words on the line that names the cell."""
        return (
            re.search(r"^(?:#x1B\S*?m|\x1b\[\d+m)?Cell \d+: Timeout of ", self.text, re.MULTILINE) is not None
        )


@dataclass(frozen=True)
class Run:
    """The cells' results in order; `ended` where the whole run took too long and was ended."""

    cells: tuple[CellResult, ...]
    ended: bool


def run(notebook: dict[str, Any], scratch: Path, cell_timeout: float, limit: float) -> Run:
    """Run a notebook with `pytest --nbval-lax` inside `scratch`, a folder that is the caller's to remove.

    `cell_timeout` is the limit for one cell in seconds, `limit` the one for all; a run that needs more is
    ended. Raises RunError where there is no report at all.
    """
    folder = scratch / "run"
    folder.mkdir()
    file = folder / "submission.ipynb"
    file.write_text(json.dumps(notebook), encoding="utf-8")
    report, log = scratch / "junit.xml", scratch / "pytest.log"
    command = [
        *light("pytest", "-p", "nbval.plugin"),
        *("--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={cell_timeout:g}"),
        *("--noconftest", "-c", os.devnull, f"--rootdir={folder}", "-p", "no:cacheprovider"),
        *("-q", "--tb=no", f"--junitxml={report}", file.name),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(os.environ, scratch),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        try:
            process.wait(limit)
            ended = False
        except subprocess.TimeoutExpired:
            ended = True
        finally:
            _end(process)
            _running.discard(process)
    count = len(notebook["cells"])
    if not report.exists():
        if ended:
            return Run((CellResult("missing"),) * count, ended)
        words = log.read_bytes()[-2000:].decode("utf-8", "replace").strip()
        raise RunError(f"pytest ended with status {process.returncode} and no report. {words}")
    return Run(tuple(_results(report, count)), ended)


def end_all() -> None:
    """End the runs that other threads have begun; Ctrl-C does not reach their sessions."""
    for process in list(_running):
        _end(process)


def _environment(outside: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """The environment of a run: nothing of an outer pytest, no one's Jupyter or IPython settings."""
    environment = {
        name: value
        for name, value in outside.items()
        if not name.startswith(("PYTEST_", "BNLIB_", "NBGRADER_"))
    }
    # The kernel has to find this very bnlib, from whatever folder the grader was started in.
    ours = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [ours, environment.get("PYTHONPATH")]))
    # Plugins of other packages in this environment have no say in a mark, and cost time.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        environment[name] = str(scratch / name.lower())
    return environment


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a run: first as Ctrl-C does, so that pytest still writes its report, then all that it started."""
    if process.poll() is None:
        children = _descendants(process.pid)
        process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        # A kernel leads a session of its own, so that pytest's group alone would leave it behind.
        for pid in [process.pid, *children] if os.name == "posix" else []:
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        process.kill()
    process.wait()


def _descendants(pid: int) -> list[int]:
    """The processes that descend from one, where the system tells (Linux); elsewhere none."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything, so the fields are counted from behind it.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.parent.name))
    found, ahead = [], [pid]
    while ahead:
        children = parents.get(ahead.pop(), [])
        found += children
        ahead += children
    return found


def _results(report: Path, count: int) -> list[CellResult]:
    with report.open("rb") as file:
        data = file.read(MAX_REPORT + 1)
    found: dict[int, CellResult] = {}
    try:
        cases = ElementTree.fromstring(data).iter("testcase") if len(data) <= MAX_REPORT else iter(())
    except ElementTree.ParseError:
        cases = iter(())
    for case in cases:
        name = re.fullmatch(r"Cell (\d+)", case.get("name", ""))
        if name:
            found[int(name[1])] = _result(case)
    return [found.get(number, CellResult("missing")) for number in range(count)]


def _result(case: ElementTree.Element) -> CellResult:
    tags: dict[str, Outcome] = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    for tag, outcome in tags.items():
        child = case.find(tag)
        if child is not None:
            return CellResult(outcome, child.text or child.get("message") or "")
    return CellResult("passed")
