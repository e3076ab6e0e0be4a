"""Nothing that a submission does gains a point, harms another's mark, leaves something behind or stops a run."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from siege import BROKEN, HOSTILE, REPORTS, SECRET, Outcome, besiege, says
from tiny import EXERCISES, make

from bnlib.grade.worker.syscalls import program

ENGINES = ("direct", "nbval")
CHEATS = [path.stem for path in HOSTILE]
UNREADABLE = {
    *("bad_json", "deep_json", "not_text", "utf_16", "nothing", "nul_bytes", "huge_integer", "a_list"),
    *("cells_of_no_kind", "too_many_cells", "a_link", "a_loop", "a_pipe", "a_device"),
}
# These run into their limit however long it is, so theirs is short: both engines wait for it in full.
ENDLESS = {
    *("endless_call", "endless_cell", "endless_regex", "memory_flood", "memory_flood_in_cell", "recursion"),
}
SHORT = 2.0
# No point either way, but how busy the machine is says for which reason: which limit is met first, whether a
# thread ends the process before its function has been judged or after, or whether all folders can be walked
# through in time.
EITHER_REASON = {
    *("exit_later", "exit_later_in_cell", "memory_flood", "memory_flood_in_cell", "recursion", "thread_bomb"),
    *("other_submissions", "reference_imported_by_path", "source_read"),
}
# What a process of its own withstands too, without a sandbox around it.
WITHSTOOD = {
    *("argument_forged", "array_that_agrees", "equals_everything", "exit_hooks", "exit_in_call"),
    *("exit_later_in_cell", "forged_reply_in_full", "frames_searched", "garbage_searched", "handles_swapped"),
    *("network", "patched_modules", "patched_numpy_comparisons", "pickle_bomb_returned"),
    *("process_left_behind", "reference_imported", "right_at_first", "thread_left_behind", "traced_grader"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The same classes graded by both engines, at the same time."""
    if shutil.which("bwrap") is None:
        pytest.skip("what is let loose here kills what it can, so it needs a sandbox: install bubblewrap")
    tiny = make(tmp_path_factory.mktemp("tiny"))

    def run(engine: str) -> Outcome:
        folder = tmp_path_factory.mktemp(engine)
        # nbval takes most of the time, so it gets both cores of a small machine.
        jobs = {"direct": 1, "nbval": 2}[engine]
        arguments = ("--engine", engine, "--seed=1", f"--jobs={jobs}", "--require-isolation")
        endless = [path for path in HOSTILE if path.stem in ENDLESS]
        others = [path for path in HOSTILE if path.stem not in ENDLESS]
        assert len(endless) == len(ENDLESS)
        first = besiege(tiny, folder / "others", *arguments, cheats=others)
        short = besiege(tiny, folder / "endless", *arguments, cheats=endless, broken={}, timeout=SHORT)
        return first.beside(short)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(ENGINES, pool.map(run, ENGINES), strict=True))


@pytest.fixture(scope="module", params=ENGINES)
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    return outcomes[request.param]


def test_there_are_fifty_and_each_says_what_it_tries() -> None:
    assert len(CHEATS) + len(BROKEN) >= 50
    assert all(says(path).endswith(".") for path in HOSTILE)


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gains_no_point_and_the_right_answers_beside_it_keep_theirs(
    outcome: Outcome, name: str
) -> None:
    assert outcome.status_of(name) not in ("passed", "unreadable")
    for number in range(2, len(EXERCISES) + 1):
        assert outcome.status_of(name, f"tiny.{number}") == "passed"


@pytest.mark.parametrize("name", ["right", "zz_right", "right again", "zz_right again"])
def test_another_learners_marks_are_untouched(outcome: Outcome, name: str) -> None:
    found = outcome.by_learner[name]
    assert found["status"] == "graded"
    assert found["score"] == found["max_score"] == 7


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gains_no_point_and_gets_a_reason(outcome: Outcome, name: str) -> None:
    if name == "a_folder":
        assert name not in outcome.by_learner
        return
    found = outcome.by_learner[name]
    assert (found["status"] == "unreadable") == (name in UNREADABLE)
    if name in UNREADABLE:
        assert found["notes"][0]
        assert found["score"] == 0
    else:
        assert outcome.status_of(name) != "passed"
        assert found["max_score"] == 7


def test_the_run_goes_on_to_the_end_and_says_that_some_could_not_be_read(outcome: Outcome) -> None:
    assert outcome.status == 1
    assert outcome.isolation == "bubblewrap"
    assert len(outcome.by_learner) == len(CHEATS) + len(BROKEN) + 2 * 2 - 1


def test_no_file_of_anyone_is_changed(outcome: Outcome) -> None:
    assert outcome.unchanged


def test_nothing_is_left_behind(outcome: Outcome) -> None:
    assert outcome.left == []


def test_no_secret_is_told(outcome: Outcome) -> None:
    assert SECRET not in outcome.words
    assert not any(SECRET in text for text in outcome.told)


def test_no_server_is_visited(outcome: Outcome) -> None:
    assert outcome.visitors == 0


def test_both_engines_give_the_same_marks(outcomes: dict[str, Outcome]) -> None:
    direct, nbval = (outcomes[engine].by_learner for engine in ENGINES)

    def marks(found: dict) -> dict[str, list]:
        return {
            name: [
                one["status"],
                *(
                    (e["id"], None if name in EITHER_REASON else e["status"], e["points"])
                    for e in one["exercises"]
                ),
            ]
            for name, one in found.items()
        }

    assert marks(direct) == marks(nbval)


def test_no_report_has_control_characters_or_markup_of_a_learner(outcome: Outcome) -> None:
    assert len(outcome.told) >= len(REPORTS)
    for text in (outcome.words, *outcome.told):
        assert not any(sign in text for sign in ("\x1b", "\x07", "\0"))
        assert not text.startswith("<!doctype") or "<script>" not in text


@pytest.mark.skipif(program(alone=False) is None, reason="system calls are refused on Linux alone")
def test_a_process_of_its_own_without_a_sandbox_withstands_what_needs_no_file(tmp_path: Path) -> None:
    """Where bubblewrap is missing, no code of a learner's runs where marks are decided, and Linux refuses it new
    processes, connections, signals and tracing.

    What does not hold there: it reads and writes what its user may, so it finds the course's source, other
    submissions and the grader's environment and command line, and the same user's processes may be open to it.
    Where the grader is root and Python can be read by everybody, a worker becomes nobody, to whom much less is
    open. On macOS and Windows nothing refuses system calls either.
    """
    (tmp_path / "tiny").mkdir()
    cheats = [path for path in HOSTILE if path.stem in WITHSTOOD]
    arguments = ("--engine", "direct", "--seed=1", "--jobs=2")
    path = str(Path(sys.executable).parent)
    folder = tmp_path / "run"
    outcome = besiege(make(tmp_path / "tiny"), folder, *arguments, cheats=cheats, broken={}, PATH=path)
    assert outcome.isolation == "process"
    assert len(cheats) == len(WITHSTOOD)
    for name in WITHSTOOD:
        statuses = [outcome.status_of(name, f"tiny.{number}") for number in range(1, len(EXERCISES) + 1)]
        assert statuses[0] != "passed"
        assert set(statuses[1:]) == {"passed"}
    assert outcome.by_learner["zz_right"]["score"] == 7
    assert outcome.unchanged
    assert outcome.left == []
    assert outcome.visitors == 0
