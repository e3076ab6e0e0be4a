"""The doors through which values would leave the graph unseen: each is closed and says what to do instead."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from . import ownership
from .tape import TraceError

ITEMS = (
    "assignment to items is not known to the graph; build the array in one expression, with `np.where`, "
    "`np.concatenate` or `np.stack`"
)


class Closed:
    """What Python and NumPy would make of an array beside arrays: plain numbers, plain arrays, bytes.

    Every method raises TraceError. Buffers, `hash` and NumPy's array interface need no word here: Python refuses
    them to a class that does not offer them.
    """

    __slots__ = ()

    def __float__(self) -> float:
        raise TraceError(
            ITEMS
            if ownership.stores_item()
            else "a plain number made of a traced array (`float`, `math.sqrt`, a plain array) would leave the graph; "
            "use NumPy's function of the same name, such as `np.sqrt`, and `np.stack` for many"
        )

    def __int__(self) -> int:
        raise TraceError(
            "an integer made of a traced array would leave the graph; sizes are in `.shape`, and a number that "
            "is no array can be given to `trace` by its name, as a constant"
        )

    __index__ = __int__

    def __complex__(self) -> complex:
        raise TraceError("a complex number made of a traced array would leave the graph")

    def __round__(self, digits: int | None = None) -> NoReturn:
        raise TraceError("`round` of a traced array is not known to the graph; no gradient would pass it")

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TraceError(
            ITEMS
            if ownership.stores_item()
            else "`np.array` or `np.asarray` of a traced array, or of a list of them, would leave the graph; "
            "use it as it is, `.copy()` for a copy, `np.stack` for a list"
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TraceError(ITEMS)

    def __delitem__(self, index: Any) -> None:
        raise ValueError("cannot delete array elements")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TraceError("pickling a traced array would leave the graph")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        raise TraceError(f"`.{name}` is not known to the graph; write it with NumPy's basic operations")
