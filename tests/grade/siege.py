"""A class full of hostile and broken submissions, and what must be true when it has been graded."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tiny import EXERCISES, Tiny, code, save

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.py"))
# Seconds for a cell: what is endless costs them, and what is not has to manage on a busy machine.
TIMEOUT = 3
SECRET = "the-secret-of-the-graders-environment"
LEFT_BEHIND = "bnlib_left_behind"
# Where submissions try to leave a file whose name begins with bnlib_.
PLACES = (*("/", "/etc", "/tmp", "/var/tmp", "/dev/shm", "~", "~root", sys.prefix), *sys.path)
REPORTS = ("json", "csv", "junit", "html", "gradescope", "classroom")


def answers(*left_out: str) -> list[dict[str, Any]]:
    """A cell with the right answer of each exercise of the tiny course but those left out."""
    return [
        code(f"def {name}(x):\n    return {right}\n", id=f"answer-tiny-{number}")
        for number, (name, right) in enumerate(EXERCISES.items(), 1)
        if name not in left_out
    ]


def says(path: Path) -> str:
    """The sentence that says what a hostile submission tries."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


@dataclass(frozen=True)
class Outcome:
    """What a run left: its reports, what it printed, and what it did to the machine."""

    by_learner: dict[str, dict[str, Any]]
    status: int
    words: str
    told: list[str]
    visitors: int
    unchanged: bool
    left: list[str]
    isolation: str

    def beside(self, other: Outcome) -> Outcome:
        """This run and another as one; the learners whose answers are right stand in both."""
        again = {
            f"{name} again" if name in self.by_learner else name: v for name, v in other.by_learner.items()
        }
        return Outcome(
            {**self.by_learner, **again},
            max(self.status, other.status),
            self.words + other.words,
            self.told + other.told,
            self.visitors + other.visitors,
            self.unchanged and other.unchanged,
            self.left + other.left,
            self.isolation if self.isolation == other.isolation else "",
        )

    def status_of(self, learner: str, exercise: str = "tiny.1") -> str:
        """The status of an exercise of one learner's submission."""
        return {one["id"]: one["status"] for one in self.by_learner[learner]["exercises"]}[exercise]


def besiege(
    tiny: Tiny,
    folder: Path,
    *arguments: str,
    cheats: Iterable[Path] = HOSTILE,
    broken: Mapping[str, Callable[[Path], None]] | None = None,
    timeout: float = TIMEOUT,
    **environment: str,
) -> Outcome:
    """Grade a class at once, with a server that must not be visited and a secret that must not be told.

    Without `broken` all broken files are in it.
    Some of what is let loose here kills and overwrites what it can: all of it only in a sandbox.
    """
    class_, temporary, report = folder / "class", folder / "tmp", folder / "report.json"
    temporary.mkdir(parents=True)
    with _server() as (port, visitors):
        for file in cheats:
            text = file.read_text(encoding="utf-8").replace("PORT = 80", f"PORT = {port}")
            # Another run at the same time may just have such a process, which is no business of this one's.
            text = text.replace(LEFT_BEHIND, _mark(port))
            text = text.replace('PLACE = "/nowhere"', f"PLACE = {str(folder)!r}")
            _home(class_, file.stem, [code(text, id="answer-tiny-1"), *answers("double")])
        _home(class_, "right", answers())
        for name, build in (BROKEN if broken is None else broken).items():
            home = class_ / name
            home.mkdir()
            build(home)
        _home(class_, "zz_right", answers())
        before = _digest(class_), _planted()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bnlib", "grade", "--root", str(tiny.root)),
                *(f"--{name}={folder / 'report'}.{name}" for name in REPORTS),
                *("--timeout", f"{timeout}", *arguments, str(class_)),
            ],
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
                "PYTHONPATH": str(tiny.root),
                "PYTHONIOENCODING": "utf-8",
                "TMPDIR": str(temporary),
                "BNLIB_TEST_SECRET": SECRET,
                **environment,
            },
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=900,
            check=False,
        )
        after = _digest(class_), _planted()
    assert report.exists(), done.stderr[-3000:]
    found = json.loads(report.read_text(encoding="utf-8"))
    by_learner = {Path(one["submission"]).relative_to(class_).parts[0]: one for one in found["submissions"]}
    left = [*_processes(_mark(port)), *sorted(after[1] - before[1]), *map(str, temporary.iterdir())]
    told = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("report.*")) if path.is_file()]
    told += [path.read_text(encoding="utf-8") for path in sorted(folder.glob("report.html/**/*.html"))]
    words = done.stdout + done.stderr
    ElementTree.parse(folder / "report.junit")
    return Outcome(
        by_learner,
        done.returncode,
        words,
        told,
        len(visitors),
        before[0] == after[0],
        left,
        found["isolation"],
    )


def _home(class_: Path, name: str, cells: list[dict[str, Any]]) -> None:
    (class_ / name).mkdir(parents=True, exist_ok=True)
    save(class_ / name / f"{name}.ipynb", *cells, bnlib={"course": "tiny", "notebook": "01_tiny"})


@contextmanager
def _server() -> Iterator[tuple[int, list[Any]]]:
    """A server on loopback that counts its visitors."""
    visitors: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, address = server.accept()
                except OSError:
                    return
                visitors.append(address)
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], visitors


