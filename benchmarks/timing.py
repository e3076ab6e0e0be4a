"""`measure`: how long things take, in turn, so that a slow moment of the machine falls on all alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Timing:
    """The seconds that each round took."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one: a single disturbed round does not move it."""
        return median(self.seconds)

    @property
    def best(self) -> float:
        """The shortest."""
        return min(self.seconds)


def measure(
    functions: Mapping[str, Callable[[], object]],
    rounds: int = 25,
    warmup: int = 3,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Timing]:
    """Call every function once in each round, and give the times of each under its name.

    Every second round goes backwards through the functions, so that none always runs in the cache that
    another has left. `warmup` rounds are run first and not counted. Garbage is collected between rounds and
    not within them. Raises ValueError for no rounds.
    """
    if rounds < 1:
        raise ValueError("there is nothing to measure in no rounds")
    taken: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(-warmup, rounds):
            gc.collect()
            for name in names if number % 2 == 0 else reversed(names):
                start = clock()
                functions[name]()
                end = clock()
                if number >= 0:
                    taken[name].append(end - start)
    finally:
        if collecting:
            gc.enable()
    return {name: Timing(tuple(seconds)) for name, seconds in taken.items()}
