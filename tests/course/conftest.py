"""A small course of two exercises in a folder of its own, so that these tests need no lesson."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bnlib.course import build, source
from bnlib.exercises import Course, find

LESSON = '''# %% [markdown]
# # 2 · The chain rule
#
# What is this? A lesson for tests.

# %% given=true
import numpy as np

# %% [markdown]
# A demonstration.

# %%
print("six", np.arange(3).sum() * 2)

# %% [markdown]
# ### 2.1 Add
#
# The first exercise.

# %% answer="2.1"
def add_backward(dz, x, y):
    """Gradients of z = x + y."""
    dx, dy = None, None
    ### BEGIN SOLUTION
    dx = dz.copy()
    dy = dz.copy()
    ### END SOLUTION
    return dx, dy


# %% check="2.1"
print("2.1")

### BEGIN HIDDEN TESTS
assert add_backward(np.ones(2), 0, 0)[0].sum() == 2
### END HIDDEN TESTS

# %% [markdown]
# ### 2.2 Multiply

# %% answer="2.2"
def mul_backward(dz, x, y):
    """Gradients of z = x * y."""
    ### BEGIN SOLUTION
    dx = dz * y
    ### END SOLUTION
    ### BEGIN SOLUTION
    dy = dz * x
    ### END SOLUTION
    return dx, dy


# %% check="2.2" points=3
print("2.2")
'''

NAME = "02_chain_rule"


@pytest.fixture
def course() -> Course:
    return Course("tiny", "A tiny course", {NAME: (find("2.1"), find("2.2")), "03_other": (find("2.3"),)})


@pytest.fixture
def lesson() -> str:
    return LESSON


@pytest.fixture
def write_lesson(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str = LESSON, name: str = NAME) -> Path:
        path = tmp_path / "source" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def read(write_lesson: Callable[..., Path], course: Course) -> Callable[[str], source.SourceNotebook]:
    return lambda text: source.load(write_lesson(text), course)


@pytest.fixture
def publish(tmp_path: Path, read: Callable[..., source.SourceNotebook]) -> Callable[..., Path]:
    """Put a built lesson (not executed) into notebooks/ of a checkout, and return the checkout."""

    def make(text: str = LESSON) -> Path:
        build.write(build.learners(read(text)), tmp_path / "notebooks" / f"{NAME}.ipynb")
        return tmp_path

    return make