def _digest(folder: Path) -> dict[str, str]:
    """Every file of a folder with what is in it; links and pipes by their kind."""
    found = {}
    for path in sorted(folder.rglob("*")):
        ordinary = path.is_file() and not path.is_symlink()
        found[str(path)] = (
            hashlib.sha256(path.read_bytes()).hexdigest() if ordinary else str(path.lstat().st_mode)
        )
    return found


def _planted() -> set[str]:
    """The files of ours in the places where submissions would like to leave some."""
    places = {Path(place).expanduser() for place in PLACES}
    return {str(path) for place in places if place.is_dir() for path in place.glob("bnlib_*")}


def _mark(port: int) -> str:
    """What the command line of a process says that a submission of one run leaves behind."""
    return f"{LEFT_BEHIND}_{port}_"


def _processes(mark: str) -> list[str]:
    """The command lines of processes that a submission started and that still run."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in words:
            found.append(words)
    return found


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda home: (home / "a.ipynb").write_bytes(content) and None


def _notebook(*cells: dict[str, Any], **metadata: Any) -> Callable[[Path], None]:
    ours = {"bnlib": {"course": "tiny", "notebook": "01_tiny"}, **metadata}
    return lambda home: save(home / "a.ipynb", *cells, **ours) and None


def _folder(home: Path) -> None:
    (home / "a.ipynb").mkdir()
    shutil.copy(Path(__file__), home / "a.ipynb" / "b.txt")


WRONG = code("def double(x):\n    return x * 0\n", id="answer-tiny-1")
_CHECK = "check-tiny-1"
_TAGS = ["NBVAL_SKIP", "nbval-skip", "raises-exception", "skip-execution"]
_PASSES = "from unittest.mock import Mock\ncheck = Mock()\n"
_ENTRY = '{"cell_type": "code", "id": "x", "metadata": {}, "outputs": [], "source": "1"}'

# Broken and odd files, by what is odd about them. None of them has a right answer to tiny.1.
BROKEN: dict[str, Callable[[Path], None]] = {
    "bad_json": _bytes(b'{"cells": [{"cell_type": "code",'),
    "deep_json": _bytes(b"[" * 200_000 + b"]" * 200_000),
    "not_text": _bytes(bytes(range(256)) * 8),
    "utf_16": _bytes(json.dumps({"cells": []}).encode("utf-16")),
    "nothing": _bytes(b""),
    "nul_bytes": _bytes(b"\0" * 4096),
    "huge_integer": _bytes(b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}"),
    "a_list": _bytes(b"[1, 2, 3]"),
    "no_cells": _bytes(b'{"cells": [], "metadata": {"bnlib": {"course": "tiny", "notebook": "01_tiny"}}}'),
    "cells_of_no_kind": _bytes(b'{"cells": [null, 1, "x", [], {}, {"cell_type": "code"}], "metadata": []}'),
    "too_many_cells": _bytes(b'{"cells": [' + b", ".join([_ENTRY.encode()] * 100_000) + b"]}"),
    "duplicate_ids": _notebook(*[WRONG] * 3, *answers("double")),
    "nul_in_answer": _notebook(
        code("def double(x):\n    return x\0\n", id="answer-tiny-1"), *answers("double")
    ),
    "half_characters": _notebook(code("s = '\ud800'\ndef double(x):\n    return x\n", id="answer-tiny-1")),
    "bad_magic": _notebook(code("%%bash\necho passed\n", id="answer-tiny-1"), *answers("double")),
    "syntax_error": _notebook(
        code("def double(x:\n    return 2 * x\n", id="answer-tiny-1"), *answers("double")
    ),
    "checks_altered": _notebook(
        WRONG, code(_PASSES + 'check("tiny.1")', id=_CHECK), *answers("double"), code("check = print")
    ),
    "checks_tagged": _notebook(
        {**WRONG, "metadata": {"tags": _TAGS}},
        code('check("tiny.1")', id=_CHECK, metadata={"tags": _TAGS}),
        *answers("double"),
    ),
    "outputs_forged": _notebook(
        WRONG,
        {
            **code('check("tiny.1")', id=_CHECK),
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "passed"}],
        },
        *answers("double"),
    ),
    "points_forged": _notebook(
        {**WRONG, "metadata": {"nbgrader": {"grade": True, "points": 1000, "grade_id": "answer-tiny-1"}}},
        {**code('check("tiny.1")', id=_CHECK), "metadata": {"nbgrader": {"points": -1000, "score": 1000}}},
        *answers("double"),
    ),
    "metadata_of_no_kind": _notebook(
        {**WRONG, "metadata": {"bnlib": [], "nbgrader": {"grade_id": {}}, "tags": {"a": []}}},
        {**WRONG, "id": [], "metadata": {"bnlib": {"kind": "answer", "exercise": ["tiny.1"], "stub": 1}}},
        *answers("double"),
        kernelspec={"name": "../../../bin/sh", "argv": ["/bin/sh"]},
        language_info=[],
    ),
    "a_link": lambda home: (home / "a.ipynb").symlink_to("/etc/passwd"),
    "a_loop": lambda home: (home / "a.ipynb").symlink_to("a.ipynb"),
    "a_pipe": lambda home: os.mkfifo(home / "a.ipynb"),
    "a_device": lambda home: (home / "a.ipynb").symlink_to("/dev/zero"),
    "a_folder": _folder,
    # Odd in their names, and all three without a check.
    "<b>&amp;=1+1": _notebook(WRONG, *answers("double")),
    "\x1b]0;owned\x07\n": _notebook(WRONG, *answers("double")),
    os.fsdecode(b"no text \xff\xfe"): _notebook(WRONG, *answers("double")),
}
