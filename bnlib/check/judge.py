"""`judge`: the one function that decides whether an answer is right, under `check` and under the grader."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..blame import learners_line
from ..exercises import Case, Exercise, find
from ..exercises.spec import NotStarted, WrongAnswer
from .compare import Difference, difference

Status = Literal["passed", "failed", "not started", "error"]

# A learner who runs the same wrong code twice should read the same message twice; the grader brings its own seed.
DEFAULT_SEED = 20160212


@dataclass(frozen=True)
class Verdict:
    """What was found: a status, a message for the learner, and the known mistake's short name if there is one.

    `case` says at which input it was found and `printed` holds what the learner's code printed there.
    `difference` is the comparison that failed, for those who want to draw it. A notebook shows a verdict as
    the card that `check` shows.
    """

    exercise: str
    status: Status
    message: str
    mistake: str | None = None
    case: str = ""
    printed: str = ""
    difference: Difference | None = None

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status == "passed"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # Here, and not above: a card is made from a verdict, so `card` imports this module.
        from .card import verdict_card

        return verdict_card(find(self.exercise), self)._repr_mimebundle_()


def judge(exercise_id: str, namespace: Mapping[str, Any], seed: int | None = None) -> Verdict:
    """Judge the functions of an exercise that `namespace` holds, by name.

    Runs every case of the exercise on copies of its inputs and stops at the first that is not right. `seed`
    makes the inputs; without one they are the same at every call. Raises UnknownExercise for an unknown id.
    """
    exercise = find(exercise_id)
    missing = [name for name in exercise.needs if not callable(namespace.get(name))]
    if missing:
        return Verdict(exercise.id, "not started", f"`{missing[0]}` is not defined yet. Run its cell first.")
    functions = {name: namespace[name] for name in exercise.needs}
    rng = np.random.default_rng(DEFAULT_SEED if seed is None else seed)
    count, printed = 0, ""
    for case in exercise.cases(rng):
        verdict = _judge_case(exercise, functions, case)
        if not verdict.passed:
            return verdict
        count, printed = count + 1, printed or verdict.printed
    return Verdict(exercise.id, "passed", f"All {count} cases agree.", printed=printed)


def _judge_case(exercise: Exercise, functions: Mapping[str, Callable[..., Any]], case: Case) -> Verdict:
    expected = as_tuple(exercise.run(exercise.needs, copy.deepcopy(case.args)), exercise)
    given = copy.deepcopy(case.args)
    printed = io.StringIO()
    found = Verdict(exercise.id, "passed", "", case=case.says)
    try:
        with _quiet(printed):
            result = exercise.run(functions, given)
        found = _compare(exercise, case, given, result, expected, found)
    except NotStarted as reason:
        found = replace(found, status="not started", message=str(reason))
    except WrongAnswer as reason:
        found = replace(found, status="failed", message=str(reason))
    except (Exception, SystemExit) as error:
        found = _explain_exception(exercise, error, found)
    return replace(found, printed=printed.getvalue())


def _compare(
    exercise: Exercise,
    case: Case,
    given: tuple[Any, ...],
    result: Any,
    expected: tuple[Any, ...],
    found: Verdict,
) -> Verdict:
    if result is None or (isinstance(result, tuple) and result and all(part is None for part in result)):
        raise NotStarted("Not started yet: nothing comes back so far.")
    outputs = result if isinstance(result, tuple) and len(exercise.outputs) > 1 else (result,)
    if len(outputs) != len(exercise.outputs):
        names = ", ".join(f"`{name}`" for name in exercise.outputs)
        count = "1 value" if len(outputs) == 1 else f"{len(outputs)} values"
        return replace(found, status="failed", message=f"It should return {names}, and returns {count}.")
    changed = changed_input(exercise, case, given)
    if changed:
        says = (
            f"Your code changed its input `{changed}`. Whoever called it still needs that array: "
            "work on a copy, or make a new array."
        )
        return replace(found, status="failed", message=says)
    precision = precision_of(case.args)
    for name, got, right in zip(exercise.outputs, outputs, expected, strict=True):
        shape = exercise.shapes.get(name, "")
        entries = exercise.entries.get(name, ())
        wrong = difference(name, got, right, precision, case.scale.get(name), shape, entries)
        if wrong:
            return replace(found, status="failed", message=wrong.says, difference=wrong)
    return found


def _explain_exception(exercise: Exercise, error: BaseException, found: Verdict) -> Verdict:
    line = learners_line(error)
    where = f" on line {line.number}, `{line.text}`" if line else ""
    unset = getattr(error, "name", None)
    if isinstance(error, NotImplementedError) or "NoneType" in str(error):
        return replace(found, status="not started", message=f"Not started yet: it stops{where}.")
    if isinstance(error, NameError) and unset in exercise.outputs:
        return replace(
            found, status="not started", message=f"Not started yet: `{unset}` has no value{where}."
        )
    kind = type(error).__name__
    return replace(found, status="error", message=f"Your code stopped{where}. {kind}: {error}")


def as_tuple(result: Any, exercise: Exercise) -> tuple[Any, ...]:
    """The outputs of an exercise as a tuple, also where only one is asked for."""
    return result if len(exercise.outputs) > 1 else (result,)


def precision_of(args: Any) -> np.dtype:
    """The dtype against which a case is judged: float32 where any array in it is, float64 otherwise."""
    found = [array.dtype for _, array in _arrays("", args)]
    return np.dtype(np.float32 if np.dtype(np.float32) in found else np.float64)


def changed_input(exercise: Exercise, case: Case, given: tuple[Any, ...]) -> str | None:
    """The name of the first argument that differs from what the function was given, or None."""
    for name, before, after in zip(exercise.parameters, case.args, given, strict=False):
        if name in exercise.may_change:
            continue
        pairs = zip(_arrays(name, before), _arrays(name, after), strict=False)
        for (label, old), (_, new) in pairs:
            if old.shape != new.shape or not np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
                return label
        if not isinstance(before, np.ndarray) and _skeleton(before) != _skeleton(after):
            return name
    return None


def _arrays(name: str, value: Any) -> list[tuple[str, np.ndarray]]:
    """Every array inside a value, with the expression that reaches it."""
    if isinstance(value, np.ndarray):
        return [(name, value)]
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _arrays(f"{name}[{key!r}]", part)]
    if isinstance(value, (tuple, list)):
        return [pair for i, part in enumerate(value) for pair in _arrays(f"{name}[{i}]", part)]
    return []


def _skeleton(value: Any) -> Any:
    """A value with its arrays taken out, so that what is left can be compared with ==."""
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, dict):
        return {key: _skeleton(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_skeleton(part) for part in value]
    return value


@contextlib.contextmanager
def _quiet(printed: io.StringIO) -> Any:
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
