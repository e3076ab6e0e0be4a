"""Factors that mistakes are made of: numbers, lengths and named arrays, each as a rule that holds for any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import numpy as np

Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Law:
    """A factor: `says` in words or as a formula, `of` its value for an input's sizes. None where it has none.

    `written` is a length and the number that stands in its place, for a factor that comes of that.
    """

    says: str
    of: Callable[[Sizes], float | None]
    written: tuple[str, int] | None = None


def numbers(name: str) -> Iterator[Law]:
    """The factors that one length takes part in, likelier first."""

    def over(top: Callable[[int], float], bottom: Callable[[int], float]) -> Callable[[Sizes], float | None]:
        def of(sizes: Sizes) -> float | None:
            n = sizes.get(name)
            return None if n is None or not bottom(n) else top(n) / bottom(n)

        return of

    def n(k: int) -> float:
        return float(k)

    def one(k: int) -> float:
        return 1.0

    yield Law(name, over(n, one))
    yield Law(f"1/{name}", over(one, n))
    yield Law(f"{name}/({name} - 1)", over(n, lambda k: k - 1.0))
    yield Law(f"({name} - 1)/{name}", over(lambda k: k - 1.0, n))
    yield Law(f"-{name}", over(lambda k: -float(k), one))
    yield Law(f"-1/{name}", over(lambda k: -1.0, n))
    yield Law(f"{name}**2", over(lambda k: float(k) ** 2, one))
    yield Law(f"1/{name}**2", over(one, lambda k: float(k) ** 2))
    yield Law(f"root of {name}", over(lambda k: float(k) ** 0.5, one))
    yield Law(f"1/root of {name}", over(one, lambda k: float(k) ** 0.5))


def laws(sizes: Sequence[Sizes]) -> Iterator[Law]:
    """Every factor made of lengths."""
    names = [name for name in sizes[0] if all(name in one for one in sizes)]
    for name in names:
        yield from numbers(name)
    for one, other in permutations(names, 2):
        yield Law(f"{one}/{other}", partial(_over, one, other))


def law_of(factors: Sequence[float], sizes: Sequence[Sizes]) -> Law | None:
    """The rule that gives these factors at inputs of these sizes; None where there is none, or more than one.

    The inputs have to tell the rules apart, so they need at least two different sizes.
    """
    if len({tuple(sorted(one.items())) for one in sizes}) < 2:
        return None
    if np.ptp(factors) <= 1e-7 * max(1.0, abs(factors[0])):
        return constant(float(np.median(factors)))
    found = []
    for law in (*laws(sizes), *_fixed_lengths(factors, sizes)):
        values = [law.of(one) for one in sizes]
        if all(v is not None and _near(f, v) for f, v in zip(factors, values, strict=True)):
            found.append(law)
    return found[0] if len(found) == 1 else None


def constant(value: float) -> Law:
    """A factor that is the same for every size."""
    for text, known in _KNOWN.items():
        if _near(value, known):
            return Law(text, partial(_always, known))
    return Law(f"{value:.6g}", partial(_always, value))


_KNOWN = {
    "0": 0.0,
    "2": 2.0,
    "-1": -1.0,
    "1/2": 0.5,
    "-2": -2.0,
    "-1/2": -0.5,
    "3": 3.0,
    "1/4": 0.25,
    "4": 4.0,
}


def _fixed_lengths(factors: Sequence[float], sizes: Sequence[Sizes]) -> Iterator[Law]:
    """A written number where a length should stand: 1/3 for 1/N is the factor N/3."""
    for name in sizes[0]:
        lengths = [one.get(name, 0) for one in sizes]
        if not all(lengths) or not factors[0] or len(set(lengths)) < 2:
            continue
        below, above = round(abs(lengths[0] / factors[0])), round(abs(lengths[0] * factors[0]))
        if 2 <= below <= 1000:
            yield Law(f"{name}/{below}", partial(_length, name, 1.0 / below), (name, below))
        if 2 <= above <= 1000:
            yield Law(f"{above}/{name}", partial(_inverse, name, float(above)), (name, above))


def _over(one: str, other: str, sizes: Sizes) -> float | None:
    return sizes[one] / sizes[other] if sizes[other] else None


def _always(value: float, sizes: Sizes) -> float:
    return value


def _length(name: str, times: float, sizes: Sizes) -> float:
    return sizes[name] * times


def _inverse(name: str, times: float, sizes: Sizes) -> float:
    return times / sizes[name]


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1e-3, abs(other))


@dataclass(frozen=True)
class Power:
    """A factor that is a named array of the graph, to a power."""

    name: str
    power: int

    @property
    def says(self) -> str:
        """The factor as it would be written."""
        if self.power == -1:
            return f"1/{self.name}"
        return self.name if self.power == 1 else f"{self.name}**{self.power}"


def powers(names: Sequence[str]) -> Iterator[Power]:
    """Every named array to the powers that mistakes have."""
    for power in (1, -1, 2, -2):
        for name in names:
            yield Power(name, power)


Factor = Law | Power
