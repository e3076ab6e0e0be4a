"""From results to a report: who decides that an exercise passed, and what an instructor reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import code, save

from bnlib.grade import ExerciseResult, Report, SubmissionResult
from bnlib.grade.assemble import Piece
from bnlib.grade.cli import main
from bnlib.grade.outcome import HIDDEN_FAILED, added_notes, exercise_results, read_verdict, stopped
from bnlib.grade.report import as_dict, printable, table, write_json
from bnlib.grade.run import CellResult, Run
from bnlib.grade.submission import LearnerCell

PASSED, SKIPPED, MISSING = CellResult("passed"), CellResult("skipped"), CellResult("missing")
FAILED = CellResult("failed", "Cell 2: Cell execution caused an exception")
SLOW = CellResult("failed", "#x1B[94mCell 2: Timeout of 6 seconds exceeded executing cell")

NAME_ERROR = """\
#x1B[94mCell 1: Cell execution caused an exception
NameError                                 Traceback (most recent call last)
Cell In[1], line 4
      3 # now call it
----> 4 np.apply_along_axis(f, 0, x)

File /usr/lib/python3/numpy/shape_base.py:379, in apply_along_axis(func1d, axis, arr)
--> 379 res = asanyarray(func1d(inarr_view[ind0], *args, **kwargs))

Cell In[1], line 2, in f(x)
      1 def f(x):
----> 2     return nope

