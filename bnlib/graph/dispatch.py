"""How a call of one of NumPy's functions becomes an operation: its rule, its operands, its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..ops import RULES, Rule
from ..ops.products import einsum, letters
from ..ops.shapes import concatenate, copy, reshape, stack
from .tape import TraceError


class Plan(NamedTuple):
    """What to record: operands are arrays or numbers, parameters are the rest (axes, shapes, letters)."""

    rule: Rule
    operands: tuple[Any, ...]
    parameters: dict[str, Any]


# The parameters that may be given by position after the array, in NumPy's order.
_REDUCE = ("axis", "dtype", "out", "keepdims", "initial", "where")
_SPREAD = ("axis", "dtype", "out", "ddof", "keepdims", "where", "mean")
_EXTREME = ("axis", "out", "keepdims", "initial", "where")
_WHICH = ("axis", "out", "keepdims")
_LIKE = ("dtype", "order", "subok", "shape", "device")
_POSITIONAL: dict[Callable[..., Any], tuple[str, ...]] = {
    np.sum: _REDUCE,
    np.mean: ("axis", "dtype", "out", "keepdims", "where"),
    np.var: _SPREAD,
    np.std: _SPREAD,
    np.max: _EXTREME,
    np.min: _EXTREME,
    np.all: (*_WHICH, "where"),
    np.any: (*_WHICH, "where"),
    np.argmax: _WHICH,
    np.argmin: _WHICH,
    np.ravel: ("order",),
    np.squeeze: ("axis",),
    np.expand_dims: ("axis",),
    np.transpose: ("axes",),
    np.moveaxis: ("source", "destination"),
    np.swapaxes: ("axis1", "axis2"),
    np.broadcast_to: ("shape", "subok"),
    np.tile: ("reps",),
    np.ones_like: _LIKE,
    np.zeros_like: _LIKE,
    np.full_like: ("fill_value", *_LIKE),
}
_SAME: dict[Callable[..., Any], Callable[..., Any]] = {np.amax: np.max, np.amin: np.min}
# NumPy spells this parameter in two ways.
_ALIASES = {"correction": "ddof"}
_FIRST = ("a", "x", "array", "m", "A", "arr")
# A parameter at one of these values changes nothing; at any other the rules don't know it.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "dtype": (None,),
    "out": (None,),
    "order": ("C", "K"),
    "subok": (True, False),
    "where": (True,),
    "initial": (),
    "mean": (),
    "copy": (None, True),
    "device": (None, "cpu"),
    "casting": ("same_kind",),
}


def plan_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Plan:
    """The plan of a call; raises TraceError, naming the function, for what the graph does not know."""
    function = _SAME.get(function, function)
    if function in _SPECIAL:
        return _SPECIAL[function](*args, **kwargs)
    if function not in RULES or function not in _POSITIONAL:
        raise TraceError(unknown(function))
    what = public_name(function)
    parameters = {_ALIASES.get(key, key): value for key, value in kwargs.items()}
    if not args:
        name = next((name for name in _FIRST if name in parameters), None)
        args = (parameters.pop(name),) if name else args
    names = _POSITIONAL[function]
    if len(args) > 1 + len(names) or not args:
        raise TypeError(f"{what}() was given {len(args)} arguments by position")
    parameters.update(zip(names, args[1:], strict=False))
    for key in parameters:
        if key not in names and key not in _NEUTRAL:
            raise TypeError(f"{what}() got an unexpected keyword argument {key!r}")
    # The dtype of an array of ones is an ordinary parameter; that of a sum would change its operands.
    free = ("dtype",) if "shape" in names and "dtype" in names else ()
    return Plan(RULES[function], args[:1], known(what, parameters, free))


def known(what: str, parameters: dict[str, Any], free: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters that matter; raises TraceError for one that the rules do not know."""
    kept = {}
    for key, value in parameters.items():
        if key not in _NEUTRAL or key in free:
            kept[key] = value
        elif not any(value is one or (isinstance(value, str) and value == one) for one in _NEUTRAL[key]):
            raise TraceError(f"`{what}` with `{key}=` is not known to the graph; leave it out")
    return kept


def only(what: str, kwargs: dict[str, Any]) -> None:
    """Raise TraceError for a parameter that would change something."""
    for key in known(what, kwargs):
        raise TraceError(f"`{what}` with `{key}=` is not known to the graph; leave it out")


def public_name(function: Callable[..., Any]) -> str:
    """What a learner calls one of NumPy's functions: `np.linalg.norm`."""
    module = getattr(function, "__module__", None) or "numpy"
    name = function.__name__
    if module == "numpy" or getattr(np, name, None) is function:
        return f"np.{name}"
    return f"{module.replace('numpy', 'np', 1)}.{name}"


def unknown(function: Callable[..., Any]) -> str:
    """What to say of a function that has no rule."""
    return (
        f"`{public_name(function)}` is not known to the graph; write it with basic operations, "
        "or compute it before and pass the result in as a constant"
    )


def _dot(a: Any, b: Any, out: Any = None) -> Plan:
    known("np.dot", {"out": out})
    if np.ndim(a) > 2 or np.ndim(b) > 2:
        raise TraceError("`np.dot` of more than two axes is not known to the graph; use `@`")
    return Plan(RULES[np.dot], (a, b), {})


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False, **kwargs: Any) -> Plan:
    only("np.einsum", kwargs)
    if not isinstance(subscripts, str):
        raise TraceError("`np.einsum` with lists of axes is not known to the graph; write the letters")
    try:
        letters(subscripts)
    except ValueError as error:
        raise TraceError(str(error)) from None
    return Plan(RULES[einsum], operands, {"subscripts": subscripts, "optimize": optimize})


def _joined(call: Callable[..., Any]) -> Callable[..., Plan]:
    def plan(arrays: Any, axis: int | None = 0, out: Any = None, **kwargs: Any) -> Plan:
        only(f"np.{call.__name__}", {"out": out, **kwargs})
        return Plan(RULES[call], tuple(arrays), {"axis": axis})

    return plan


def _copy(a: Any, order: str = "K", subok: bool = False) -> Plan:
    return Plan(RULES[copy], (a,), {"order": order})


def _reshape(
    a: Any, shape: Any = None, order: str = "C", newshape: Any = None, copy: bool | None = None
) -> Plan:
    known("np.reshape", {"order": order, "copy": copy})
    return Plan(RULES[reshape], (a,), {"shape": newshape if shape is None else shape})


def _outer(a: Any, b: Any, out: Any = None) -> Plan:
    known("np.outer", {"out": out})
    return Plan(RULES[np.outer], (a, b), {})


def _where(condition: Any, *choices: Any) -> Plan:
    if len(choices) != 2:
        raise TraceError(
            "`np.where` with a condition alone is not known to the graph; index with the condition"
        )
    return Plan(RULES[np.where], (condition, *choices), {})


_SPECIAL: dict[Callable[..., Any], Callable[..., Plan]] = {
    np.dot: _dot,
    np.einsum: _einsum,
    np.concatenate: _joined(concatenate),
    np.stack: _joined(stack),
    np.copy: _copy,
    np.outer: _outer,
    np.reshape: _reshape,
    np.where: _where,
}
