"""Two engines, one verdict: with nbval's kernel and without one, a submission gets the same marks and words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from tiny import EXERCISES, Tiny, code, save

from bnlib.check import judge
from bnlib.course import build
from bnlib.course.source import SourceNotebook, find_course_sources, load
from bnlib.exercises import Exercise, find
from bnlib.grade import Report, grade_paths

SEED, SECONDS = 11, 20.0
# What is done to a right answer: to the course's solution these lines are added, about its first function.
WRONG = {
    "a result half as large again": "def {0}(*args, _right={0}):\n    r = _right(*args)\n"
    "    return tuple(_more(p) for p in r) if isinstance(r, tuple) else _more(r)\n",
    "a changed input": "def {0}(*args, _right={0}):\n    r = _right(*args)\n    _change(args)\n    return r\n",
    "a masked array": "def {0}(*args, _right={0}):\n    r = _right(*args)\n"
    "    return tuple(map(np.ma.masked_array, r)) if isinstance(r, tuple) else np.ma.masked_array(r)\n",
    "an exception": "def {0}(*args):\n    return undefined_name\n",
    "nothing": "def {0}(*args):\n    return None\n",
    "another shape": "def {0}(*args, _right={0}):\n    r = _right(*args)\n"
    "    return (r[0], *r) if isinstance(r, tuple) else [r]\n",
    "an end of Python": "def {0}(*args):\n    import os\n    os._exit(0)\n",
    "objects": "def {0}(*args):\n    return np.array([object()]), object()\n",
}
HELP = (
    "import numpy as np\n"
    "def _more(p):\n    return p * 1.5 if isinstance(p, np.ndarray) else p\n"
    "def _change(parts):\n    for p in parts:\n"
    "        if isinstance(p, np.ndarray):\n            p.ravel(order='K')[:] = 7\n            return\n"
    "        if isinstance(p, (tuple, list)):\n            _change(p)\n"
)


@pytest.fixture(scope="module")
def books() -> dict[str, SourceNotebook]:
    paths = {name: path for name, path in find_course_sources().items() if path.suffix == ".py"}
    return {name: load(path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def solved(books: dict[str, SourceNotebook], tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Every lesson with its solutions, graded by the direct engine; the glossary asks for no answers."""
    folder = tmp_path_factory.mktemp("solved")
    for name, book in books.items():
        if book.answers:
            build.write(build.solved(book), folder / f"{name}.ipynb")
    return grade_paths([folder], seed=SEED, engine="direct", cell_timeout=SECONDS)


def spoiled(book: SourceNotebook, folder: Path, start: int) -> Path:
    """A solved notebook in which every exercise but each fourth has something wrong with it."""
    cells, kinds = [], cycle([*WRONG.values()][start:] + [*WRONG.values()][:start])
    for count, cell in enumerate(book.cells):
        if cell.kind == "answer":
            text = cell.solution_source
            if list(book.answers).index(str(cell.exercise)) % 4 != 1:
                text += "\n" + HELP + next(kinds).format(find(str(cell.exercise)).functions[0])
            cells.append(code(text, id=f"answer-{str(cell.exercise).replace('.', '-')}"))
        elif cell.kind == "given":
            cells.append(code(cell.source, id=f"given-{count}"))
    ours = {"course": book.course, "notebook": book.name}
    return save(folder / f"{book.name}_{start}.ipynb", *cells, bnlib=ours)


def without_times(report: Report) -> list[object]:
    return [replace(result, seconds=0.0) for result in report.submissions]


def test_both_engines_say_the_same_of_right_and_wrong_answers(
    books: dict[str, SourceNotebook], solved: Report, tmp_path: Path
) -> None:
    """Among them changed inputs, ended workers, masked arrays and, in notebook 10, limits on memory."""
    wrong = ("03_backward", "07_train_and_test", "09_beyond_batch", "11_capstone")
    for number, name in enumerate(wrong):
        spoiled(books[name], tmp_path, 2 * number)
    right = [result for result in solved.submissions if result.notebook not in wrong]
    direct = grade_paths([tmp_path], seed=SEED, engine="direct", cell_timeout=SECONDS)
    found = without_times(replace(direct, submissions=(*right, *direct.submissions)))
    files = [result.submission for result in right]
    nbval = grade_paths([*files, tmp_path], seed=SEED, engine="nbval", cell_timeout=SECONDS)
    assert (solved.engine, direct.engine, nbval.engine) == ("direct", "direct", "nbval")
    assert len(nbval.submissions) == sum(bool(book.answers) for book in books.values())
    assert found == without_times(nbval)
    statuses = [exercise.status for result in nbval.submissions for exercise in result.exercises]
    assert {"passed", "failed", "error", "not started"} <= set(statuses)
    for result in nbval.submissions:
        assert (result.score == result.max_score) == (result.notebook not in wrong), result