NameError: name 'nope' is not defined
"""
SYNTAX_ERROR = """\
  Cell In[1], line 3
    y = (1,
        ^
SyntaxError: '(' was never closed
"""


@pytest.fixture
def result(tmp_path: Path) -> Callable[..., ExerciseResult]:
    """The result of exercise 3.9 for a verdict and the outcomes of its answer, check and hidden cells."""

    def decide(
        verdict: dict | None, answer: CellResult, check: CellResult, hidden: CellResult | None = None
    ) -> ExerciseResult:
        file = tmp_path / "verdict.json"
        file.unlink(missing_ok=True)
        if verdict is not None:
            file.write_text(json.dumps(verdict))
        pieces = [Piece("answer", "", "3.9"), Piece("check", "", "3.9")]
        outcomes = [answer, check]
        if hidden is not None:
            pieces.append(Piece("hidden", "", "3.9"))
            outcomes.append(hidden)
        run = Run(tuple(outcomes), ended=False)
        (found,) = exercise_results(pieces, run, {"3.9": 2}, lambda _: file, 6.0)
        return found

    return decide


def says(status: str, message: str = "Because.", mistake: str | None = None) -> dict:
    return {"status": status, "message": message, "mistake": mistake}


def test_an_exercise_passes_only_if_nbval_and_the_verdict_agree(result: Callable) -> None:
    assert result(says("passed"), PASSED, PASSED) == ExerciseResult("3.9", "passed", 2, 2, "Because.")
    assert result(says("passed"), PASSED, PASSED, PASSED).points == 2
    for check in (FAILED, SKIPPED, MISSING):
        assert result(says("passed"), PASSED, check).points == 0
    # After a timeout nbval calls a cell passed that never ran.
    assert result(None, PASSED, PASSED).status == "error"
    assert result(says("failed"), PASSED, PASSED).points == 0


def test_a_hidden_assert_that_fails_says_no_more_than_that(result: Callable) -> None:
    found = result(says("passed"), PASSED, PASSED, CellResult("failed", "AssertionError: the secret"))
    assert (found.status, found.message, found.points) == ("failed", HIDDEN_FAILED, 0)
    assert result(says("passed"), PASSED, PASSED, SLOW).status == "timed out"


def test_what_took_too_long_is_called_that(result: Callable) -> None:
    for outcomes in ((PASSED, SLOW), (SLOW, FAILED), (PASSED, SKIPPED), (PASSED, MISSING)):
        assert result(None, *outcomes).status == "timed out"
    assert result(says("not started"), SLOW, SKIPPED).status == "timed out"


def test_a_cell_that_stopped_is_not_called_not_started(result: Callable) -> None:
    undefined = says("not started", "`step9` is not defined yet. Run its cell first.")
    found = result(undefined, CellResult("failed", SYNTAX_ERROR), FAILED)
    assert found.status == "error"
    assert found.message == "Your code stopped on line 3, `y = (1,`. SyntaxError: '(' was never closed"
    assert result(undefined, PASSED, FAILED).message == "Not started yet: `step9` is not defined."


def test_the_mistakes_name_is_kept(result: Callable) -> None:
    assert result(says("failed", mistake="mean-for-sum"), PASSED, FAILED).mistake == "mean-for-sum"


def test_an_error_names_the_learners_own_line() -> None:
    says = "Your code stopped on line 2, `return nope`. NameError: name 'nope' is not defined"
    assert stopped(NAME_ERROR) == says
    assert stopped("") == "Your code stopped. It gave no reason."


def test_an_error_in_an_added_cell_is_a_note() -> None:
    mine = LearnerCell(4, "", "", {})
    pieces = [Piece("added", "", None, mine), Piece("added", "", None, mine), Piece("demo", "")]
    done = Run((CellResult("failed", NAME_ERROR), SLOW, FAILED), ended=False)
    assert added_notes(pieces, done) == [
        "Cell 4, your own, stopped on line 2, `return nope`. NameError: name 'nope' is not defined",
        "Cell 4, your own, took too long",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "{}", '{"status": "won", "message": "", "mistake": null}', "[" * 9999]
)
def test_a_verdict_file_that_no_check_wrote_is_no_verdict(text: str, tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text(text)
    assert read_verdict(tmp_path / "v.json") is None
    assert read_verdict(tmp_path / "missing.json") is None


REPORT = Report(
    "batch-normalization",
    "0.1",
    7,
    (
        SubmissionResult(
            *("ann/é\x1b[31m.ipynb", "03_backward", "graded", 1, 2, 0.5, ("A note.",)),
            (
                ExerciseResult("3.9", "passed", 1, 1, "All 9 cases agree."),
                ExerciseResult("3.8", "failed", 0, 1, "Off\nby 2.", "mean-for-sum"),
            ),
        ),
        SubmissionResult("bob.ipynb", None, "unreadable", 0, 0, 0.0, ("It is empty.",)),
    ),
)


def test_the_json_has_the_schemas_fields(tmp_path: Path) -> None:
    write_json(REPORT, tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert found == as_dict(REPORT)
    assert list(found) == ["schema", "course", "version", "engine", "isolation", "seed", "submissions"]
    assert found["submissions"][0]["exercises"][1] == {
        "id": "3.8",
        "status": "failed",
        "points": 0,
        "max_points": 1,
        "message": "Off\nby 2.",
        "mistake": "mean-for-sum",
    }
    assert found["submissions"][1]["notes"] == ["It is empty."]
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_the_table_shows_scores_and_reasons_and_no_control_characters() -> None:
    lines = table(REPORT).splitlines()
    assert lines[1].split() == [
        "ann/é\N{REPLACEMENT CHARACTER}[31m.ipynb",
        "03_backward",
        "1/2",
        "✓",
        "3.9",
        "✗",
        "3.8",
    ]
    assert lines[2:4] == ["    3.8  failed: Off by 2.", "    A note."]
    assert lines[4].split() == ["bob.ipynb", "-", "-", "unreadable"]
    assert lines[5] == "    It is empty."
    assert (
        printable("\x1b]0;t\x07\u202e") == "\N{REPLACEMENT CHARACTER}]0;t" + "\N{REPLACEMENT CHARACTER}" * 2
    )


def test_a_wrong_use_of_the_command_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(save(tmp_path / "x.ipynb", code("1")))
    wrong = (
        [],
        ["--jobs", "0", file],
        ["--seed", "x", file],
        ["--timeout", "nan", file],
        ["--json", str(tmp_path / "no" / "r.json"), file],
        ["--json", str(tmp_path), file],
    )
    for arguments in wrong:
        assert main(arguments) == 2
        assert "usage" in capsys.readouterr().err


def test_what_could_not_be_graded_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.ipynb").write_text("no")
    assert main([str(tmp_path), str(tmp_path / "gone.ipynb"), "--json", str(tmp_path / "r.json")]) == 1
    shown = capsys.readouterr().out
    assert "0 of 2 submissions graded" in shown
    assert "There is no such file." in shown
    assert len(json.loads((tmp_path / "r.json").read_text())["submissions"]) == 2
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty")]) == 1
    assert "no notebook" in capsys.readouterr().err
