"""A known mistake: its short fixed name, what to tell the learner, and code that makes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """One way of getting an exercise wrong.

    `slug` is its name in every report, such as "mean-for-sum". `says` is one or two sentences for the learner:
    what happened, and what to think about next; never the line itself. `make` is the exercise's first function
    as it would be with the mistake; `also` replaces further functions that the exercise runs, by name.
    Raises ValueError for a slug that is not lower-case words joined by hyphens.
    """

    slug: str
    says: str
    make: Answer
    also: Mapping[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.slug):
            raise ValueError(f"a mistake's name is lower-case words joined by hyphens, not {self.slug!r}")

    def instead(self, right: Mapping[str, Answer]) -> dict[str, Answer]:
        """The functions of an exercise, its own first, with the mistake in the place of the right ones."""
        return {**right, next(iter(right)): self.make, **self.also}


class Mistakes:
    """The known mistakes of one notebook, by exercise.

    Used as a decorator, so that an author adds one in five lines::

        mistake = Mistakes()

        @mistake("3.9", "mean-for-sum", "`dbeta` is a mean over the rows. Does a row count for less ...?")
        def _(dout):
            return np.mean(dout, axis=0), dout
    """

    def __init__(self) -> None:
        self._found: dict[str, list[Mistake]] = {}

    def __call__(self, exercise: str, slug: str, says: str, **also: Answer) -> Callable[[Answer], Answer]:
        """A decorator that adds the function as a mistake of that exercise; `also` as for `Mistake`."""

        def add(make: Answer) -> Answer:
            self.add(exercise, slug, says, make, **also)
            return make

        return add

    def add(self, exercise: str, slug: str, says: str, make: Answer, **also: Answer) -> None:
        """Add a mistake whose function is made elsewhere, such as one of a family."""
        self._found.setdefault(exercise, []).append(Mistake(slug, says, make, also))

    def of(self, exercise: str) -> tuple[Mistake, ...]:
        """The known mistakes of an exercise, in the order in which they were added."""
        return tuple(self._found.get(exercise, ()))
