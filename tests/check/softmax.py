"""A second course as another package would bring it: softmax cross-entropy, its loss and its gradient."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COURSE = '''
"""Two exercises on softmax cross-entropy. Nothing here is bnlib's own."""

import numpy as np

from bnlib.diagnose import Piece
from bnlib.exercises import Case, Course, Exercise
from bnlib.exercises.mistakes import Mistakes
from bnlib.graph import trace

mistake = Mistakes()


def cross_entropy(scores, chosen):
    powers = np.exp(scores)
    total = np.sum(powers, axis=1, keepdims=True)
    logp = scores - np.log(total)
    right = np.sum(chosen * logp, axis=1)
    loss = -np.mean(right)
    return loss


def one_hot(labels, count):
    return np.eye(count)[labels]


def loss(scores, labels):
    return cross_entropy(scores, one_hot(labels, scores.shape[1]))


def loss_backward(scores, labels):
    shares = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    shares /= np.sum(shares, axis=1, keepdims=True)
    return (shares - one_hot(labels, scores.shape[1])) / len(scores)


def cases(rng):
    for n, c in ((5, 3), (4, 6), (7, 2)):
        yield Case(f"{n} rows and {c} classes", (rng.normal(size=(n, c)), rng.integers(0, c, n)))


def graph(args):
    scores, labels = args
    n, c = scores.shape
    traced = trace(cross_entropy, scores, chosen=one_hot(labels, c))
    return Piece(traced, {"loss": np.ones(())}, {"dscores": "scores"}, sizes={"N": n, "C": c})


@mistake("softmax.1", "sign-lost", "A loss that grows as the answer gets better goes the wrong way. Which sign?")
def _(scores, labels):
    return -loss(scores, labels)


COURSE = Course("softmax", "Softmax cross-entropy", {"01_softmax": (
    Exercise(
        id="softmax.1", title="The loss", asks="the mean cross-entropy.", references={"loss": loss},
        returns=("loss",), cases=cases, hints=("Think of a logarithm.",), section="The-loss",
        mistakes=mistake.of("softmax.1"),
    ),
    Exercise(
        id="softmax.2", title="Its gradient", asks="the gradient of the scores.",
        references={"loss_backward": loss_backward}, returns=("dscores",), cases=cases,
        hints=("Who pushes whom?",), section="Its-gradient", graph=graph, shapes={"dscores": "(N, C)"},
    ),
)})
'''

SOURCE = """# %% [markdown]
# # 1 · Softmax
# %% given=true
import numpy as np
# %%
from bnlib import check
# %% answer="softmax.1"
def loss(scores, labels):
    value = None
    ### BEGIN SOLUTION
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logp = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    value = -np.mean(logp[np.arange(len(labels)), labels])
    ### END SOLUTION
    return value
# %% check="softmax.1"
check("softmax.1")
# %% answer="softmax.2"
def loss_backward(scores, labels):
    dscores = None
    ### BEGIN SOLUTION
    shares = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    dscores = shares / np.sum(shares, axis=1, keepdims=True)
    dscores[np.arange(len(labels)), labels] -= 1.0
    dscores = dscores / len(labels)
    ### END SOLUTION
    return dscores
# %% check="softmax.2"
check("softmax.2")
"""


def make(root: Path) -> Path:
    """Write the course's package, its entry point and its source into an empty folder."""
    (root / "softmax_course.py").write_text(COURSE, encoding="utf-8")
    info = root / "softmax_course-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: softmax-course\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[bnlib.courses]\nsoftmax = softmax_course:COURSE\n")
    (root / "source").mkdir()
    (root / "source" / "01_softmax.py").write_text(SOURCE, encoding="utf-8")
    return root


def grade(root: Path, answers: dict[str, str]) -> dict[str, Any]:
    """The results by exercise of one submission with these answers, graded in a process of its own."""
    cells = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        | {"id": f"answer-{identifier.replace('.', '-')}"}
        for identifier, text in answers.items()
    ]
    metadata = {"bnlib": {"course": "softmax", "notebook": "01_softmax"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    folder = root / "submissions"
    folder.mkdir()
    (folder / "one.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    report = root / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "bnlib", "grade", "--root", root, "--seed", "3", "--json", report, folder],
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert report.exists(), done.stderr + done.stdout
    (graded,) = json.loads(report.read_text(encoding="utf-8"))["submissions"]
    return {result["id"]: result for result in graded["exercises"]}
