"""Which notebook a file answers, which cells answer what, and what the grader then runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bnlib.course import build
from bnlib.course.source import SourceNotebook, load
from bnlib.exercises.batchnorm import COURSE
from bnlib.grade.assemble import TRUSTED, Piece, assemble, kernel_cells, notebook
from bnlib.grade.match import identify, match
from bnlib.grade.names import names
from bnlib.grade.submission import LearnerCell, Submission, Unreadable

COURSES = {COURSE.name: COURSE}
SOURCE = """# %% [markdown]
# # 3 · Backward
# %% given=true
import numpy as np
# %%
import math
from bnlib import check
# %%
width = math.sqrt(16)
# %% answer="3.9"
def step9(dout):
    dbeta = None
    ### BEGIN SOLUTION
    return np.sum(dout, axis=0), dout
    ### END SOLUTION
# %% check="3.9"
check("3.9")
### BEGIN HIDDEN TESTS
assert len(step9(np.ones((2, 3)))) == 2
### END HIDDEN TESTS
# %% answer="3.6"
def step6(divar, sqrtvar):
    out = None
    ### BEGIN SOLUTION
    return -divar / sqrtvar**2
    ### END SOLUTION
# %% check="3.6"
check("3.6")
"""


@pytest.fixture
def book(tmp_path: Path) -> SourceNotebook:
    path = tmp_path / "03_backward.py"
    path.write_text(SOURCE, encoding="utf-8")
    return load(path, COURSE)


def cell(source: str, id: str = "", **metadata: Any) -> LearnerCell:
    return LearnerCell(0, source, id, metadata)


def handed_in(*cells: LearnerCell, name: str = "x.ipynb", **fields: Any) -> Submission:
    numbered = [LearnerCell(number, c.source, c.id, c.metadata) for number, c in enumerate(cells, 1)]
    return Submission(Path(name), tuple(numbered), **fields)


def as_built(book: SourceNotebook, **replaced: str) -> list[LearnerCell]:
    """The learner's notebook, some cells rewritten: names are ids with `_` for `-`."""
    return [
        cell(replaced.get(made["id"].replace("-", "_"), made["source"]), made["id"], **made["metadata"])
        for made in build.learners(book)["cells"]
        if made["cell_type"] == "code"
    ]


def run_order(book: SourceNotebook, *cells: LearnerCell) -> list[Piece]:
    return assemble(match(handed_in(*cells), book))


def learners(pieces: list[Piece]) -> list[tuple[str, str]]:
    return [(piece.role, piece.source) for piece in pieces if piece.number is not None]


def test_metadata_says_which_notebook_before_ids_and_names_do() -> None:
    ours = {"course": COURSE.name, "notebook": "02_chain_rule"}
    found = handed_in(cell("", "answer-3-9"), name="01_forward.ipynb", **ours)
    assert identify(found, COURSES) == (COURSE, "02_chain_rule")
    assert identify(handed_in(cell("", "answer-3-9"), name="01_forward.ipynb"), COURSES)[1] == "03_backward"
    by_label = cell("", bnlib={"kind": "check", "exercise": "3.9"})
    assert identify(handed_in(by_label, name="01_forward.ipynb"), COURSES)[1] == "03_backward"
    for name in ("01_forward.ipynb", "ann 01-Forward (2).ipynb", "01_forward_final.ipynb"):
        assert identify(handed_in(name=name), COURSES)[1] == "01_forward"


def test_a_notebook_of_nobody_and_one_of_another_course_are_refused() -> None:
    with pytest.raises(Unreadable, match="none of the course's"):
        identify(handed_in(cell("1 + 1"), name="shopping.ipynb"), COURSES)
    with pytest.raises(Unreadable, match="'cooking', which is not installed"):
        identify(handed_in(name="01_forward.ipynb", course="cooking"), COURSES)


def test_an_untouched_notebook_has_no_answers_and_nothing_added(book: SourceNotebook) -> None:
    found = match(handed_in(*as_built(book)), book)
    assert found.answers == {"3.9": (), "3.6": ()}
    assert (found.added, found.changed, found.notes) == ({}, {}, ())
    roles = [piece.role for piece in assemble(found)]
    assert roles == ["given", "answer", "check", "hidden", "answer", "check"]


def test_answers_are_found_by_id_then_by_label_then_by_function(book: SourceNotebook) -> None:
    mine = "def step9(dout):\n    return 1"
    other = "import os\nstep6 = lambda a, b: a"
    label = {"kind": "answer", "exercise": "3.9"}
    for claim in (cell(mine, "answer-3-9"), cell(mine, "9f", bnlib=label), cell(mine, "9f")):
        found = match(handed_in(claim, cell(other)), book)
        assert [c.source for c in found.answers["3.9"]] == [mine]
        assert [c.source for c in found.answers["3.6"]] == [other]
        assert found.added == {}
        assert any("3.6 was found in cell 2" in note for note in found.notes)


def test_an_answer_below_an_untouched_stub_counts(book: SourceNotebook) -> None:
    mine = cell("def step6(a, b):\n    return 1", "mine")
    found = match(handed_in(*as_built(book), mine), book)
    assert [c.id for c in found.answers["3.6"]] == ["mine"]
    assert [c.id for c in found.answers["3.9"]] == []


def test_two_cells_with_the_same_id_run_in_the_learners_order(book: SourceNotebook) -> None:
    first, second = "def step9(dout):\n    return 1", "def step9(dout):\n    return 2"
    pieces = run_order(book, cell(first, "answer-3-9"), cell(second, "answer-3-9"))
    assert learners(pieces) == [("answer", first), ("answer", second)]


