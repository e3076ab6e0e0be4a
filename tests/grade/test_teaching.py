"""The scripts for teaching platforms do what their platforms expect, in a folder laid out like the platform's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEACHING = ROOT / "teaching"
STUB = "def step9(dout):\n    return dout.sum(axis=0), dout.copy()\n"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the platforms' scripts need bash")


def notebook(path: Path, *sources: str) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for i, text in enumerate(sources)
    ]
    ours = {"bnlib": {"course": "batch-normalization", "notebook": "03_backward"}}
    path.write_text(json.dumps({"cells": cells, "metadata": ours, "nbformat": 4, "nbformat_minor": 5}))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="pack.sh packs what git has committed")
def test_the_gradescope_zip_has_the_grader_and_leaves_results_where_gradescope_looks(tmp_path: Path) -> None:
    zipped, home = tmp_path / "autograder.zip", tmp_path / "autograder"
    subprocess.run(["bash", TEACHING / "gradescope" / "pack.sh", zipped], check=True, capture_output=True)
    shutil.unpack_archive(zipped, home / "source")
    (home / "submission").mkdir()
    notebook(home / "submission" / "mine.ipynb", STUB)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        ["bash", home / "source" / "run_autograder"],
        env={**environment, "AUTOGRADER": str(home), "PYTHON": sys.executable},
        cwd=home / "source" / "course",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((home / "results" / "results.json").read_text(encoding="utf-8"))
    assert found["score"] == 1
    passed = [test["name"] for test in found["tests"] if test["status"] == "passed"]
    assert passed == ["3.9"]
    assert len(found["tests"]) == 11


@pytest.mark.parametrize(
    "script", [*sorted(TEACHING.rglob("*.sh")), TEACHING / "gradescope" / "run_autograder"]
)
def test_a_script_is_sound_bash_that_stops_at_errors(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert "set -euo pipefail" in script.read_text()


def test_the_workflow_hands_its_result_to_the_reporter_under_its_own_id() -> None:
    yaml = pytest.importorskip("yaml", reason="reads the workflow; jupytext brings it")
    job = yaml.safe_load((TEACHING / "classroom" / "classroom.yml").read_text())["jobs"]["grade"]
    runner = next(step for step in job["steps"] if "id" in step)
    reporter = job["steps"][-1]
    assert reporter["with"]["runners"] == runner["id"]
    assert f"{runner['id'].upper()}_RESULTS" in reporter["env"]
    assert "--classroom result.txt" in runner["run"]
