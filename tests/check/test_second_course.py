"""A course from outside the package is checked, diagnosed and graded like bnlib's own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import softmax

from bnlib import check, judge
from bnlib.exercises import UnknownExercise, register, registry


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The course's module, registered as a package would that has no entry point."""
    root = softmax.make(tmp_path_factory.mktemp("softmax"))
    sys.path.insert(0, str(root))
    try:
        module = importlib.import_module("softmax_course")
        register(module.COURSE)
        yield module
    finally:
        registry._courses.pop("softmax", None)
        sys.modules.pop("softmax_course", None)
        sys.path.remove(str(root))


def shares(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def chosen(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.eye(scores.shape[1])[labels]


def test_right_answers_pass(course: ModuleType) -> None:
    assert judge("softmax.1", {"loss": course.loss}).passed
    found = judge("softmax.2", {"loss_backward": lambda s, y: (shares(s) - chosen(s, y)) / len(s)})
    assert found.passed, found.message


def test_a_mistake_that_the_course_knows_gets_its_name(course: ModuleType) -> None:
    found = judge("softmax.1", {"loss": lambda s, y: -course.loss(s, y)})
    assert (found.status, found.mistake) == ("failed", "sign-lost")
    assert "goes the wrong way" in found.message


def test_a_contribution_that_is_missing_is_found_in_the_courses_graph(course: ModuleType) -> None:
    found = judge("softmax.2", {"loss_backward": lambda s, y: -chosen(s, y) / len(s)})
    assert (found.status, found.mistake) == ("failed", "contribution-missing")
    assert "what `scores` gets back from `powers`" in found.message


def test_a_factor_of_n_is_found(course: ModuleType) -> None:
    found = judge("softmax.2", {"loss_backward": lambda s, y: shares(s) - chosen(s, y)})
    assert found.mistake == "constant-factor"
    assert "is N times what it should be" in found.message


def test_what_the_graph_does_not_explain_gets_no_name(course: ModuleType) -> None:
    found = judge("softmax.2", {"loss_backward": lambda s, y: np.sin(shares(s)) - chosen(s, y)})
    assert (found.status, found.mistake, found.thought) == ("failed", None, "")


def test_check_shows_the_courses_card(
    course: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BNLIB_STRICT", "0")
    monkeypatch.chdir(tmp_path)
    space = {"check": check, "loss_backward": lambda s, y: shares(s) - chosen(s, y)}
    exec('check("softmax.2")', space)
    assert "softmax.2 Its gradient: not right yet" in capsys.readouterr().out


def test_it_is_graded_with_the_names_of_mistakes(tmp_path: Path) -> None:
    wrong = "def loss_backward(scores, labels):\n    return -np.eye(scores.shape[1])[labels] / len(scores)\n"
    right = "def loss(scores, labels):\n    p = np.exp(scores)\n    p = p / p.sum(axis=1, keepdims=True)\n"
    right += "    return -np.mean(np.log(p[np.arange(len(labels)), labels]))\n"
    found = softmax.grade(softmax.make(tmp_path), {"softmax.1": right, "softmax.2": wrong})
    assert found["softmax.1"]["status"] == "passed"
    assert (found["softmax.2"]["status"], found["softmax.2"]["mistake"]) == ("failed", "contribution-missing")
    assert "what `scores` gets back from `powers`" in found["softmax.2"]["message"]


def test_a_course_that_is_gone_is_not_known() -> None:
    with pytest.raises(UnknownExercise):
        judge("softmax.9", {})
