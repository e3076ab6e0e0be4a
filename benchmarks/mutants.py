"""What the checks let through, turn away and name: slips in every solution of the course, and right variants."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from report import Row, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "proof"))

from answers import every_answer
from equal import EQUAL, FREE, reason
from mutate import mutants
from naming import Named, judged
from vary import variant

from bnlib.check import judge
from bnlib.exercises import find

EVERY = 12
VARIANTS, FULL_VARIANTS = 2, 30
MEDIAN, SLOWEST = 0.1, 0.5
# 10.x is judged by memory: a sum written as a loop is no right answer there.
LEAN = ("10.1", "10.2")


def rows(full: bool = False) -> list[Row]:
    """Mutants, killed, named; right variants, passed; the time of a check of a wrong answer."""
    every = 1 if full else EVERY
    answers = list(every_answer())
    made = different = 0
    for answer in answers:
        names = [mutant.name for mutant in mutants(answer.source)][::every]
        made += len(names)
        different += sum(reason(EQUAL + FREE, answer.exercise.id, name) is None for name in names)
    found = list(judged(answers, every))
    killed = sum(reason(EQUAL + FREE, one.answer.exercise.id, one.mutant.name) is None for one in found)
    stopped = _stopped(answers, every)
    named = [one for one in found if one.verdict.mistake]
    wrong = sum(not one.right for one in named)
    tried, passed = _variants(answers, FULL_VARIANTS if full else VARIANTS)
    # A slip can make the answer itself slow: what that takes is no time of the check's.
    slow = [one for one in found if one.seconds > SLOWEST and _alone(one) > SLOWEST / 2]
    times = [one.seconds for one in found if one not in slow]
    share = wrong / len(named) if named else 0.0
    return [
        Row(
            "mutants that compute something else, not killed",
            different - killed - stopped,
            0,
            "n",
            {"mutants": made, "equal, each with a reason": made - different, "killed": killed + stopped},
        ),
        Row("mutants named wrongly, of those named", share, 0.01, "x", {"named": len(named), "wrong": wrong}),
        Row("right variants turned away", tried - passed, 0, "n", {"tried": tried, "passed": passed}),
        Row("a check of a wrong answer, median", median(times), MEDIAN, "s", {"checks": len(times)}),
        Row(
            "the slowest check of a wrong answer",
            max(times),
            SLOWEST,
            "s",
            {"left out, for they are slow themselves": len(slow)},
        ),
    ]


def _alone(one: Named) -> float:
    """The time of the answer itself at the exercise's first case, in seconds."""
    exercise = find(one.verdict.exercise)
    namespace = one.answer.namespace(one.mutant.source)
    case = next(iter(exercise.cases(np.random.default_rng(0))))
    began = perf_counter()
    with suppress(Exception):
        exercise.run({name: namespace[name] for name in exercise.needs}, case.args)
    return perf_counter() - began


def _stopped(answers: list, every: int) -> int:
    """Mutants whose cell stops before any check is reached."""
    count = 0
    for answer in answers:
        for mutant in list(mutants(answer.source))[::every]:
            try:
                answer.namespace(mutant.source)
            except Exception:
                count += 1
    return count


def _variants(answers: list, each: int) -> tuple[int, int]:
    rng = np.random.default_rng(0)
    tried = passed = 0
    for answer in answers:
        for _ in range(0 if answer.exercise.id in LEAN else each):
            text = variant(answer.source, lambda n: int(rng.integers(n)))
            tried += 1
            passed += judge(answer.exercise.id, answer.namespace(text), int(rng.integers(2**32))).passed
    return tried, passed


if __name__ == "__main__":
    print(table(rows("--full" in sys.argv)))
