"""How much new memory a call needs at its peak, as Python's own tracemalloc counts it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any


def peak_of(function: Callable[..., Any], *args: Any) -> tuple[Any, int]:
    """Call a function; returns its result and the bytes it held at its peak beyond what was held before.

    NumPy reports the memory of its arrays to tracemalloc, whatever thread makes them. What the function
    returns counts; its arguments don't. A callable that stands for one in another process can bring a method
    `with_peak(*args)` that does the same over there.
    """
    elsewhere = getattr(function, "with_peak", None)
    if elsewhere is not None:
        return elsewhere(*args)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = function(*args)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    return result, max(0, peak - before)
