"""Whether an answer is the course's own: it calls the function that it was to be, and hands on what comes back."""

from __future__ import annotations

import copy
import functools
import io
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from ..blame import PACKAGE, is_ours
from .arguments import precision_of
from .attempt import Attempt, quiet
from .same import same


def borrowed(
    namespace: Mapping[str, Any], right: Attempt, functions: Mapping[str, Callable[..., Any]]
) -> str:
    """The name of the course's function that gave a right answer, or an empty string.

    Only what runs in this process can be watched: proxies of another one are left alone. A function counts
    that the learner's own code calls, that bnlib defines, and that returns all that was asked for; a layer
    that a notebook gives for use inside the answer returns something else. An answer that is itself one of
    bnlib's functions counts too. Looked at are the namespaces of notebooks and modules, which have a
    `__name__`; a plain dictionary is how authors and tests hand in answers made of the course's own parts.
    """
    if "__name__" not in namespace:
        return ""
    exercise = right.exercise
    own = [functions[name] for name in exercise.functions]
    for function in map(_plain, own):
        if _file(function).startswith(PACKAGE):
            return str(getattr(function, "__name__", "a function"))
    asked = [right.right(name) for name in exercise.returns if name in exercise.outputs]
    if not asked or not any(_file(function) and not is_ours(_file(function)) for function in own):
        return ""
    watch = _Watch(asked, right)
    before = sys.getprofile()
    try:
        with quiet(io.StringIO()):
            sys.setprofile(watch)
            try:
                exercise.run(functions, copy.deepcopy(right.case.args))
            finally:
                sys.setprofile(before)
    except Exception:
        return ""
    return watch.found


class _Watch:
    """A profile function that compares what bnlib returns to the learner's code with what was asked for."""

    def __init__(self, asked: list[Any], right: Attempt) -> None:
        self._asked = asked
        self._precision = precision_of(right.case.args)
        self.found = ""

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "return" or self.found or argument is None:
            return
        if not frame.f_code.co_filename.startswith(PACKAGE) or frame.f_back is None:
            return
        if is_ours(frame.f_back.f_code.co_filename):
            return
        parts = _parts(argument)
        if all(any(same(part, wanted, self._precision) for part in parts) for wanted in self._asked):
            self.found = frame.f_code.co_name


def _parts(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [value, *value]
    return [value]


def _plain(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _file(function: Any) -> str:
    code = getattr(_plain(function), "__code__", None)
    return code.co_filename if code is not None else ""
