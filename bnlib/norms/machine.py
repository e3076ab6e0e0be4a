"""The machine that the fast layers run on: its cores and caches, and threads that share out the work."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Part = TypeVar("Part")

# Below so many bytes, waking a thread takes longer than it saves.
WORTH_THREADS = 2**20
# Where Linux says what caches the first core has, and with which others it shares them.
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
# What a core has at least in most processors, where the system doesn't say: first cache and last one.
_USUAL = 2**15, 2**21


class Workspace:
    """Working space of one call, which later calls may use again: `workspace=` of the functions in `fast`.

    Calls at the same time need one each.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, np.dtype[Any]], Array] = {}

    def like(self, array: Array, number: int = 0) -> Array:
        """An array of the shape and type of another, with anything in it; `number` says which of several."""
        key = (number, array.dtype)
        kept = self._kept.get(key)
        if kept is None or kept.size < array.size:
            kept = self._kept[key] = np.empty(array.size, array.dtype)
        return kept[: array.size].reshape(array.shape)


def run(
    work: Callable[[Part, int], None],
    todo: Sequence[Part],
    nbytes: int,
    threads: int | None,
    *,
    row: int,
    each: int = 1,
) -> None:
    """Call `work` for every part, with the number of the thread; whoever is free takes the next part.

    There are as many threads as `threads` says, or else as there are cores, if arrays of `nbytes` are worth it
    and there are so many parts for `each`. Meanwhile NumPy's buffer is no longer than a `row` of so many
    numbers: a shorter row it would copy, again and again, to spread it over others.
    """
    if threads is None:
        threads = min(cores(), len(todo) // each) if nbytes >= WORTH_THREADS else 1
    threads = max(1, min(threads, len(todo)))
    queue = iter(todo)

    def worker(number: int) -> None:
        before = np.getbufsize()
        # NumPy takes multiples of 16 and nothing less.
        np.setbufsize(max(16, min(row // 16 * 16, before)))
        try:
            for part in queue:
                work(part, number)
        finally:
            np.setbufsize(before)

    # np.errstate belongs to a context, which a thread has to be given.
    others = [_pool(threads, os.getpid()).submit(copy_context().run, worker, k) for k in range(1, threads)]
    try:
        worker(0)
    finally:
        # Who has not begun by now, on a busy machine, need not begin any more.
        begun = [other for other in others if not other.cancel()]
        wait(begun)
    for other in begun:
        other.result()


@cache
def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def caches() -> tuple[int, int]:
    """One core's share of the first and of the last cache, in bytes, as the system tells them; else usual sizes."""
    shares = []
    for index in CACHES.glob("index*"):
        try:
            kind, size, cpus = (
                (index / name).read_text().strip() for name in ("type", "size", "shared_cpu_list")
            )
            share = 1024 * int(size.rstrip("K")) // sum(map(_span, cpus.split(",")))
        except (OSError, ValueError):
            continue
        shares += [share] if kind != "Instruction" else []
    return (min(shares), max(shares)) if shares else _USUAL


def _span(cpus: str) -> int:
    """How many processors "0-3" or "5" stands for."""
    first, _, last = cpus.partition("-")
    return int(last or first) - int(first) + 1


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    # A forked process has no threads of its parent, so it needs a pool of its own.
    return ThreadPoolExecutor(threads, thread_name_prefix="bnlib-norms")
