"""As handed out, a notebook fails under nbval in exactly its check cells: nothing else stops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import LESSONS, ROOT, failures


@pytest.mark.parametrize("name", LESSONS)
def test_an_untouched_notebook_fails_in_its_checks_and_nowhere_else(name: str, tmp_path: Path) -> None:
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    checks = [cell["id"] for cell in notebook["cells"] if cell["id"].startswith("check-")]
    assert failures(notebook, tmp_path) == checks
