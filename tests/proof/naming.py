"""Which names the checks give to mutants, and whether each name is right on inputs that the diagnosis never saw."""

from __future__ import annotations

import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from answers import Answer, judges
from mutate import Mutant, mutants

from bnlib.check import judge
from bnlib.check.attempt import Attempt, attempt, precision_of
from bnlib.check.judge import Verdict
from bnlib.exercises import Exercise

FRESH = (9001, 9002)
# Bytes that a mutant may take: many times what a check's largest case needs.
MEMORY = 2**30


@dataclass(frozen=True)
class Named:
    """A mutant that failed, the verdict on it, whether its name held, and how long the check took in seconds."""

    answer: Answer
    mutant: Mutant
    verdict: Verdict
    right: bool
    seconds: float


@contextmanager
def limited(seconds: int = 20) -> Iterator[None]:
    """A slip can make a loop endless, or an array of as many entries as a seed says."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        with warnings.catch_warnings(), _little_memory():
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _little_memory() -> Iterator[None]:
    """Refuse what takes seconds to fill, and more than a small machine has, where the system can (Linux)."""
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit if soft < 0 else min(limit, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def judged(answers: Iterable[Answer], every: int = 1) -> Iterator[Named]:
    """Judge every so many mutants of some answers, and hold each name that is given against fresh inputs."""
    for answer in answers:
        for mutant in list(mutants(answer.source))[::every]:
            try:
                with limited():
                    namespace = answer.namespace(mutant.source)
            except Exception:
                # The cell itself stops; no check is reached.
                continue
            for exercise in judges(answer):
                with limited():
                    began = time.perf_counter()
                    verdict = judge(exercise.id, namespace)
                    seconds = time.perf_counter() - began
                    if verdict.passed:
                        continue
                    right = verdict.mistake is None or holds(exercise, namespace, verdict)
                yield Named(answer, mutant, verdict, right, seconds)
                break


def holds(exercise: Exercise, namespace: dict[str, Any], verdict: Verdict) -> bool:
    """Whether what a verdict's name says is so at fresh inputs too.

    A known mistake has to be wrong in the same way as the answer, a finding of the graph has to foretell it.
    What is said of a form (a shape, a dtype, a changed input) has to be said again.
    """
    functions = {name: namespace[name] for name in exercise.needs}
    tries = [
        attempt(exercise, functions, case)
        for seed in FRESH
        for case in exercise.cases(np.random.default_rng(seed))
        if sum(np.size(a) for a in case.args if isinstance(a, np.ndarray)) < 50_000
    ]
    if verdict.mistake == "not-finite":
        # Whether a root's argument is negative, or a divisor 0, depends on the numbers of a case.
        return any(one.difference is not None and one.difference.kind == "finite" for one in tries)
    if verdict.finding is not None:
        return all(_foretold(exercise, one, verdict) for one in tries if one.complete)
    known = [mistake for mistake in exercise.mistakes if mistake.slug == verdict.mistake]
    if known:
        return any(
            all(_wrong_alike(one, attempt(exercise, m.instead(exercise.needs), one.case)) for one in tries)
            for m in known
        ) or _said_again(exercise, namespace, verdict)
    return _said_again(exercise, namespace, verdict)


def _said_again(exercise: Exercise, namespace: dict[str, Any], verdict: Verdict) -> bool:
    return all(judge(exercise.id, namespace, seed).mistake == verdict.mistake for seed in FRESH)


def _foretold(exercise: Exercise, one: Attempt, verdict: Verdict) -> bool:
    assert exercise.graph is not None
    assert verdict.finding is not None
    piece = exercise.graph(one.case.args)
    for name, foretold in verdict.finding.predict(piece).items():
        got = np.asarray(one.output(name))
        known = ~np.isnan(foretold)
        if got.shape == foretold.shape and not _close(got[known], foretold[known], one, name):
            return False
    return True


def _wrong_alike(one: Attempt, mistake: Attempt) -> bool:
    """Whether the first wrong output of an answer is what the mistake makes of it, or both stop or both pass."""
    if one.passed or mistake.passed:
        return one.passed and mistake.passed
    if one.error is not None or mistake.error is not None:
        return type(one.error) is type(mistake.error)
    if one.changed or mistake.changed:
        return one.changed == mistake.changed
    if not (one.complete and mistake.complete):
        return one.complete == mistake.complete
    if not one.wrong or not mistake.wrong:
        return one.status == mistake.status
    first = next(iter(one.wrong))
    return first in mistake.wrong and _close(one.output(first), mistake.output(first), one, first)


def _close(a: Any, b: Any, one: Attempt, name: str) -> bool:
    try:
        x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    except (TypeError, ValueError):
        return type(a) is type(b)
    if x.shape != y.shape:
        return False
    digits = 2e-3 if precision_of(one.case.args) == np.float32 else 2e-9
    scale = max(one.case.scale.get(name, 0.0), float(np.max(np.abs(y[np.isfinite(y)]), initial=0.0)), 1e-300)
    return bool(np.allclose(x, y, rtol=0.0, atol=digits * scale, equal_nan=True))
