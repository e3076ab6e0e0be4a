"""The handout: what a class gets, what it must not get, and the same bytes each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from bnlib.course import handout
from bnlib.course.copies import WorkspaceError

REPOSITORY = Path(__file__).resolve().parents[2]
TOP = "batch-normalization/"

KEPT = {"notebooks/02_chain_rule.ipynb", "bnlib/__init__.py", "bnlib/data/a.npz", "README.md", ".gitignore"}
LEFT = {
    "tests/test_a.py",
    "benchmarks/run.py",
    ".ci/run",
    ".venv/pyvenv.cfg",
    "my_course/02_chain_rule.ipynb",
    "grades.csv",
    "submissions/anna.ipynb",
    "bnlib/__pycache__/a.pyc",
    "notebooks/.ipynb_checkpoints/a.ipynb",
}


@pytest.fixture
def root(publish):
    """A checkout with files of every sort; it is no git repository."""
    root = publish()
    for name in (KEPT | LEFT) - {"notebooks/02_chain_rule.ipynb"}:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def names(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.removeprefix(TOP) for name in archive.namelist()}


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def test_a_handout_holds_the_course_and_neither_sources_nor_tests_nor_a_teachers_files(root):
    path = handout.pack(root)
    assert path == root / "handout.zip"
    assert names(path) == KEPT


def test_the_same_files_give_the_same_bytes(root):
    first = handout.pack(root).read_bytes()
    os.utime(root / "README.md", (0, 0))
    (root / "README.md").chmod(0o600)
    assert handout.pack(root).read_bytes() == first
    (root / "README.md").write_text("changed")
    assert handout.pack(root).read_bytes() != first


def test_where_git_can_say_only_tracked_files_go_in(root):
    git(root, "init", "-q")
    git(root, "add", "notebooks", "bnlib", "README.md")
    (root / "notebooks" / "draft.ipynb").write_text("not for the class yet")
    (root / "bnlib" / "data" / "a.npz").unlink()
    assert names(handout.pack(root)) == {"notebooks/02_chain_rule.ipynb", "bnlib/__init__.py", "README.md"}


def test_a_folder_inside_another_repository_is_packed_whole(root, tmp_path_factory):
    outer = tmp_path_factory.mktemp("outer")
    git(outer, "init", "-q")
    shutil.copytree(root, outer / "course")
    assert names(handout.pack(outer / "course")) == KEPT


def test_a_course_without_notebooks_is_not_handed_out(tmp_path):
    with pytest.raises(WorkspaceError, match="is empty"):
        handout.pack(tmp_path)
    assert not list(tmp_path.iterdir())


def test_for_everything_at_the_top_of_the_repository_it_is_decided_whether_a_class_gets_it():
    left = {"source", "tests", "benchmarks", ".ci", ".github", "teaching"}
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so what belongs to the repository can't be told")
    top = {name.split("/")[0] for name in listed.stdout.splitlines()}
    assert top <= {*handout.FOLDERS, *handout.FILES} | left