def test_added_cells_run_where_they_stood(book: SourceNotebook) -> None:
    before, between = cell("top = 1", "a"), cell("middle = 2", "b")
    cells = as_built(book, answer_3_9="def step9(dout):\n    return top")
    at = next(i for i, c in enumerate(cells) if c.id == "check-3-9")
    pieces = run_order(book, before, *cells[: at + 1], between, *cells[at + 1 :])
    order = [(piece.role, piece.exercise or piece.source) for piece in pieces]
    assert order == [
        ("added", "top = 1"),
        ("given", "import numpy as np"),
        ("answer", "3.9"),
        ("check", "3.9"),
        ("hidden", "3.9"),
        ("added", "middle = 2"),
        ("answer", "3.6"),
        ("check", "3.6"),
    ]


def test_checks_and_given_cells_are_the_courses_own(book: SourceNotebook) -> None:
    cells = as_built(book, check_3_9='check = print\ncheck("3.9")')
    given = next(c for c in cells if c.metadata.get("bnlib", {}).get("kind") == "given")
    edited = LearnerCell(0, "import numpy as np\nimport random", given.id, given.metadata)
    pieces = run_order(book, *[edited if c is given else c for c in cells])
    assert "check = print" not in "".join(piece.source for piece in pieces)
    assert [p.source for p in pieces if p.exercise == "3.9" and p.role == "hidden"] == [
        "assert len(step9(np.ones((2, 3)))) == 2"
    ]
    # An import that a learner put there is kept, and what is given comes after it.
    at = next(i for i, p in enumerate(pieces) if p.role == "given")
    assert pieces[at - 1].source == edited.source
    assert pieces[at].source == "import numpy as np"


def test_a_demonstration_runs_only_where_an_answer_leans_on_it(book: SourceNotebook) -> None:
    def demos(answer: str) -> list[str]:
        pieces = run_order(book, *as_built(book, answer_3_9=answer))
        return [piece.source for piece in pieces if piece.role == "demo"]

    assert demos("def step9(math):\n    width = math + 1\n    return width") == []
    assert demos("def step9(dout):\n    return width") == [
        *("import math\nfrom bnlib import check", "width = math.sqrt(16)")
    ]
    assert demos("width = 4\ndef step9(dout):\n    return width") == []


def test_a_handout_is_graded_by_its_notebooks_without_hidden_tests(
    book: SourceNotebook, tmp_path: Path
) -> None:
    build.write(build.learners(book), tmp_path / "03_backward.ipynb")
    handout = load(tmp_path / "03_backward.ipynb")
    pieces = run_order(handout, *as_built(book, answer_3_9="def step9(dout):\n    return width"))
    assert [piece.role for piece in pieces] == [
        *("given", "demo", "demo", "answer", "check", "answer", "check")
    ]


def test_the_notebook_to_run_holds_nothing_of_the_learners(book: SourceNotebook) -> None:
    mine = cell("# NBVAL_SKIP\ndef step9(d):\n    return d", "answer-3-9", tags=["raises-exception"])
    pieces = run_order(book, mine, cell("help_me = 2", "mine"))
    assert {"answer", "added"} <= {piece.role for piece in pieces}
    cells = kernel_cells(pieces, "/a folder")
    made = notebook(cells)
    assert all(c["metadata"] == {} and c["outputs"] == [] for c in made["cells"])
    assert len({c["id"] for c in made["cells"]}) == len(made["cells"])
    text = "\n".join(c["source"] for c in made["cells"])
    assert "NBVAL_SKIP" not in text
    assert "help_me" not in text
    # What decides is there: given cells, checks and hidden asserts, each as a piece of its own.
    roles = [pieces[c.piece].role for c in cells if c.piece is not None]
    assert roles == [piece.role for piece in pieces if piece.role in TRUSTED]
    assert "assert len(step9" in text


def test_an_instructors_own_asserts_come_behind_the_courses(book: SourceNotebook) -> None:
    found = match(Submission(Path("03_backward.ipynb"), tuple(as_built(book))), book)
    pieces = assemble(found, {"3.9": "assert width == 4", "9.9": "assert False"})
    at = next(i for i, piece in enumerate(pieces) if piece.role == "private")
    assert [piece.role for piece in pieces[at - 2 : at + 1]] == ["check", "hidden", "private"]
    # A name that only a demonstration makes is there for them too, as the course has it.
    assert [p.source for p in pieces if p.role == "shown"] == [
        *("import math\nfrom bnlib import check", "width = math.sqrt(16)")
    ]


@pytest.mark.parametrize(
    ("source", "bound", "needed"),
    [
        ("def f(x, y=a):\n    z = x\n    return z + b", {"f"}, {"a", "b"}),
        ("%matplotlib inline\nf = lambda x: x * c", {"f"}, {"c"}),
        ("%%time\nimport numpy as np\nnp.sum(d)", {"np"}, {"d"}),
        ("%%bash\nls", set(), set()),
        ("y = (10\n  % e)", {"y"}, {"e"}),
        ("for i in range(3):\n    print(i)", {"i"}, set()),
        ("def f():\n    global g\n    g = 1", {"f", "g"}, set()),
        ("[h for h in k]", set(), {"k"}),
        ("def (", set(), set()),
        ("x = 1\0", set(), set()),
        ("", set(), set()),
    ],
)
def test_names_of_a_cell(source: str, bound: set[str], needed: set[str]) -> None:
    found = names(source)
    assert found.bound == bound
    assert found.needed == needed
