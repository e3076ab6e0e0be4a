"""With a solution in every answer a notebook passes under nbval, hidden asserts included."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import LESSONS, failures, lesson

from bnlib import check
from bnlib.check import CheckFailed
from bnlib.course import build


@pytest.mark.parametrize("name", LESSONS)
def test_a_solved_notebook_passes(name: str, tmp_path: Path) -> None:
    assert failures(build.solved(lesson(name), hidden=True), tmp_path) == []


@pytest.mark.parametrize("sign", ["PYTEST_CURRENT_TEST", "NBGRADER_EXECUTION", "BNLIB_STRICT"])
def test_a_check_raises_wherever_something_else_decides(
    sign: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Where nothing else decides, a check notes its verdict in the folder.
    monkeypatch.chdir(tmp_path)
    for name in ("PYTEST_CURRENT_TEST", "NBGRADER_EXECUTION", "BNLIB_STRICT"):
        monkeypatch.delenv(name, raising=False)
    cell = compile('check("3.9")', "<cell>", "exec")
    exec(cell, {"check": check})
    monkeypatch.setenv(sign, "1")
    with pytest.raises(CheckFailed, match=r"3\.9.*not started"):
        exec(cell, {"check": check})
