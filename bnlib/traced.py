"""The array that a traced function sees: NumPy's dispatch protocols hand it every operation (NEP 13, NEP 18)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .dispatch import Plan, known, plan_function, unknown
from .ops import RULES
from .ops.shapes import astype, copy, getitem
from .tape import Ref, Tape, TraceError

# What they say of an array is plain; a yes or no about values steers the code, like an `if`. Neither is in the graph.
_PLAIN = {np.shape, np.ndim, np.size, np.allclose, np.array_equal}


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """An array's method as NumPy's function of the same name."""

    def method(self: Traced, *args: Any, **kwargs: Any) -> Traced:
        return self._apply(function, (self, *args), kwargs)

    method.__doc__ = f"`np.{function.__name__}` of this array, recorded."
    return method


class Traced(NDArrayOperatorsMixin):
    """A NumPy array on a tape. It behaves like the array, and whatever is computed from it is recorded.

    An in-place operation makes this same object stand for the new value, so that every other name for it sees
    the change, as with a NumPy array. What would leave the graph raises TraceError.
    """

    def __init__(self, tape: Tape, index: int, living: list[weakref.ref[Traced]]):
        self._tape = tape
        self._index = index
        self._living = living
        living.append(weakref.ref(self))

    @property
    def _value(self) -> np.ndarray:
        return self._tape.operations[self._index].value

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

    def __repr__(self) -> str:
        return repr(self._value)

    def __format__(self, spec: str) -> str:
        return format(self._value if self.ndim else self._value[()], spec)

    def __bool__(self) -> bool:
        # Which way an `if` goes is not part of the graph: the graph is of the way that was taken.
        return bool(self._value)

    def __float__(self) -> float:
        raise TraceError(
            "a plain number made of a traced array (`float`, `math.sqrt`, `.item`) would leave the graph; "
            "use NumPy's function of the same name, such as `np.sqrt`"
        )

    def __int__(self) -> int:
        raise TraceError("an integer made of a traced array would leave the graph; sizes are in `.shape`")

    __index__ = __int__

    def __complex__(self) -> complex:
        raise TraceError("a complex number made of a traced array would leave the graph")

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TraceError(
            "`np.array` or `np.asarray` of a traced array, or of a list of them, would leave the graph; "
            "use it as it is, `.copy()` for a copy, `np.stack` for a list"
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TraceError(
            "assignment to items is not known to the graph; build the array in one expression, "
            "with `np.where`, `np.concatenate` or `np.stack`"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise TraceError(f"`.{name}` is not known to the graph; write it with NumPy's basic operations")

    def __getitem__(self, index: Any) -> Traced:
        if isinstance(index, Traced):
            return self._record(Plan(RULES[getitem], (self, index), {}))
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(part, Traced) for part in parts):
            raise TraceError("an index made of several traced arrays is not known to the graph; index step by step")
        return self._record(Plan(RULES[getitem], (self,), {"index": index}))

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
        return self._record(Plan(RULES[copy], (self,), {}))

    def astype(self, dtype: Any, **kwargs: Any) -> Traced:
        """The array in another floating dtype, recorded; raises TraceError for any other dtype."""
        if np.dtype(dtype).kind != "f":
            raise TraceError(f"`.astype({np.dtype(dtype)})` would leave the graph: no gradient passes it")
        return self._record(Plan(RULES[astype], (self,), {"dtype": np.dtype(dtype)}))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = f"np.{ufunc.__name__}"
        if method != "__call__":
            raise TraceError(f"`{name}.{method}` is not known to the graph; use `np.sum`, `np.mean` or `np.max`")
        if ufunc not in RULES:
            raise TraceError(unknown(ufunc.__name__))
        out = kwargs.pop("out", (None,))
        known(name, kwargs)
        return self._record(Plan(RULES[ufunc], inputs, {}), out[0])

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._apply(function, args, kwargs)

    def _apply(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if function in _PLAIN:
            return function(*(part._value if isinstance(part, Traced) else part for part in args), **kwargs)
        return self._record(plan_function(function, args, kwargs))

    def _record(self, plan: Plan, out: Any = None) -> Traced:
        tape = self._tape
        for operand in plan.operands:
            if isinstance(operand, Traced) and operand._tape is not tape:
                raise TraceError("arrays of two traces meet here; trace one function that does it all")
            if isinstance(operand, (list, tuple)) and any(isinstance(part, Traced) for part in operand):
                raise TraceError("a list of traced arrays is not known to the graph; use `np.stack`")
        if any(isinstance(value, Traced) for value in plan.parameters.values()):
            raise TraceError(f"`{plan.rule.name}` with a traced array as a parameter is not known to the graph")
        refs = tuple(Ref(o._index) if isinstance(o, Traced) else o for o in plan.operands)
        if isinstance(out, Traced) and out.ndim:
            out._refuse_views()
            out._index = tape.record(plan.rule, refs, plan.parameters, into=out._value)
            return out
        if isinstance(out, np.ndarray):
            # `total = np.zeros(3); total += x[0]`: the name now stands for a traced array.
            index = tape.record(plan.rule, refs, plan.parameters, into=out)
            tape.absorbed.append(out)
            return Traced(tape, index, self._living)
        return Traced(tape, tape.record(plan.rule, refs, plan.parameters), self._living)

    def _refuse_views(self) -> None:
        for other in (reference() for reference in self._living):
            if other is None or other is self or other._index == self._index:
                continue
            if np.may_share_memory(other._value, self._value):
                raise TraceError(
                    "this changes in place an array of which another name shows a part; take a `.copy()` first"
                )