def test_the_direct_engine_knows_every_solution_and_every_stub_of_the_course(
    books: dict[str, SourceNotebook], solved: Report, tmp_path: Path
) -> None:
    for name, book in books.items():
        if book.answers:
            build.write(build.learners(book), tmp_path / f"{name}.ipynb")
    stubs = grade_paths([tmp_path], seed=3, engine="direct")
    for report, expected in ((solved, "passed"), (stubs, "not started")):
        assert report.complete
        assert len(report.submissions) == sum(bool(book.answers) for book in books.values())
        for result in report.submissions:
            assert {exercise.status for exercise in result.exercises} == {expected}, result
            assert result.notes == ()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_marks(
    books: dict[str, SourceNotebook], tmp_path: Path, seed: int
) -> None:
    file = spoiled(books["03_backward"], tmp_path, 1)
    reports = [grade_paths([file], seed=seed, engine="direct") for _ in range(2)]
    assert without_times(reports[0]) == without_times(reports[1])


def test_what_the_grader_says_is_what_the_notebook_says(
    books: dict[str, SourceNotebook], tmp_path: Path
) -> None:
    """The same words and the same mistake as the card has, with the same numbers as inputs."""
    book = books["03_backward"]
    result = grade_paths([spoiled(book, tmp_path, 0)], seed=5, engine="direct").submissions[0]
    graded = {exercise.id: exercise for exercise in result.exercises}
    names: dict[str, object] = {}
    source = (tmp_path / "03_backward_0.ipynb").read_text(encoding="utf-8")
    for cell in json.loads(source)["cells"]:
        exec(compile(cell["source"], "<cell>", "exec"), names)
    for exercise in map(find, graded):
        if "_exit" in _text(source, exercise):
            assert graded[exercise.id].message == "Your code ended Python itself."
            continue
        verdict = judge(exercise.id, names, 5)
        mine = graded[exercise.id]
        assert (mine.status, mine.mistake) == (verdict.status, verdict.mistake), exercise.id
        # Line numbers count from the top of a learner's own cell in both, but exec has no lines to show.
        if verdict.status == "failed":
            assert mine.message.startswith(verdict.message)


def _text(notebook: str, exercise: Exercise) -> str:
    cells = json.loads(notebook)["cells"]
    return next(c["source"] for c in cells if c.get("id") == f"answer-{exercise.id.replace('.', '-')}")


@pytest.mark.parametrize("engine", ["nbval", "direct"])
def test_an_instructors_private_asserts_decide_too(
    tiny: Tiny, tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "01_tiny.py").write_text(
        'import numpy as np\nSECRET = 7.0\n\n# %% check="tiny.1"\nassert double(np.full(1, SECRET)) == 14.0\n\n'
        '# %% check="tiny.3"\nassert negate(SECRET) == 7.0, "a secret of the instructor\'s"\n'
    )
    right = [code(f"def {name}(x):\n    return {text}", id=f"answer-tiny-{n}") for n, (name, text) in _tiny()]
    save(tmp_path / "one.ipynb", *right, bnlib={"course": "tiny", "notebook": "01_tiny"})
    report = tiny.report("--engine", engine, "--private", private, tmp_path / "one.ipynb")
    found = {e["id"]: (e["status"], e["message"]) for e in report["submissions"][0]["exercises"]}
    assert found.pop("tiny.3") == ("failed", "A further test of the instructor's did not pass.")
    assert {status for status, _ in found.values()} == {"passed"}


def _tiny() -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(EXERCISES.items(), 1))


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the grader's own process end when it reads a file of that name, as no file should."""
    from bnlib.grade import grader

    def crash(name: str) -> None:
        read = grader.read
        monkeypatch.setattr(grader, "read", lambda path: os._exit(1) if name in str(path) else read(path))

    return crash


def test_a_process_of_the_graders_that_ends_costs_one_submission(
    books: dict[str, SourceNotebook], tmp_path: Path, crashing: Callable[[str], None]
) -> None:
    for number in range(5):
        build.write(build.solved(books["00_start_here"]), tmp_path / f"{number}_00_start_here.ipynb")
    crashing("2_00")
    report = grade_paths([tmp_path], seed=1, engine="direct", jobs=2)
    assert [result.score for result in report.submissions] == [1, 1, 0, 1, 1]
    assert report.submissions[2].notes == ("Reading it ended the grader's process.",)
