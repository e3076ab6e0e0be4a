"""What an operation is to the graph: how it reads and how a gradient passes through it, stated once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Vjp = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """An operation with one vector-Jacobian product for each operand.

    `vjps[i](dz, z, *operands, **parameters)` gives operand i's gradient from the result's gradient dz; it may
    come back in the result's shape, `unbroadcast` sums it down. `formulas[i]` says the same as a learner would
    write it, with {0}, {1} for the operands, {z} and {dz}. Both are None where the result does not depend on
    the operand smoothly (a comparison, a sign): no gradient passes. With `many`, one entry serves any number of
    operands and is told which by `position`. `reads` is the operation as text in the same placeholders.
    """

    name: str
    call: Callable[..., Any]
    reads: str
    vjps: tuple[Vjp | None, ...]
    formulas: tuple[str | None, ...]
    many: bool = False

    def differentiable(self, position: int) -> bool:
        """Whether a gradient passes to that operand."""
        return self.vjps[0 if self.many else position] is not None

    def vjp(
        self, position: int, dz: Any, z: Any, operands: tuple[Any, ...], parameters: dict[str, Any]
    ) -> Any:
        """The gradient of the operand at `position`, in its own shape."""
        one = self.vjps[0 if self.many else position]
        if one is None:
            raise ValueError(f"no gradient passes {self.name} at operand {position}")
        extra = {"position": position} if self.many else {}
        return unbroadcast(one(dz, z, *operands, **parameters, **extra), np.shape(operands[position]))


# NumPy's function, or ufunc, to its rule. The modules beside this one fill it.
RULES: dict[Callable[..., Any], Rule] = {}

# A vector-Jacobian product and how it is written.
Pass = tuple[str, Vjp] | None


def rule(call: Callable[..., Any], reads: str, *passes: Pass, name: str = "", many: bool = False) -> Rule:
    """State an operation's rule and enter it in the table under NumPy's function."""
    vjps = tuple(p[1] if p else None for p in passes)
    formulas = tuple(p[0] if p else None for p in passes)
    made = Rule(name or call.__name__, call, reads, vjps, formulas, many)
    RULES[call] = made
    return made


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient over the axes along which an operand of `shape` was stretched.

    Each copy that broadcasting makes is a use of its own, and the gradients of all uses add up.
    """
    gradient = np.asarray(gradient)
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    if extra > 0:
        gradient = gradient.sum(axis=tuple(range(extra)))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    if stretched:
        gradient = gradient.sum(axis=stretched, keepdims=True)
    # What is still smaller was a sum's operand: every entry of it receives the same gradient.
    return gradient if gradient.shape == shape else np.broadcast_to(gradient, shape).copy()
