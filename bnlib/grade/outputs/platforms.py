"""The results in the forms that two teaching platforms read: Gradescope and GitHub Classroom.

Both grade one learner at a time, so both take all submissions of a report as one learner's.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ..report import ExerciseResult, SubmissionResult
from .learners import Learner


def gradescope(learner: Learner) -> str:
    """The text of Gradescope's `results.json`: a test for each exercise, all of it visible to the learner.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
    """
    tests = [
        {
            "name": f"{one.id}",
            "score": one.points,
            "max_score": one.max_points,
            "status": "passed" if one.status == "passed" else "failed",
            "output": _words(one),
            "output_format": "text",
            "visibility": "visible",
        }
        for one in learner.exercises.values()
    ]
    found = {
        "score": learner.score,
        "execution_time": round(sum(result.seconds for result in _results(learner))),
        "output": "\n".join(_notes(learner)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(found, indent=2) + "\n"


def classroom(learner: Learner) -> str:
    """What GitHub Classroom's reporter expects in a step's `<ID>_RESULTS`: JSON in base64, on one line."""
    states = [one.status for one in learner.exercises.values()]
    tests = [_classroom_test(one, learner) for one in learner.exercises.values()]
    tests += [
        {**_blank(result.submission), "status": "error", "message": " ".join(result.notes)}
        for result in learner.unread
    ]
    passed = bool(states) and all(state == "passed" for state in states) and not learner.unread
    found = {
        "version": 1,
        "status": "pass" if passed else "fail" if states else "error",
        "max_score": learner.max_score,
        "tests": tests,
    }
    return base64.b64encode(json.dumps(found).encode()).decode() + "\n"


def _classroom_test(one: ExerciseResult, learner: Learner) -> dict[str, Any]:
    home = next(name for name, result in learner.best.items() if one in result.exercises)
    states = {"passed": "pass", "failed": "fail", "not started": "fail"}
    return {
        **_blank(one.id),
        "status": states.get(one.status, "error"),
        "score": one.points,
        "message": _words(one),
        "filename": f"{home}.ipynb",
    }


def _blank(name: str) -> dict[str, Any]:
    return {"name": name, "score": 0, "test_code": "", "filename": "", "line_no": 0, "duration": 0}


def _words(one: ExerciseResult) -> str:
    return (
        one.message if one.status == "passed" else f"{one.status[0].upper()}{one.status[1:]}. {one.message}"
    )


def _results(learner: Learner) -> list[SubmissionResult]:
    return [*learner.best.values(), *learner.unread]


def _notes(learner: Learner) -> list[str]:
    lines = []
    for result in _results(learner):
        lines += [f"{result.notebook or result.submission}: {note}" for note in result.notes]
    return lines or ["Every notebook could be read."] if learner.attempts else ["There is no notebook in it."]
