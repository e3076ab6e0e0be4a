"""What the course's commands say, and their exit status."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bnlib.__main__ import main


@pytest.fixture
def root(publish):
    return publish()


def run(root, *arguments):
    return main(["--root", str(root), *arguments])


def test_update_says_what_is_new_and_that_the_old_one_is_untouched(root, publish, lesson, capsys):
    assert run(root, "update") == 0
    assert capsys.readouterr().out == "02_chain_rule.ipynb is new.\nYour notebooks are up to date.\n"
    publish(lesson.replace("A demonstration.", "A better one."))
    mine = root / "my_course" / "02_chain_rule.ipynb"
    mine.write_text(mine.read_text().replace("# Your code goes here.", "dx = dz", 1))
    assert run(root, "update") == 0
    assert capsys.readouterr().out == (
        "02_chain_rule.new.ipynb is the new version with your work on 2.1. "
        "02_chain_rule.ipynb is as you left it.\n"
    )


def test_reset_names_the_backup(root, capsys):
    run(root, "update")
    mine = root / "my_course" / "02_chain_rule.ipynb"
    mine.write_text(mine.read_text().replace("# Your code goes here.", "dx = dz", 1))
    capsys.readouterr()
    assert run(root, "reset", "2.1") == 0
    out = capsys.readouterr().out
    assert "2.1 in " in out
    assert "backups/02_chain_rule.1.ipynb" in out
    assert run(root, "reset", "2.1") == 0
    assert "nothing was changed" in capsys.readouterr().out


def test_what_can_be_mended_is_said_without_a_traceback(root, capsys):
    assert run(root, "reset", "2.1") == 1
    assert "`make course` makes your copies" in capsys.readouterr().err


def test_handout_says_where_it_is(root, capsys):
    assert run(root, "handout", "--output", str(root / "out" / "class.zip")) == 0
    assert "class.zip: 0.0 MB" in capsys.readouterr().out
    assert (root / "out" / "class.zip").exists()


@pytest.mark.parametrize(("option", "holds"), [("--solved", False), ("--instructor", True)])
def test_solved_and_instructors_notebooks_are_written_elsewhere(tmp_path, capsys, option, holds):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "00_start_here.py").write_text(
        '# %% [markdown]\n# # A\n\n# %% answer="0.1"\ndef center(x):\n    ### BEGIN SOLUTION\n'
        "    xmu = x - x.mean(axis=0)\n    ### END SOLUTION\n    return xmu\n\n\n"
        '# %% check="0.1"\nprint(1)\n'
    )
    assert run(tmp_path, "notebooks", option, str(tmp_path / "out")) == 0
    book = json.loads((tmp_path / "out" / "00_start_here.ipynb").read_text())
    text = "".join(book["cells"][1]["source"])
    assert "x.mean(axis=0)" in text
    assert ("BEGIN SOLUTION" in text) is holds
    assert not (tmp_path / "notebooks").exists()


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["update", "--sideways"], ["reset"]])
def test_wrong_usage_ends_with_status_two(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: python -m bnlib" in capsys.readouterr().err


def test_asking_for_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom bnlib.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'jupytext', 'nbformat', 'nbclient', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
