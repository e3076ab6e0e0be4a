"""What `import bnlib` may pull in, seen in a fresh process: a notebook starts fast, a grader needs little."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "matplotlib",
    "ipywidgets",
    "wasmtime",
    "jupyterlab",
    "IPython",
    "torch",
    "sklearn",
    "nbval",
    "jupytext",
)


def modules_after(statement: str, *names: str) -> set[str]:
    """Which of these top-level packages a fresh process has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) & set(names)


def test_importing_bnlib_imports_nothing_heavy() -> None:
    assert modules_after("import bnlib", *HEAVY, "numpy", "graphviz") == set()


def test_the_test_would_see_a_heavy_import() -> None:
    assert modules_after("import bnlib, ipywidgets", *HEAVY) >= {"ipywidgets"}


@pytest.mark.parametrize("name", ["check", "hint", "progress", "judge", "trace", "digits_batch"])
def test_what_needs_only_numpy_imports_nothing_heavy(name: str) -> None:
    assert modules_after(f"from bnlib import {name}", *HEAVY) == set()


def test_a_verdict_imports_nothing_heavy() -> None:
    judged = "from bnlib import judge\njudge('0.1', {'center': lambda x: x - x.mean(axis=0)})"
    assert modules_after(judged, *HEAVY) == set()
