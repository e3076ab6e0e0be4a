"""What an exercise is: what it asks for, the cases that tell right from wrong, and its reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..diagnose import Piece
from .mistakes import Mistake

Cases = Callable[[np.random.Generator], Iterable["Case"]]
Runner = Callable[[Mapping[str, Callable[..., Any]], tuple[Any, ...]], Any]


class NotStarted(Exception):
    """The answer is still as it was handed out. A runner may raise it; its text is for the learner."""


class WrongAnswer(Exception):
    """What came back is wrong in a way that no comparison of numbers says. Its text is for the learner.

    `mistake` is the known mistake's short name, where the runner can tell which one it is.
    """

    def __init__(self, says: str, mistake: str | None = None) -> None:
        super().__init__(says)
        self.mistake = mistake


@dataclass(frozen=True)
class Case:
    """One input of an exercise.

    `says` is what a learner reads: what is special about this input, such as "5 rows, 3 features".
    `args` are the arguments; the learner's function gets copies of them.
    `scale` gives, for an output's name, the size against which an error in it is measured; an output that
    is not named is measured against its own largest entry.
    """

    says: str
    args: tuple[Any, ...]
    scale: Mapping[str, float] = field(default_factory=dict)


def run_first(functions: Mapping[str, Callable[..., Any]], args: tuple[Any, ...]) -> Any:
    """Call the exercise's first function with the case's arguments: what most exercises need."""
    return next(iter(functions.values()))(*args)


@dataclass(frozen=True)
class Exercise:
    """One TODO cell of a notebook.

    `references` maps each function's name, as the learner must write it, to a right answer.
    `returns` names what comes back, in order; one name means that the value comes back bare.
    `asks` is one sentence; `hints` go from vague to plain and never give the line away.
    `section` is the anchor of the notebook's heading that explains it.
    `run` turns functions and a case's arguments into the outputs; exercises that judge two functions as a
    pair bring their own. `also` maps the functions of other exercises that `run` calls, such as the forward
    pass whose cache a backward pass gets, to right answers. `judged` names what `run` gives back, where that
    is not what the function returns; `arguments` names a case's arguments, where they are not the function's.
    `may_change` names arguments that the function is allowed to change in place.
    `shapes` gives each output's shape in the letters of the course, for the messages; `entries` gives an
    output, or an argument, that is a tuple the names of its parts. `mistakes` are the known ways of getting
    it wrong, the likelier first. `graph` gives the graph behind a case's arguments, where there is one that
    can explain what no known mistake does.
    """

    id: str
    title: str
    asks: str
    references: Mapping[str, Callable[..., Any]]
    returns: tuple[str, ...]
    cases: Cases
    hints: tuple[str, ...]
    section: str
    shapes: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    points: int = 1
    run: Runner = run_first
    may_change: tuple[str, ...] = ()
    also: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    graph: Callable[[tuple[Any, ...]], Piece] | None = None

    @property
    def functions(self) -> tuple[str, ...]:
        """The names that the exercise's answer must define."""
        return tuple(self.references)

    @property
    def needs(self) -> Mapping[str, Callable[..., Any]]:
        """Every function that `run` calls, by name, with a right answer: its own first."""
        return {**self.references, **self.also}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what `run` gives back, in order."""
        return self.judged or self.returns

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of a case's arguments, in order."""
        return self.arguments or _parameters(next(iter(self.references.values())))

    @property
    def signature(self) -> str:
        """How the exercise is called and what it gives back, as `step9(dout) -> dbeta, dgammax`."""
        name, reference = next(iter(self.references.items()))
        return f"{name}({', '.join(_parameters(reference))}) -> {', '.join(self.returns)}"


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


@dataclass(frozen=True)
class Course:
    """A named set of notebooks, each with its exercises in the order in which they are met.

    `notebooks` maps a notebook's file name without ending, such as "03_backward", to its exercises.
    """

    name: str
    title: str
    notebooks: Mapping[str, tuple[Exercise, ...]]

    def exercises(self) -> dict[str, Exercise]:
        """Every exercise of the course by its id, in course order."""
        return {exercise.id: exercise for group in self.notebooks.values() for exercise in group}

    def notebook_of(self, exercise_id: str) -> str:
        """The notebook in which an exercise stands."""
        for notebook, group in self.notebooks.items():
            if any(exercise.id == exercise_id for exercise in group):
                return notebook
        raise KeyError(exercise_id)
