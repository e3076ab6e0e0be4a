"""Reading a source: what each cell is for, and errors that name the file and the cell."""

from __future__ import annotations

import pytest

from bnlib.course import build, source
from bnlib.course.source import SourceError


def test_every_cell_knows_what_it_is_for(read, lesson):
    book = read(lesson)
    assert (book.name, book.title, book.course) == ("02_chain_rule", "2 · The chain rule", "tiny")
    kinds = [(cell.kind, cell.exercise) for cell in book.cells if cell.kind != "markdown"]
    assert kinds == [
        ("given", None),
        ("demo", None),
        ("answer", "2.1"),
        ("check", "2.1"),
        ("answer", "2.2"),
        ("check", "2.2"),
    ]
    assert list(book.answers) == list(book.checks) == ["2.1", "2.2"]


def test_points_come_from_the_source_else_from_the_exercise(read, lesson):
    checks = read(lesson).checks
    assert (checks["2.1"].points, checks["2.2"].points) == (1, 3)


def test_a_stub_keeps_the_indentation_and_shows_no_solution(read, lesson):
    lines = read(lesson).answers["2.1"].stub_source.split("\n")
    assert lines[2:] == ["    dx, dy = None, None", "    # Your code goes here.", "    ", "    return dx, dy"]


def test_a_solved_cell_shows_no_marker(read, lesson):
    cell = read(lesson).answers["2.2"]
    assert "dx = dz * y\n    dy = dz * x\n    return" in cell.solution_source
    assert "###" not in cell.solution_source


def test_hidden_tests_are_apart_from_what_a_learner_reads(read, lesson):
    check = read(lesson).checks["2.1"]
    assert check.hidden == "assert add_backward(np.ones(2), 0, 0)[0].sum() == 2"
    assert check.stub_source == check.solution_source == 'print("2.1")'
    assert read(lesson).checks["2.2"].hidden == ""


def test_a_built_notebook_reads_as_the_same_lesson_without_its_solutions(read, lesson, tmp_path):
    book = read(lesson)
    build.write(build.learners(book), tmp_path / "elsewhere.ipynb")
    built = source.load(tmp_path / "elsewhere.ipynb")
    assert (built.name, built.title, built.course) == (book.name, book.title, book.course)
    assert [c.source for c in built.cells] == [c.stub_source for c in book.cells]
    assert [(c.kind, c.exercise, c.points) for c in built.cells] == [
        (c.kind, c.exercise, c.points) for c in book.cells
    ]
    assert not any(c.hidden for c in built.cells)


CHECK = '# %% check="2.2" points=3'
ONLY = "    ### BEGIN SOLUTION\n    dx = dz * y\n"
BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"

# What is wrong: the text it replaces, once, the text put there, and what the error says.
FAULTS = {
    "no title": ("# # 2", "# ## 2", "no title"),
    "two titles": ("# A demonstration.", "# # Again", r"cell 3 .*second title 'Again'"),
    "an unknown key": ("given=true", "givn=true", "cell 2: the unknown key 'givn'"),
    "text for a key": ("given=true", "given true", "cell 2: the text 'given true'"),
    "a key on prose": ("[markdown]", "[markdown] given=true", "cell 1: a markdown cell takes no 'given'"),
    "given=false": ("given=true", "given=false", "cell 2: given=False"),
    "two kinds": ("given=true", 'given=true check="2.1"', "cell 2: 'given' and 'check' in one cell"),
    "an id that is no text": ('answer="2.1"', "answer=2.1", r"cell 6: answer=2\.1; .*quotes"),
    "an unknown id": ('answer="2.2"', 'answer="9.9"', r"cell 9 \(answer 9\.9\): .*no exercise '9\.9'"),
    "another notebook's id": ('answer="2.2"', 'answer="2.3"', "'2.3' belongs to 03_other"),
    "an answer twice": ('answer="2.2"', 'answer="2.1"', "cell 9 .*a second answer cell for '2.1'"),
    "no check": (CHECK, "# %% given=true", r"cell 9 \(answer 2\.2\): an answer without a check"),
    "a check alone": ('check="2.1"', 'check="2.2"', "cell 7 .*a check with no answer"),
    "a solution in a given cell": ('answer="2.2"', "given=true", "may only stand in an answer cell"),
    "hidden tests in an answer": (BEGIN, "    ### BEGIN HIDDEN TESTS\n", "may only stand in a check cell"),
    "a block that never ends": (END, "", "has no partner"),
    "a block that never begins": (BEGIN, "", "has no partner"),
    "no block": ("### BEGIN SOLUTION\n    dx = dz.copy()\n    dy = dz.copy()\n" + END, "pass\n", "without"),
    "a marker nearly right": ("### END SOLUTION", "## END SOLUTION", "nearly a marker"),
    "a marker in prose": ("A demonstration", "BEGIN SOLUTION", "prose holds a marker"),
    "points that are no number": ("points=3", 'points="3"', "cell 10: points='3'"),
    "points on an answer": ('answer="2.1"', 'answer="2.1" points=2', "on a check cell"),
    "a stub that is no Python": (ONLY, "    if x:\n" + ONLY, "as a stub it is not valid Python"),
    "a solution that is no Python": ("dx = dz * y", "dx = dz *", "solved it is not valid Python"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_source_is_refused_with_its_file_and_cell(read, lesson, fault):
    old, new, says = FAULTS[fault]
    assert old in lesson
    with pytest.raises(SourceError, match=rf"02_chain_rule\.py.*{says}"):
        read(lesson.replace(old, new, 1))


def test_a_title_inside_a_code_block_is_no_title(read, lesson):
    assert (
        read(lesson.replace("# A demonstration.", "# ```\n# # a comment\n# ```")).title
        == "2 · The chain rule"
    )


def test_a_name_that_no_course_knows_is_refused(write_lesson):
    with pytest.raises(SourceError, match="no registered course has a notebook '77_unknown'"):
        source.load(write_lesson(name="77_unknown"))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"metadata": {}, "cells": []}', '{"metadata": 1}'])
def test_a_file_that_is_no_notebook_of_ours_is_refused(tmp_path, text):
    (tmp_path / "x.ipynb").write_text(text)
    with pytest.raises(SourceError, match=r"x\.ipynb: "):
        source.load(tmp_path / "x.ipynb")


def test_sources_are_found_first_and_notebooks_where_there_are_none(publish, tmp_path):
    root = publish()
    assert source.find_course_sources(root) == {"02_chain_rule": root / "source" / "02_chain_rule.py"}
    (root / "source" / "02_chain_rule.py").unlink()
    assert source.find_course_sources(root) == {"02_chain_rule": root / "notebooks" / "02_chain_rule.ipynb"}


def test_a_folder_without_a_course_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="has neither"):
        source.find_course_sources(tmp_path)


def test_a_source_that_can_not_be_read_is_refused(write_lesson, course):
    path = write_lesson()
    path.write_bytes(b"# %% [markdown]\n# # \xff")
    with pytest.raises(SourceError, match=r"02_chain_rule\.py: can't be read"):
        source.load(path, course)
    path.unlink()
    with pytest.raises(SourceError, match=r"02_chain_rule\.py: can't be read"):
        source.load(path, course)
