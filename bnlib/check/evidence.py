"""What a diagnosis may look at: the case that failed, and a bounded number of further ones with fresh inputs."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from ..exercises import Case, Exercise
from .arguments import arrays_in
from .attempt import Attempt, attempt

# Further runs of the learner's code: each may be slow, and in another process it is slower.
RUNS = 12
# In seconds of this thread, so that a busy machine says the same: a check should take no longer than is noticed.
PATIENCE = 0.3
# Larger cases are left alone: entries of all arrays together.
LARGEST = 10_000

Functions = Mapping[str, Callable[..., Any]]


class OutOfTime(Exception):
    """No more runs, or no more time: what has not been shown by now stays unsaid."""


@dataclass
class Evidence:
    """A failing attempt, and further attempts of the same functions where a diagnosis asks for them.

    `index` is the failing case's place among the exercise's cases, `passed` the attempts before it, all
    right. `seed` made them; what is fresh comes from another one.
    """

    exercise: Exercise
    functions: Functions
    failing: Attempt
    index: int
    passed: list[Attempt]
    seed: int
    _attempts: dict[int, Attempt] = field(default_factory=dict)
    _runs: int = 0
    _began: float = field(default_factory=time.thread_time)

    @cached_property
    def fresh(self) -> dict[int, Case]:
        """Cases that the verdict has not seen, by place: those of another seed, as far as they are small."""
        cases = self.exercise.cases(np.random.default_rng(self.seed + 1))
        upto = len(self.passed) + 16
        return {i: case for i, case in enumerate(islice(_small(cases), upto)) if case is not None}

    @property
    def small(self) -> bool:
        """Whether the failing case itself may be run again."""
        return _size(self.failing.case) <= LARGEST

    @property
    def near(self) -> list[int]:
        """The places of fresh cases in the order in which to try them: the failing one's own comes first."""
        own = [self.index] if self.index in self.fresh else []
        return own + [i for i in self.fresh if i != self.index]

    def at(self, index: int) -> Attempt:
        """The learner's functions at a fresh case; raises OutOfTime where that would be one run too many."""
        if index not in self._attempts:
            self._attempts[index] = self.run(self.fresh[index])
        return self._attempts[index]

    def run(self, case: Case) -> Attempt:
        """The learner's functions at any case; raises OutOfTime where that would be one run too many."""
        self.look_at_the_clock()
        if self._runs >= RUNS:
            raise OutOfTime
        self._runs += 1
        return attempt(self.exercise, self.functions, case)

    def look_at_the_clock(self) -> None:
        """Raise OutOfTime where the diagnosis has taken too long."""
        if time.thread_time() - self._began > PATIENCE:
            raise OutOfTime

    @property
    def seen(self) -> Iterable[Attempt]:
        """Every attempt there is so far."""
        return [*self.passed, self.failing, *self._attempts.values()]


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected meanwhile: it takes half a second where a process has much, and that is time too."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _small(cases: Iterable[Case]) -> Iterator[Case | None]:
    """The cases in order, None for each that is large: a place of its own keeps the others in theirs."""
    for case in cases:
        yield case if _size(case) <= LARGEST else None


def _size(case: Case) -> int:
    return sum(array.size for _, array in arrays_in("", case.args))


def arrays_of(attempt: Attempt) -> list[tuple[str, np.ndarray]]:
    """The arrays among a case's arguments, each with the expression that reaches it."""
    pairs = zip(attempt.exercise.parameters, attempt.case.args, strict=False)
    return [found for name, value in pairs for found in arrays_in(name, value)]


def kind_of(attempt: Attempt) -> str:
    """What numbers a case holds: "float32", "integer" or "float64"."""
    arrays = [array for _, array in arrays_of(attempt)]
    if any(array.dtype == np.float32 for array in arrays):
        return "float32"
    return "integer" if any(array.dtype.kind in "iu" for array in arrays) else "float64"


def shape_of(attempt: Attempt) -> tuple[int, ...] | None:
    """The shape of the case: that of its argument with the most axes, the first of those."""
    shapes = [array.shape for _, array in arrays_of(attempt)]
    shapes += [a for a in attempt.case.args if isinstance(a, tuple) and all(type(n) is int for n in a)]
    return max(shapes, key=len, default=None)
