"""Who decides that an exercise passed: the verdict and the trusted cells, and both have to agree."""

from __future__ import annotations

from bnlib.grade import ExerciseResult
from bnlib.grade.assemble import Piece
from bnlib.grade.outcome import HIDDEN_FAILED, Done, added_notes, exercise_results
from bnlib.grade.run import CellResult
from bnlib.grade.sitting import Notes
from bnlib.grade.worker import Ran

PASSED, SKIPPED, MISSING = CellResult("passed"), CellResult("skipped"), CellResult("missing")
FAILED = CellResult("failed", "Cell 2: Cell execution caused an exception\nNotPassed: failed")
SLOW = CellResult("failed", "#x1B[94mCell 2: Timeout of 6 seconds exceeded executing cell")
RAN = Ran("ran")
STOPPED = Ran("failed", "Your code stopped on line 3, `y = (1,`. SyntaxError: '(' was never closed")


def result(
    verdict: dict | None,
    check: CellResult,
    *further: CellResult,
    answer: Ran = RAN,
    late: tuple[str, ...] = (),
    ended: bool = False,
) -> ExerciseResult:
    """The result of exercise 3.9 for a verdict and the outcomes of its answer, check and further asserts."""
    pieces = [Piece("answer", "", "3.9"), Piece("check", "", "3.9")]
    pieces += [Piece("hidden", "", "3.9"), Piece("private", "", "3.9")][: len(further)]
    notes = Notes({0: answer}, {} if verdict is None else {"3.9": verdict}, list(late))
    done = Done(notes, dict(enumerate((check, *further), 1)), ended)
    (found,) = exercise_results(pieces, done, {"3.9": 2}, 6.0)
    return found


def says(status: str, message: str = "Because.", mistake: str | None = None) -> dict:
    return {"status": status, "message": message, "mistake": mistake}


def test_an_exercise_passes_only_if_the_cell_and_the_verdict_agree() -> None:
    assert result(says("passed"), PASSED) == ExerciseResult("3.9", "passed", 2, 2, "Because.")
    assert result(says("passed"), PASSED, PASSED, PASSED).points == 2
    for check in (FAILED, SKIPPED, MISSING):
        assert result(says("passed"), check).points == 0
    # After a timeout nbval calls a cell passed that never ran.
    assert result(None, PASSED).status == "error"
    assert result(says("failed"), PASSED).points == 0


def test_a_further_assert_that_fails_says_no_more_than_that() -> None:
    secret = CellResult("failed", "AssertionError: the secret")
    for further in ((secret,), (PASSED, secret)):
        found = result(says("passed"), PASSED, *further)
        assert (found.status, found.message, found.points) == ("failed", HIDDEN_FAILED, 0)


def test_what_took_too_long_is_called_that() -> None:
    assert result(says("passed"), PASSED, FAILED, late=("3.9",)).status == "timed out"
    assert result(says("passed"), PASSED, SLOW).status == "timed out"
    for check in (SLOW, SKIPPED, MISSING):
        assert result(None, check).status == "timed out"
    assert result(None, FAILED, ended=True).status == "timed out"
    assert result(says("not started"), FAILED, answer=Ran("timed out")).status == "timed out"


def test_a_cell_that_stopped_is_not_called_not_started() -> None:
    undefined = says("not started", "`step9` is not defined yet. Run its cell first.")
    found = result(undefined, FAILED, answer=STOPPED)
    assert (found.status, found.message) == ("error", STOPPED.says)
    assert result(undefined, FAILED).message == "Not started yet: `step9` is not defined."
    # Where the function is there all the same, what it gives back decides.
    assert result(says("passed"), PASSED, answer=STOPPED).points == 2


def test_the_mistakes_name_is_kept_where_the_exercise_failed() -> None:
    assert result(says("failed", mistake="mean-for-sum"), FAILED).mistake == "mean-for-sum"
    assert result(says("passed"), PASSED, FAILED).mistake is None


def test_an_error_in_an_added_cell_is_a_note() -> None:
    pieces = [Piece("added", "", None, 4), Piece("added", "", None, 6), Piece("demo", ""), Piece("added", "")]
    cells = {0: STOPPED, 1: Ran("timed out"), 2: STOPPED, 3: STOPPED}
    assert added_notes(pieces, Done(Notes(cells))) == [
        "Cell 4, your own, stopped on line 3, `y = (1,`. SyntaxError: '(' was never closed",
        "Cell 6, your own, took too long",
    ]
