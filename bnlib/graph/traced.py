"""The array that a traced function sees: NumPy's dispatch protocols hand it every operation (NEP 13, NEP 18)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..ops import RULES
from ..ops.elementwise import power
from ..ops.shapes import astype, copy, getitem
from . import ownership
from .closed import ITEMS, Closed
from .dispatch import Plan, only, plan_function, public_name, unknown
from .tape import Ref, Tape, TraceError, frozen

# What they say of an array is plain; a yes or no about values steers the code, like an `if`. Neither is in the graph.
_PLAIN = {np.shape, np.ndim, np.size, np.allclose, np.array_equal}


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """An array's method as NumPy's function of the same name."""

    def method(self: Traced, *args: Any, **kwargs: Any) -> Traced:
        return self._apply(function, (self, *args), kwargs)

    method.__doc__ = f"`np.{function.__name__}` of this array, recorded."
    return method


def _kept(index: Any) -> Any:
    """A part of an index as the tape keeps it; an empty list picks nothing, and is no array of floats."""
    index = frozen(index)
    return index.astype(int) if isinstance(index, np.ndarray) and not index.size else index


class Traced(NDArrayOperatorsMixin, Closed):
    """A NumPy array on a tape. It behaves like the array, and whatever is computed from it is recorded.

    An in-place operation makes this same object stand for the new value, so that every other name for it sees
    the change, as with a NumPy array. What would leave the graph raises TraceError. Two things are plain and
    may be had: what does not depend on the values (shapes, dtypes), and a yes or no about them (`if`, sorting),
    since the graph is of the way that was taken. Text may be printed; whoever makes numbers of it again has
    left the graph with open eyes.
    """

    __slots__ = ("__weakref__", "_index", "_tape")

    def __init__(self, tape: Tape, index: int):
        self._tape = tape
        self._index = index
        tape.living.append(weakref.ref(self))

    @property
    def _value(self) -> np.ndarray:
        return self._tape.operations[self._index].value

    @property
    def _plain(self) -> Any:
        return self._tape.operations[self._index].plain

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, as plain numbers."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._value.size

    @property
    def dtype(self) -> np.dtype:
        """The dtype."""
        return self._value.dtype

    @property
    def T(self) -> Traced:
        """The transpose, recorded."""
        return self._apply(np.transpose, (self,), {})

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Traced]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __repr__(self) -> str:
        return repr(self._plain)

    def __str__(self) -> str:
        return str(self._plain)

    def __format__(self, spec: str) -> str:
        return format(self._plain, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __copy__(self) -> Traced:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Traced:
        return self.copy()

    def __getitem__(self, index: Any) -> Traced:
        if isinstance(index, Traced):
            return self._record(Plan(RULES[getitem], (self, index), {}))
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Traced) for part in parts):
            raise TraceError(
                "an index made of several traced arrays is not known to the graph; index step by step"
            )
        kept = tuple(map(_kept, parts)) if isinstance(index, tuple) else _kept(index)
        return self._record(Plan(RULES[getitem], (self,), {"index": kept}))

    # NumPy's operator takes shortcuts that its function np.power does not.
    def __pow__(self, other: Any) -> Traced:
        return self._record(Plan(RULES[power], (self, other), {}))

    def __rpow__(self, other: Any) -> Traced:
        return self._record(Plan(RULES[power], (other, self), {}))

    def __ipow__(self, other: Any) -> Traced:
        return self._record(Plan(RULES[power], (self, other), {}), self)

    sum = _method(np.sum)
    mean = _method(np.mean)
    var = _method(np.var)
    std = _method(np.std)
    max = _method(np.max)
    min = _method(np.min)
    all = _method(np.all)
    any = _method(np.any)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    dot = _method(np.dot)
    squeeze = _method(np.squeeze)
    swapaxes = _method(np.swapaxes)
    ravel = _method(np.ravel)

    def reshape(self, *shape: Any, **kwargs: Any) -> Traced:
        """`np.reshape`, recorded; the shape may be given as one tuple or as numbers."""
        return self._apply(np.reshape, (self, shape[0] if len(shape) == 1 else shape), kwargs)

    def transpose(self, *axes: Any) -> Traced:
        """`np.transpose`, recorded; the axes may be given as one tuple or as numbers."""
        axes = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return self._apply(np.transpose, (self, axes) if axes else (self,), {})

    def flatten(self, order: str = "C") -> Traced:
        """A copy as one axis, recorded."""
        return self._apply(np.ravel, (self.copy(), order), {})

    def copy(self, order: str = "C") -> Traced:
        """`np.copy`, recorded."""
        return self._record(Plan(RULES[copy], (self,), {"order": order}))

    def astype(self, dtype: Any, *, copy: bool = True) -> Traced:
        """The array in another floating dtype, recorded; raises TraceError for any other dtype."""
        if np.dtype(dtype).kind != "f":
            raise TraceError(f"`.astype({np.dtype(dtype)})` would leave the graph: no gradient passes it")
        return self._record(Plan(RULES[astype], (self,), {"dtype": np.dtype(dtype), "copy": copy}))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", (None,))[0]
        if isinstance(out, np.ndarray) and not ownership.sole(out, self._tape.runner):
            raise TraceError(
                ITEMS
                if out.base is not None and ownership.stores_item()
                else "`+=` changes a plain array here that something else holds as well, and there the change would "
                "be lost; take a `.copy()` first"
            )
        name = public_name(ufunc)
        if method != "__call__":
            raise TraceError(
                f"`{name}.{method}` is not known to the graph; use `np.sum`, `np.mean` or `np.max`"
            )
        if ufunc not in RULES:
            raise TraceError(unknown(ufunc))
        if isinstance(out, np.ndarray) and not ownership.augmented():
            raise TraceError(
                f"`{name}` with a plain array as `out=` would leave the graph; use the result instead"
            )
        if kwargs:
            only(name, kwargs)
        whole = ufunc is np.multiply and isinstance(self._plain, (int, np.integer))
        if whole and any(isinstance(one, (list, tuple)) for one in inputs):
            # To Python `[0] * n` is no product, and asks for an integer.
            int(self)
        return self._record(Plan(RULES[ufunc], inputs, {}), out)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._apply(function, args, kwargs)

    def _apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if function in _PLAIN:
            return function(*(part._value if isinstance(part, Traced) else part for part in args), **kwargs)
        return self._record(plan_function(function, args, kwargs))

    def _record(self, plan: Plan, out: Any = None) -> Traced:
        tape = self._tape
        operands, values = [], []
        for operand in plan.operands:
            if type(operand) is Traced:
                if operand._tape is not tape:
                    raise TraceError("arrays of two traces meet here; trace one function that does it all")
                operands.append(Ref(operand._index))
                values.append(tape.operations[operand._index].plain)
            else:
                operands.append(frozen(operand))
                values.append(operand)
        if plan.parameters and any(type(value) is Traced for value in plan.parameters.values()):
            raise TraceError(
                f"`{plan.rule.name}` with a traced array as a parameter is not known to the graph"
            )
        into = out._into(tape) if type(out) is Traced else out
        index = tape.record(plan.rule, tuple(operands), values, plan.parameters, into)
        if into is None or into is out:
            # Of `total = np.zeros(3); total += x[0]` the name now stands for a traced array.
            return Traced(tape, index)
        out._index = index
        return out

    def _into(self, tape: Tape) -> np.ndarray | None:
        """The array that an in-place operation replaces; None for a number, of which a new one is made."""
        if self._tape is not tape:
            raise TraceError("arrays of two traces meet here; trace one function that does it all")
        plain = self._plain
        if not isinstance(plain, np.ndarray):
            return None
        living = [other for other in (reference() for reference in tape.living) if other is not None]
        tape.living[:] = [weakref.ref(other) for other in living]
        for other in living:
            if other is not self and np.may_share_memory(other._value, plain):
                raise TraceError(
                    ITEMS
                    if plain.base is not None and ownership.stores_item()
                    else "this changes in place an array of which another name shows a part; take a `.copy()` first"
                )
        return plain
