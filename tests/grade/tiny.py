"""A small course, brought by an entry point as another package would bring one, and notebooks to grade."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COURSE = """
import numpy as np
from bnlib.exercises import Case, Course, Exercise

def cases(rng):
    yield Case("3 numbers", (rng.normal(size=3),))
    yield Case("4 numbers", (rng.normal(size=4),))

def exercise(number, name, reference, points=1):
    return Exercise(id=f"tiny.{number}", title=name, asks=name, references={name: reference}, returns=("y",),
                    cases=cases, hints=("Think.",), section="Tiny", points=points)

COURSE = Course("tiny", "A tiny course", {"01_tiny": (
    exercise(1, "double", lambda x: 2.0 * x),
    exercise(2, "triple", lambda x: 3.0 * x, points=2),
    exercise(3, "negate", lambda x: -x),
    exercise(4, "square", lambda x: x * x),
    exercise(5, "halve", lambda x: 0.5 * x),
    exercise(6, "cube", lambda x: x**3),
)})
"""

HEAD = """# %% [markdown]
# # 1 · Tiny
# %% given=true
import numpy as np
FACTOR = 2.0
# %%
import math
from bnlib import check
shown = math.sqrt(4.0) * FACTOR
"""

ANSWER = '''# %% answer="tiny.{number}"
def {name}(x):
    """Asked for: {name}."""
    y = None
    ### BEGIN SOLUTION
    y = {right}
    ### END SOLUTION
    return y
# %% check="tiny.{number}"
check("tiny.{number}")
'''
HIDDEN = """### BEGIN HIDDEN TESTS
assert {name}(np.zeros(0)).shape == (0,), "the secret text of the assert"
### END HIDDEN TESTS
"""

EXERCISES = {
    "double": "FACTOR * x",
    "triple": "3.0 * x",
    "negate": "-x",
    "square": "x * x",
    "halve": "x / 2.0",
    "cube": "x**3",
}


@dataclass(frozen=True)
class Tiny:
    """The tiny course in a folder: `root` has its package and its source/."""

    root: Path

    def grade(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own, which finds the tiny course by its entry point."""
        return subprocess.run(
            [sys.executable, "-m", "bnlib", "grade", "--root", str(self.root), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(self.root), "PYTHONIOENCODING": "utf-8"},
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def report(self, *arguments: str | Path) -> dict[str, Any]:
        """The JSON report of a run."""
        file = self.root / "report.json"
        done = self.grade("--json", file, *arguments)
        assert file.exists(), done.stderr
        return json.loads(file.read_text(encoding="utf-8"))


def make(root: Path) -> Tiny:
    """Write the tiny course into an empty folder."""
    (root / "tiny_course.py").write_text(COURSE)
    info = root / "tiny_course-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-course\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[bnlib.courses]\ntiny = tiny_course:COURSE\n")
    (root / "source").mkdir()
    text = HEAD
    for number, (name, right) in enumerate(EXERCISES.items(), 1):
        text += ANSWER.format(number=number, name=name, right=right)
        text += HIDDEN.format(name=name) if name in ("triple", "halve") else ""
    (root / "source" / "01_tiny.py").write_text(text)
    return Tiny(root)


def code(source: str, **fields: Any) -> dict[str, Any]:
    """A code cell as a learner's notebook has it."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
        **fields,
    }


def save(path: Path, *cells: dict[str, Any], **metadata: Any) -> Path:
    """Write a notebook of some cells."""
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path
