"""A learner's folder: what is filled, updated and reset, and that nothing of theirs is ever overwritten."""

from __future__ import annotations

import json
import os

import pytest

from bnlib.course import workspace
from bnlib.course.copies import WorkspaceError, place

MINE = "    dx, dy = dz * y, dz * x  # mine\n"


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cell(path, identifier):
    return next(c for c in notebook(path)["cells"] if c["id"] == identifier)


def source(path, identifier):
    return "".join(cell(path, identifier)["source"])


def edit(path, identifier, text, **more):
    book = notebook(path)
    for each in book["cells"]:
        if each["id"] == identifier:
            each["source"] = text
            each.update(more)
    path.write_text(json.dumps(book), encoding="utf-8")


def tree(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def root(publish):
    """A checkout whose learner has begun."""
    root = publish()
    workspace.fill(root)
    return root


@pytest.fixture
def mine(root):
    return root / "my_course" / "02_chain_rule.ipynb"


@pytest.fixture
def new(root):
    return root / "my_course" / "02_chain_rule.new.ipynb"


def test_filling_copies_what_is_not_there_yet(publish):
    root = publish()
    assert [path.name for path in workspace.fill(root)] == ["02_chain_rule.ipynb"]
    assert tree(root / "my_course") == tree(root / "notebooks")
    assert workspace.fill(root) == []


def test_filling_leaves_a_learners_file_alone_whatever_is_in_it(root, mine):
    mine.write_text("not even a notebook")
    (root / "notebooks" / "data").mkdir()
    (root / "notebooks" / "data" / "more.csv").write_text("1,2")
    assert workspace.fill(root) == [root / "my_course" / "data" / "more.csv"]
    assert mine.read_text() == "not even a notebook"


def test_filling_skips_what_jupyter_left_behind(publish):
    root = publish()
    (root / "notebooks" / ".ipynb_checkpoints").mkdir()
    (root / "notebooks" / ".ipynb_checkpoints" / "x.ipynb").write_text("{}")
    workspace.fill(root)
    assert len(tree(root / "my_course")) == 1


def test_a_course_without_notebooks_is_said(tmp_path):
    with pytest.raises(WorkspaceError, match="is empty"):
        workspace.fill(tmp_path)


def test_placing_a_file_never_replaces_one(tmp_path):
    assert place(tmp_path / "a", b"first")
    assert not place(tmp_path / "a", b"second")
    assert tree(tmp_path) == {(tmp_path / "a").relative_to(tmp_path): b"first"}


def test_placing_works_where_a_file_system_has_no_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert place(tmp_path / "a", b"first")
    assert not place(tmp_path / "a", b"second")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_an_up_to_date_folder_gets_nothing(root, mine):
    edit(mine, "answer-2-2", MINE)
    before = tree(root / "my_course")
    assert workspace.outdated(root) == workspace.update(root) == []
    assert tree(root / "my_course") == before


def test_a_new_version_stands_beside_the_old_with_the_answers_in_it(root, mine, new, publish, lesson):
    edit(mine, "answer-2-2", MINE, outputs=[{"name": "stdout", "output_type": "stream", "text": "x"}])
    before = mine.read_bytes()
    publish(lesson.replace("A demonstration.", "A better one."))

    (done,) = workspace.update(root)
    assert (done.old, done.new, done.carried) == (mine, new, ("2.2",))
    assert mine.read_bytes() == before
    assert "A better one." in new.read_text(encoding="utf-8")
    assert source(new, "answer-2-2") == MINE
    assert cell(new, "answer-2-2")["outputs"] == []
    assert "Your code goes here" in source(new, "answer-2-1")


def test_updating_again_changes_nothing(root, publish, lesson):
    publish(lesson.replace("A demonstration.", "A better one."))
    workspace.update(root)
    before = tree(root / "my_course")
    assert workspace.update(root) == []
    assert tree(root / "my_course") == before


def test_the_next_version_takes_the_newest_answers_and_overwrites_no_version(
    root, mine, new, publish, lesson
):
    edit(mine, "answer-2-1", "old 2.1")
    edit(mine, "answer-2-2", "old 2.2")
    publish(lesson.replace("A demonstration.", "A better one."))
    workspace.update(root)
    edit(new, "answer-2-1", "newer 2.1")
    before = tree(root / "my_course")

    publish(lesson.replace("A demonstration.", "The best one."))
    (done,) = workspace.update(root)
    assert (done.old, done.new.name) == (new, "02_chain_rule.new-1.ipynb")
    assert source(done.new, "answer-2-1") == "newer 2.1"
    assert source(done.new, "answer-2-2") == "old 2.2"
    assert before.items() < tree(root / "my_course").items()
    assert workspace.update(root) == []


def test_an_untouched_answer_gets_the_new_stub(root, new, publish, lesson):
    publish(lesson.replace("Gradients of z = x * y.", "Both gradients of z = x * y."))
    (done,) = workspace.update(root)
    assert done.carried == ()
    assert "Both gradients" in source(new, "answer-2-2")


def test_a_given_cell_that_a_learner_changed_is_carried_while_the_course_left_it(
    root, mine, new, publish, lesson
):
    identifier = notebook(mine)["cells"][1]["id"]
    edit(mine, identifier, "import numpy as np\nmy_own = 1")
    publish(lesson.replace("A demonstration.", "A better one."))
    (done,) = workspace.update(root)
    assert done.carried == ("a given cell",)
    assert "my_own" in source(new, identifier)


@pytest.mark.parametrize(
    "damaged", ["", "{}", "[1]", '{"cells": 3}', '{"cells": [], "metadata": {"bnlib": 1}}']
)
def test_a_damaged_notebook_gets_a_fresh_one_beside_it(root, mine, new, damaged):
    mine.write_text(damaged)
    (done,) = workspace.update(root)
    assert (done.new, done.carried) == (new, ())
    assert mine.read_text() == damaged
    assert workspace.update(root) == []


def test_a_reset_puts_the_stub_back_and_keeps_the_rest(root, mine):
    stub = source(mine, "answer-2-2")
    edit(mine, "answer-2-1", "still mine")
    edit(mine, "answer-2-2", MINE)
    edit(
        mine,
        "check-2-2",
        'print("2.2")',
        outputs=[{"name": "stdout", "output_type": "stream", "text": "passed"}],
    )
    mine.chmod(0o640)
    before = mine.read_bytes()

    done = workspace.reset(root, "2.2")
    assert source(mine, "answer-2-2") == stub
    assert source(mine, "answer-2-1") == "still mine"
    assert cell(mine, "check-2-2")["outputs"] == []
    assert done.backup == root / "my_course" / "backups" / "02_chain_rule.1.ipynb"
    assert done.backup.read_bytes() == before
    assert mine.stat().st_mode & 0o777 == 0o640


def test_backups_are_numbered_and_never_overwritten(root, mine):
    for number in (1, 2, 3):
        edit(mine, "answer-2-2", f"try {number}")
        done = workspace.reset(root, "2.2")
        assert done.backup.name == f"02_chain_rule.{number}.ipynb"
    assert [source(p, "answer-2-2") for p in sorted(done.backup.parent.iterdir())] == [
        "try 1",
        "try 2",
        "try 3",
    ]


def test_resetting_an_untouched_exercise_changes_nothing(root, mine):
    before = tree(root / "my_course")
    assert workspace.reset(root, "2.1").backup is None
    assert tree(root / "my_course") == before


def test_resetting_brings_a_deleted_answer_cell_back_before_its_check(root, mine):
    book = notebook(mine)
    book["cells"] = [c for c in book["cells"] if c["id"] != "answer-2-2"]
    mine.write_text(json.dumps(book))
    assert workspace.reset(root, "2.2").backup
    assert [c["id"] for c in notebook(mine)["cells"]][-2:] == ["answer-2-2", "check-2-2"]


def test_resetting_a_notebook_elsewhere(root, mine, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "work.ipynb"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(mine.read_bytes())
    edit(elsewhere, "answer-2-2", MINE)
    before = mine.read_bytes()
    assert workspace.reset(root, "2.2", elsewhere).backup == elsewhere.parent / "backups" / "work.1.ipynb"
    assert "Your code goes here" in source(elsewhere, "answer-2-2")
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    ("exercise", "says"),
    [
        ("9.99", "no exercise '9.99'"),
        ("2.2", "neither the answer cell nor the check"),
        ("0.1", "There is no"),
    ],
)
def test_a_reset_that_can_not_be_done_says_why_and_changes_nothing(root, mine, exercise, says):
    book = notebook(mine)
    book["cells"] = book["cells"][:1]
    mine.write_text(json.dumps(book))
    before = tree(root)
    with pytest.raises(WorkspaceError, match=says):
        workspace.reset(root, exercise)
    assert tree(root) == before


def test_a_reset_leaves_a_damaged_notebook_alone(root, mine):
    mine.write_text('{"cells": [')
    with pytest.raises(WorkspaceError, match="is damaged"):
        workspace.reset(root, "2.2")
    assert mine.read_text() == '{"cells": ['
