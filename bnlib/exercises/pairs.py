"""Exercises that come as a pair, a forward pass and its backward pass, judged on the learner's own cache.

What a cache holds is the learner's business: it goes from the one function to the other untouched. So a
forward pass is judged by its output alone (`run_forward`), and a backward pass by the gradients it finds in
the cache of the learner's forward pass (`Pair`), after the output of that. Where already that output is wrong,
the learner is sent to the exercise of the forward pass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .spec import NotStarted, WrongAnswer

Functions = Mapping[str, Callable[..., Any]]


def run_forward(functions: Functions, args: tuple[Any, ...]) -> Any:
    """Run an exercise's function as a forward pass, and give back its output without the cache.

    For an exercise with `returns=("out", "cache")`, `judged=("out",)` and `run=run_forward`.
    """
    name, function = next(iter(functions.items()))
    return out_and_cache(name, function(*args))[0]


def out_and_cache(name: str, result: Any, when: str = "") -> tuple[Any, Any]:
    """The output and the cache that a forward pass returned; raises what to tell a learner if it did not.

    `when` says when it was called, such as " in test mode".
    """
    if result is None or (isinstance(result, tuple) and result and result[0] is None):
        raise NotStarted(f"Not started yet: nothing comes back from `{name}`{when} so far.")
    if not isinstance(result, tuple) or len(result) != 2:
        found = f"{len(result)} values" if isinstance(result, tuple) else "one value"
        slug = None if isinstance(result, tuple) else "no-cache"
        raise WrongAnswer(f"`{name}` should return `out` and `cache`, and returns {found}.", mistake=slug)
    return result


@dataclass(frozen=True)
class Pair:
    """Runs a forward pass, then the backward pass on its cache; gives back out and the gradients.

    A case's arguments are those of the forward pass, then `dout`. `forward` and `backward` are the functions'
    names, `gradients` names what the backward pass returns. `exercise` is the id of the forward pass's own
    exercise and `right` a right answer to it.
    """

    forward: str
    backward: str
    gradients: tuple[str, ...]
    exercise: str
    right: Callable[..., Any]

    def __call__(self, functions: Functions, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The outputs to compare: out first, so that a wrong forward pass is found before its gradients."""
        *inputs, dout = args
        # Before the learner's function gets hold of them.
        expected, _ = self.right(*copy.deepcopy(inputs))
        out, cache = out_and_cache(self.forward, functions[self.forward](*inputs))
        if not _about(out, expected):
            raise WrongAnswer(
                f"This exercise runs your `{self.forward}` first, and the `out` of that isn't right yet: "
                f'`check("{self.exercise}")` says what is wrong. `{self.backward}` has not been looked at, '
                "because it can only be as good as the cache that it gets."
            )
        if cache is None:
            raise WrongAnswer(
                f"`{self.forward}` returns no cache: it is None. A backward pass gets `dout`, the cache and "
                "nothing else. What will it need to know?",
                mistake="no-cache",
            )
        # A backward pass may do as it likes with what its own forward pass left, out included.
        out = out.copy() if isinstance(out, np.ndarray) else out
        found = functions[self.backward](dout, cache)
        if found is None or (isinstance(found, tuple) and found and all(part is None for part in found)):
            raise NotStarted("Not started yet: nothing comes back so far.")
        count = len(found) if isinstance(found, tuple) else 1
        if count != len(self.gradients):
            names = ", ".join(f"`{name}`" for name in self.gradients)
            says = "1 value" if count == 1 else f"{count} values"
            raise WrongAnswer(f"It should return {names}, and returns {says}.")
        return (out, *found)


def _about(out: Any, expected: Any) -> bool:
    """Whether a forward pass gave what it should, to three digits; the others are the comparison's."""
    if not isinstance(out, np.ndarray) or out.shape != expected.shape or out.dtype.kind not in "fiu":
        return False
    size = np.max(np.abs(expected), initial=0.0) or 1.0
    return bool(np.all(np.abs(out - expected) <= 1e-3 * size))


def backward_fields(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    gradients: tuple[str, ...] = ("dx", "dgamma", "dbeta"),
    *,
    after: str,
) -> dict[str, Any]:
    """What an Exercise of the backward pass needs beside its words, from a right answer to each of the two.

    For instance `Exercise(id="9.2", ..., **backward_fields(layernorm_forward, layernorm_backward,
    after="9.1"))`, where 9.1 is the exercise that asks for the forward pass. The names that a learner has to
    write are those of the two functions.
    """
    code = forward.__code__
    return {
        "references": {backward.__name__: backward},
        "also": {forward.__name__: forward},
        "returns": gradients,
        "judged": ("out", *gradients),
        "arguments": (*code.co_varnames[: code.co_argcount], "dout"),
        "run": Pair(forward.__name__, backward.__name__, gradients, after, forward),
    }


def forward_fields(forward: Callable[..., Any]) -> dict[str, Any]:
    """What an Exercise of the forward pass needs beside its words: `out` is judged, the cache is free."""
    return {
        "references": {forward.__name__: forward},
        "returns": ("out", "cache"),
        "judged": ("out",),
        "run": run_forward,
    }
