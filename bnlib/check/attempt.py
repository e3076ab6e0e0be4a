"""`attempt`: run an exercise's functions at one case and say what came of it; right, wrong or stopped."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ..blame import learners_line
from ..exercises import Case, Exercise
from ..exercises.registry import home_of
from ..exercises.spec import NotStarted, WrongAnswer
from .arguments import changed_input, precision_of
from .compare import Difference, difference

Status = Literal["passed", "failed", "not started", "error"]

NOTHING = "Not started yet: nothing comes back so far."


@dataclass(frozen=True)
class Attempt:
    """What came of running some functions at one case.

    `outputs` and `expected` go with the exercise's outputs; `outputs` is None where the code stopped, and has
    another length where another number of values came back. `changed` names an argument that was changed,
    `error` is what stopped it. `difference` is the first wrong output's.
    """

    exercise: Exercise
    case: Case
    expected: tuple[Any, ...]
    status: Status
    message: str = ""
    outputs: tuple[Any, ...] | None = None
    changed: str | None = None
    error: BaseException | None = None
    printed: str = ""
    difference: Difference | None = None

    @property
    def passed(self) -> bool:
        """Whether everything was right."""
        return self.status == "passed"

    @property
    def complete(self) -> bool:
        """Whether as many values came back as were asked for."""
        return self.outputs is not None and len(self.outputs) == len(self.exercise.outputs)

    @cached_property
    def wrong(self) -> dict[str, Difference]:
        """How each wrong output differs, by its name, in order; empty where not all of them came back."""
        if not self.complete:
            return {}
        return dict(differences(self.exercise, self.case, self.outputs or (), self.expected))

    def output(self, name: str) -> Any:
        """What came back under an output's name."""
        assert self.outputs is not None
        return self.outputs[self.exercise.outputs.index(name)]

    def right(self, name: str) -> Any:
        """What should have come back under an output's name."""
        return self.expected[self.exercise.outputs.index(name)]


def attempt(
    exercise: Exercise,
    functions: Mapping[str, Callable[..., Any]],
    case: Case,
    expected: tuple[Any, ...] | None = None,
) -> Attempt:
    """Run an exercise's functions at a case, on copies of its inputs; whatever they raise is caught.

    `expected` is what an earlier attempt at the same case has; without it the reference is run.
    """
    if expected is None:
        expected = as_tuple(exercise.run(exercise.needs, copy.deepcopy(case.args)), exercise)
    given = copy.deepcopy(case.args)
    printed = io.StringIO()
    found: dict[str, Any]
    try:
        with quiet(printed):
            result = exercise.run(functions, given)
        found = _judged(exercise, case, given, _kept(result), expected)
    except NotStarted as reason:
        found = {"status": "not started", "message": str(reason)}
    except WrongAnswer as reason:
        found = {"status": "failed", "message": str(reason), "error": reason}
    except (Exception, SystemExit) as error:
        found = _stopped(exercise, error)
    return Attempt(exercise, case, expected, printed=printed.getvalue(), **found)


def _kept(result: Any) -> Any:
    """A copy of what came back: the next run may write into the same arrays."""
    try:
        return copy.deepcopy(result)
    except Exception:
        return result


def _judged(
    exercise: Exercise, case: Case, given: tuple[Any, ...], result: Any, expected: tuple[Any, ...]
) -> dict[str, Any]:
    if result is None or (isinstance(result, tuple) and result and all(part is None for part in result)):
        raise NotStarted(NOTHING)
    outputs = result if isinstance(result, tuple) and len(exercise.outputs) > 1 else (result,)
    if len(outputs) != len(exercise.outputs):
        names = ", ".join(f"`{name}`" for name in exercise.outputs)
        count = "1 value" if len(outputs) == 1 else f"{len(outputs)} values"
        says = f"It should return {names}, and returns {count}."
        return {"status": "failed", "message": says, "outputs": outputs}
    changed = changed_input(exercise, case, given)
    if changed:
        says = (
            f"Your code changed its input `{changed}`. Whoever called it still needs that array: "
            "work on a copy, or make a new array."
        )
        return {"status": "failed", "message": says, "outputs": outputs, "changed": changed}
    for _, wrong in differences(exercise, case, outputs, expected):
        return {"status": "failed", "message": wrong.says, "outputs": outputs, "difference": wrong}
    return {"status": "passed", "outputs": outputs}


def differences(
    exercise: Exercise, case: Case, outputs: tuple[Any, ...], expected: tuple[Any, ...]
) -> Iterator[tuple[str, Difference]]:
    """Each output that is wrong, by its name, with how it differs."""
    precision = precision_of(case.args)
    for name, got, right in zip(exercise.outputs, outputs, expected, strict=True):
        shape = exercise.shapes.get(name, "")
        entries = exercise.entries.get(name, ())
        wrong = difference(name, got, right, precision, case.scale.get(name), shape, entries)
        if wrong:
            yield name, wrong


def _stopped(exercise: Exercise, error: BaseException) -> dict[str, Any]:
    """The words for an exception; an answer that is not finished yet is no error."""
    line = learners_line(error)
    where = f" on line {line.number}, `{line.text}`" if line else ""
    if isinstance(error, NotImplementedError) or "NoneType" in str(error):
        return {"status": "not started", "message": f"Not started yet: it stops{where}.", "error": error}
    unset = _unset(error)
    if unset in (*exercise.outputs, *exercise.returns):
        says = f"Not started yet: `{unset}` has no value{where}."
        return {"status": "not started", "message": says, "error": error}
    home = home_of(unset) if unset else None
    if home is not None:
        says = f"Not started yet: `{unset}` has no value{where}. It is exercise {home}'s; run its cell first."
        return {"status": "not started", "message": says, "error": error}
    says = f"Your code stopped{where}. {type(error).__name__}: {error}"
    return {"status": "error", "message": says, "error": error}


def _unset(error: BaseException) -> str:
    """The name that had no value yet, where that is what the exception says."""
    if not isinstance(error, NameError):
        return ""
    # Python tells the name of a global one, and writes that of a local one into the text alone.
    quoted = str(error).split("'")
    return getattr(error, "name", None) or (quoted[1] if len(quoted) > 2 else "")


def as_tuple(result: Any, exercise: Exercise) -> tuple[Any, ...]:
    """The outputs of an exercise as a tuple, also where only one is asked for."""
    return result if len(exercise.outputs) > 1 else (result,)


@contextlib.contextmanager
def quiet(printed: io.StringIO) -> Iterator[None]:
    """Catch what the learner's code prints, and keep NumPy's warnings out of the notebook.

    Under nbgrader any text on stderr costs a check cell all its points.
    """
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
