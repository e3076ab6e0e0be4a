"""A name that a check gives to a slip is right: the answer does on fresh inputs what the name says."""

from __future__ import annotations

import pytest
from answers import every_answer
from naming import Named, holds, judged

from bnlib.check import judge
from bnlib.exercises import find

# Every so many mutants; `make bench-full` goes through all of them.
EVERY = 7
WRONG_NAMES = 0.01


@pytest.fixture(scope="module")
def found() -> list[Named]:
    return list(judged(every_answer(), EVERY))


def test_a_mutant_gets_a_right_name_or_none(found: list[Named]) -> None:
    named = [one for one in found if one.verdict.mistake]
    wrong = [
        f"{one.verdict.exercise} {one.verdict.mistake}: {one.mutant.name}" for one in named if not one.right
    ]
    assert len(named) >= 100
    assert len(wrong) <= WRONG_NAMES * len(named), wrong


def test_a_wrong_name_would_be_noticed() -> None:
    answer = next(a for a in every_answer() if a.exercise.id == "3.9")
    mean = answer.source.replace("np.sum(dout, axis=0)", "np.mean(dout, axis=0)")
    namespace = answer.namespace(mean)
    verdict = judge("3.9", namespace)
    assert verdict.mistake == "mean-for-sum"
    assert holds(find("3.9"), namespace, verdict)
    other = answer.namespace(answer.source.replace("np.sum(dout, axis=0)", "2.0 * np.sum(dout, axis=0)"))
    assert not holds(find("3.9"), other, verdict)
