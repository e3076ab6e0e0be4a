"""A school that runs nbgrader can use the course as it is, and gives the same marks as bnlib's own grader."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bnlib.grade import grade_paths

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_chain_rule"
# `python -m nbgrader`, but for a parser that jsonschema builds at each start, and that nobody here needs.
START = (
    "import runpy, sys; sys.modules['rfc3987_syntax'] = None; "
    "runpy.run_module('nbgrader', run_name='__main__', alter_sys=True)"
)


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run nbgrader in a course folder, with nobody's settings and nothing of this test's environment."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "BNLIB_"))}
    private = {
        f"JUPYTER_{kind}_DIR": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    # nbgrader starts a tool of its own by name, which an environment that is not activated would not find.
    path = os.pathsep.join([str(Path(sys.executable).parent), outside.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", START, *arguments],
        cwd=folder,
        env={**outside, **private, "IPYTHONDIR": str(folder / ".ipython"), "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def build(kind: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "bnlib", "notebooks", f"--{kind}", str(folder), NOTEBOOK]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return folder / f"{NOTEBOOK}.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of nbgrader's with three submissions: solved, untouched, and solved but for one answer."""
    folder = tmp_path_factory.mktemp("nbgrader")
    (folder / "nbgrader_config.py").write_text('get_config().CourseDirectory.course_id = "course"\n')
    (folder / "source" / "week").mkdir(parents=True)
    original = build("instructor", folder / "instructor")
    original.rename(folder / "source" / "week" / original.name)
    nbgrader(folder, "generate_assignment", "week")
    solved = build("solved", folder / "solved").read_text(encoding="utf-8")
    released = (folder / "release" / "week" / original.name).read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released
    assert "BEGIN HIDDEN TESTS" not in released
    one_wrong = json.loads(solved)
    (cell,) = (
        c
        for c in one_wrong["cells"]
        if c.get("metadata", {}).get("nbgrader", {}).get("grade_id") == "answer-2-2"
    )
    cell["source"] = "def mul_backward(dz, x, y):\n    return dz * x, dz * y\n"
    for learner, text in (("ada", solved), ("bob", released), ("eve", json.dumps(one_wrong))):
        home = folder / "submitted" / learner / "week"
        home.mkdir(parents=True)
        (home / original.name).write_text(text, encoding="utf-8")
    return folder


def test_nbgrader_and_the_grader_give_the_same_marks(course: Path) -> None:
    nbgrader(course, "autograde", "week")
    nbgrader(course, "export", "--to=grades.csv")
    with (course / "grades.csv").open(newline="") as file:
        theirs = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    # Both engines give the same marks, which another test sees to.
    report = grade_paths([course / "submitted"], seed=1, engine="direct")
    ours = {Path(one.submission).parts[-3]: float(one.score) for one in report.submissions}
    assert theirs == ours
    assert theirs == {"ada": 6.0, "bob": 0.0, "eve": 5.0}
