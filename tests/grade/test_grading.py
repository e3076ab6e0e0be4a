"""Real runs with nbval: few, with several exercises in each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from siege import TIMEOUT as SECONDS
from tiny import EXERCISES, Tiny, code, save

from bnlib.grade import run
from bnlib.grade.worker import choose

# An endless answer costs all of them, and the siege shows that others manage with them on a busy machine.
TIMEOUT = str(SECONDS)
TINY = {"course": "tiny", "notebook": "01_tiny"}


def answer(number: int, source: str, **fields: object) -> dict:
    return code(source, id=f"answer-tiny-{number}", **fields)


def right(name: str) -> str:
    return f"def {name}(x):\n    return {EXERCISES[name]}"


@pytest.mark.parametrize("engine", ["nbval", "direct"])
def test_each_exercise_gets_the_status_that_its_answer_deserves(
    tiny: Tiny, tmp_path: Path, engine: str
) -> None:
    """One notebook with every kind of answer, changed and deleted checks, and cells of the learner's own."""
    save(
        tmp_path / "mixed.ipynb",
        code("check = lambda *a: None\nhelp_me = 2.0", id="mine"),
        # Needs an import that stands in a demonstration, and a helper from a cell of the learner's own.
        answer(1, "# NBVAL_SKIP\ndef double(x):\n    return math.floor(help_me) * x"),
        code('raise RuntimeError("nobody minds this one")', id="also-mine"),
        # Right where it is checked, and caught by the hidden assert on an empty array.
        answer(2, "def triple(x):\n    return 3.0 * x if x.size else x.sum()"),
        code('print("a check that was changed")', id="check-tiny-2", metadata={"tags": ["raises-exception"]}),
        answer(3, "def negate(x):\n    return -x)"),
        answer(4, "def square(x):\n    while True:\n        pass"),
        answer(6, "def cube(x):\n    return x**2"),
        bnlib=TINY,
    )
    report = tiny.report("--engine", engine, "--timeout", TIMEOUT, "--seed", "7", tmp_path)
    assert list(report) == ["schema", "course", "version", "engine", "isolation", "seed", "submissions"]
    assert (report["schema"], report["course"], report["seed"]) == (1, "tiny", 7)
    assert (report["engine"], report["isolation"]) == (engine, choose().name)
    (graded,) = report["submissions"]
    assert list(graded) == [
        *("submission", "notebook", "status", "score", "max_score", "seconds", "notes", "exercises")
    ]
    assert (graded["notebook"], graded["status"], graded["score"], graded["max_score"]) == (
        *("01_tiny", "graded", 1, 7),
    )
    found = {e["id"]: (e["status"], e["points"], e["max_points"]) for e in graded["exercises"]}
    assert found == {
        "tiny.1": ("passed", 1, 1),
        "tiny.2": ("failed", 0, 2),
        "tiny.3": ("error", 0, 1),
        "tiny.4": ("timed out", 0, 1),
        "tiny.5": ("not started", 0, 1),
        "tiny.6": ("failed", 0, 1),
    }
    says = {e["id"]: e["message"] for e in graded["exercises"]}
    assert says["tiny.2"] == "A further test of the instructor's did not pass."
    assert says["tiny.3"].startswith("Your code stopped on line 2, `return -x)`. SyntaxError")
    assert says["tiny.6"].endswith("Found with 3 numbers.")
    assert list(graded["exercises"][0]) == ["id", "status", "points", "max_points", "message", "mistake"]
    assert any("also" not in note and "RuntimeError: nobody minds" in note for note in graded["notes"])
    assert "There is no answer cell for tiny.5." in graded["notes"]


@pytest.mark.parametrize("engine", ["nbval", "direct"])
def test_a_folder_is_graded_whatever_stands_in_it(tiny: Tiny, tmp_path: Path, engine: str) -> None:
    """A kernel that ends, a damaged file and a link don't keep the right answer from its marks."""
    solved = [answer(n, right(name)) for n, name in enumerate(EXERCISES, 1)]
    save(tmp_path / "b_solved.ipynb", *solved)
    save(tmp_path / "a_exits.ipynb", *solved[:1], answer(2, "import os\nos._exit(0)"), *solved[2:])
    (tmp_path / "c_damaged.ipynb").write_text('{"cells": [')
    (tmp_path / "d_link.ipynb").symlink_to(tmp_path / "b_solved.ipynb")
    save(tmp_path / "e_other.ipynb", code("1 + 1"), bnlib={"course": "cooking", "notebook": "01_soup"})
    # What takes over a run that is started beside it.
    (tmp_path / "conftest.py").write_text("raise SystemExit(3)")
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("raise SystemExit(3)")
    file = tmp_path / "marks.json"
    done = tiny.grade("--engine", engine, "--timeout", TIMEOUT, "--json", file, tmp_path)
    assert done.returncode == 1, done.stderr
    report = json.loads(file.read_text(encoding="utf-8"))
    # Ending Python ends the learner's own worker: it costs the exercise whose cell does so, and no other.
    assert [s["score"] for s in report["submissions"]] == [5, 7, 0, 0, 0]
    lines = {
        line.split()[0].rpartition("/")[2]: line for line in done.stdout.splitlines() if ".ipynb" in line
    }
    assert list(lines) == [
        "a_exits.ipynb",
        "b_solved.ipynb",
        "c_damaged.ipynb",
        "d_link.ipynb",
        "e_other.ipynb",
    ]
    assert " 5/7 " in lines["a_exits.ipynb"]
    assert " 7/7 " in lines["b_solved.ipynb"]
    assert all("unreadable" in lines[name] for name in list(lines)[2:])


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what leads a session of its own, as a kernel does, and what ignores Ctrl-C."""
    monkeypatch.setattr(run, "GRACE", 0.1)
    stubborn = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    child = f"{stubborn}; print('child', flush=True); signal.pause()"
    parent = (
        f"{stubborn}; import subprocess, sys; "
        f"subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True); signal.pause()"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"child\n"
        run._end(process)
        # The pipe is at its end when nobody is left who could write into it.
        assert process.stdout.read() == b""
    assert process.returncode == -signal.SIGKILL
