"""A run that was interrupted goes on where it stopped, and never mixes two runs in one report."""

from __future__ import annotations

from pathlib import Path

import pytest

from bnlib.grade import ExerciseResult, SubmissionResult
from bnlib.grade.journal import Journal, JournalError

RUN = {"engine": "direct", "seed": 7}


def result(file: Path) -> SubmissionResult:
    exercise = ExerciseResult("3.9", "failed", 0, 1, "`dbeta` is a mean.\n", "mean-for-sum")
    return SubmissionResult(str(file), "03_backward", "graded", 0, 1, 0.5, ("A note.",), (exercise,))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{name}.ipynb" for name in ("ada", "bob")]
    for file in made:
        file.write_text("{}")
    return made


def interrupted(path: Path, *files: Path) -> None:
    journal = Journal(path, RUN, resume=False)
    journal.begin(7)
    for file in files:
        journal.note(file, result(file))
    journal.close()


def test_what_was_found_is_found_again(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "report.json.part"
    interrupted(path, files[0])
    again = Journal(path, RUN, resume=True)
    assert len(again) == 1
    assert again.find(files[0]) == result(files[0])
    assert again.find(files[1]) is None


def test_a_file_that_changed_since_is_graded_again(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "part"
    interrupted(path, *files)
    files[0].write_text("{} ")
    again = Journal(path, RUN, resume=True)
    assert again.find(files[0]) is None
    assert again.find(files[1]) is not None


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_that_was_being_written_is_forgotten_and_the_journal_goes_on(
    tmp_path: Path, files: list[Path], cut: int
) -> None:
    path = tmp_path / "part"
    interrupted(path, *files)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    again = Journal(path, RUN, resume=True)
    assert again.find(files[0]) == result(files[0])
    assert again.find(files[1]) is None
    again.begin(7)
    again.note(files[1], result(files[1]))
    again.close()
    assert path.read_bytes() == whole


def test_a_journal_is_not_overwritten(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "part"
    interrupted(path, *files)
    with pytest.raises(JournalError, match="--resume"):
        Journal(path, RUN, resume=False)
    assert len(Journal(path, RUN, resume=True)) == 2


def test_another_seed_is_another_run_and_no_seed_takes_the_old_one(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "part"
    interrupted(path, *files)
    with pytest.raises(JournalError, match="seed 7"):
        Journal(path, {**RUN, "seed": 8}, resume=True)
    assert Journal(path, {**RUN, "seed": None}, resume=True).run["seed"] == 7


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_text("my notes\nmore\n")
    with pytest.raises(JournalError, match="not a journal"):
        Journal(path, RUN, resume=True)
    assert path.read_text() == "my notes\nmore\n"


def test_a_journal_cut_off_in_its_first_line_begins_anew(tmp_path: Path, files: list[Path]) -> None:
    path = tmp_path / "part"
    path.write_text('{"engine": "dir')
    again = Journal(path, RUN, resume=True)
    again.begin(7)
    again.note(files[0], result(files[0]))
    again.close()
    assert Journal(path, RUN, resume=True).find(files[0]) == result(files[0])
