"""The report: what an instructor reads, and what a program does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny import code, save

from bnlib.grade import ExerciseResult, Report, SubmissionResult
from bnlib.grade.cli import main
from bnlib.grade.report import as_dict, printable, table, write_json

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
