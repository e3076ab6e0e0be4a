"""Every answer of the course with one slip in it fails its check, unless it computes the same."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
import pytest
from answers import Answer, every_answer, judges
from equal import EQUAL, FREE, reason
from mutate import Mutant, mutants
from naming import limited

from bnlib.check.attempt import attempt
from bnlib.check.judge import DEFAULT_SEED
from bnlib.exercises import Exercise

ANSWERS = list(every_answer())
FRESH = (11, 12, 13)


@cache
def every_mutant(source: str) -> tuple[Mutant, ...]:
    """All mutants of a cell's text, which more than one test goes through."""
    return tuple(mutants(source))


def survives(answer: Answer, mutant: Mutant) -> bool:
    """Whether every exercise that judges the answer passes the mutant."""
    try:
        with limited():
            namespace = answer.namespace(mutant.source)
            return all(passes(exercise, namespace, DEFAULT_SEED) for exercise in judges(answer))
    except Exception:
        # A cell that stops never gets as far as its check.
        return False


def passes(exercise: Exercise, namespace: dict[str, Any], seed: int) -> bool:
    functions = {name: namespace[name] for name in exercise.needs}
    return all(
        attempt(exercise, functions, case).passed for case in exercise.cases(np.random.default_rng(seed))
    )


def computes_the_same(exercise: Exercise, answer: Answer, mutant: Mutant) -> bool:
    """Whether mutant and solution agree to rounding on inputs that no check has seen, which stay as they are."""
    right, wrong = (answer.namespace(source) for source in (answer.source, mutant.source))
    for seed in FRESH:
        for case in exercise.cases(np.random.default_rng(seed)):
            outputs, arguments = [], []
            for namespace in (right, wrong):
                functions = {name: namespace[name] for name in exercise.needs}
                args = copy.deepcopy(case.args)
                outputs.append(exercise.run(functions, args))
                arguments.append(args)
            if not _agree(outputs[0], outputs[1]) or not _agree(*arguments):
                return False
    return True


def _agree(a: Any, b: Any) -> bool:
    """Equal to a tenth of what a check lets through."""
    if isinstance(a, (np.ndarray, float, np.number)):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype.kind != "f":
            return bool(np.array_equal(a, b))
        digits = 1e-4 if np.float32 in (a.dtype, b.dtype) else 1e-10
        scale = np.max(np.abs(a), initial=0.0) if np.isfinite(a).all() else 1.0
        return a.shape == b.shape and np.allclose(a, b, rtol=digits, atol=digits * scale, equal_nan=True)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_agree(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_agree, a, b))
    return callable(a) or a == b


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: a.exercise.id)
def test_every_mutant_that_computes_something_else_fails_its_check(answer: Answer) -> None:
    every = every_mutant(answer.source)
    assert len(every) >= 9
    survivors = [mutant for mutant in every if survives(answer, mutant)]
    unexplained = [
        mutant.name for mutant in survivors if not reason(EQUAL + FREE, answer.exercise.id, mutant.name)
    ]
    assert unexplained == []
    for mutant in survivors:
        if reason(EQUAL, answer.exercise.id, mutant.name):
            with limited(60):
                assert computes_the_same(answer.exercise, answer, mutant), mutant.name
        else:
            namespace = answer.namespace(mutant.source)
            assert all(passes(answer.exercise, namespace, seed) for seed in FRESH), mutant.name


def test_no_reason_is_left_over() -> None:
    every = [
        (answer.exercise.id, mutant.name) for answer in ANSWERS for mutant in every_mutant(answer.source)
    ]
    for claim in EQUAL + FREE:
        assert any(reason((claim,), identifier, name) for identifier, name in every), claim


def test_the_solution_itself_survives_and_a_wrong_one_is_found() -> None:
    answer = next(a for a in ANSWERS if a.exercise.id == "3.9")
    assert survives(answer, Mutant("none", "", "", answer.source))
    wrong = answer.source.replace("np.sum(dout, axis=0)", "np.mean(dout, axis=0)")
    assert wrong != answer.source
    assert not survives(answer, Mutant("mean", "", "", wrong))
    assert not computes_the_same(answer.exercise, answer, Mutant("mean", "", "", wrong))
