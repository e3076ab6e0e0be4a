"""Each committed notebook is what its source builds now; run `make notebooks` where one is not.

Outputs are not compared, because pictures differ between renderers; what they may hold is.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bnlib.course import build, source
from bnlib.course.run import lasting
from bnlib.exercises import courses

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = sorted((REPOSITORY / "source").glob("[0-9][0-9]_*.py"))

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)


def committed(path):
    assert (REPOSITORY / "notebooks" / f"{path.stem}.ipynb").exists(), "run `make notebooks`"
    return json.loads((REPOSITORY / "notebooks" / f"{path.stem}.ipynb").read_text(encoding="utf-8"))


def without_outputs(notebook):
    shown = ("outputs", "execution_count")
    return [{key: cell[key] for key in cell if key not in shown} for cell in notebook["cells"]]


@each_source
def test_a_notebook_is_what_its_source_builds(path):
    kept, built = committed(path), json.loads(build.dump(build.learners(source.load(path))))
    for number, pair in enumerate(zip(without_outputs(kept), without_outputs(built), strict=False), 1):
        assert pair[0] == pair[1], f"cell {number} differs from its source; run `make notebooks`"
    assert len(kept["cells"]) == len(built["cells"]), "run `make notebooks`"
    assert kept["metadata"] == built["metadata"], "run `make notebooks`"


@each_source
def test_outputs_are_those_of_demonstrations_and_may_be_kept(path):
    shown = 0
    for number, cell in enumerate(committed(path)["cells"], 1):
        kind = cell["metadata"].get("bnlib", {}).get("kind")
        if kind in ("answer", "check"):
            assert cell["outputs"] == [], f"cell {number} is a learner's, and shows something already"
        for output in cell.get("outputs", ()):
            shown += 1
            whole = {key: "".join(text) for key, text in output.get("data", {}).items()}
            joined = output | ({"data": whole} if whole else {"text": "".join(output["text"])})
            assert lasting(joined, f"{path.name}, cell {number}") == joined
    assert shown, "no demonstration shows anything: was the notebook built?"


@each_source
def test_every_exercise_of_a_notebook_has_its_cells(path):
    course = next(course for course in courses().values() if path.stem in course.notebooks)
    asked = {exercise.id for exercise in course.notebooks[path.stem]}
    assert source.load(path).answers.keys() == asked


def test_every_notebook_has_a_source():
    notebooks = {path.stem for path in (REPOSITORY / "notebooks").glob("*.ipynb")}
    assert notebooks == {path.stem for path in SOURCES}
