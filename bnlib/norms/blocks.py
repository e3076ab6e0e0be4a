"""How work on large arrays (N, D) is cut so that a part stays in the processor's cache.

Blocks are whole rows, read once for the sums and once more for the result. Strips of columns would be read once, but
their short rows cost more than that saves, as notebook 10 shows.

The cuts come from the shape and the cache and never from the number of threads, and with them every rounding:
results are equal to the bit however many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isqrt
from typing import Any, NamedTuple

import numpy as np

from .machine import WORTH_THREADS, Array, Workspace, caches, run

# Smaller blocks would be mostly calls and waiting for the interpreter's lock; larger ones gain little more.
LARGEST = 2**21
# The layers along rows have working space for so many bytes at a time, and some for each thread.
_PIECE = 2**18
# Two arrays are read and one is written; the rest is for parameters, and for what others keep in the cache.
_BLOCKS_IN_CACHE = 8
# A row of each of two arrays and one of parameters have to stay in the first cache.
_ROWS_IN_CACHE = 4
# A block leaves a sum for each of its columns, which has to be little beside the block.
_FEWEST_ROWS = 64
# In one piece, an array may have so many rows: sums over more, one after the other, lose digits and time.
_FEW_ROWS = 2048
# Long sums lose digits, so a block has several at first for each of its columns, and not too many wide rows.
SUMS = 4
_MOST_ROWS = 4096


class Block(NamedTuple):
    """Some rows of some columns. Of the rows, each `fold` neighbours count as one wide row.

    `number` counts blocks downwards: those that lie side by side share it.
    """

    number: int
    rows: slice
    columns: slice
    fold: int

    @property
    def place(self) -> slice:
        """Where the sums of its wide columns stand in a wide row of the array."""
        return slice(
            self.columns.start, self.columns.start + self.fold * (self.columns.stop - self.columns.start)
        )

    @property
    def kind(self) -> tuple[int, int]:
        """What is the same for blocks that take the same parameters in the same way."""
        return self.fold, self.columns.start

    def wide(self, part: Array) -> Array:
        """A parameter of the block's columns, once for each of the rows that make up a wide one."""
        return np.broadcast_to(part, (self.fold, len(part))).reshape(-1)

    def of(self, array: Array) -> Array:
        """The block of an array (N, D), in wide rows: a view, or a copy where the array has gaps."""
        if self.fold == 1:
            return array[self.rows, self.columns]
        return array[self.rows].reshape(-1, self.fold * array.shape[1])

    def put(self, wide: Array, array: Array) -> None:
        """Write the block's wide rows into an array, where `of` could only give a copy."""
        if self.fold > 1 and not array.flags.c_contiguous:
            array[self.rows] = wide.reshape(-1, array.shape[1])

    def pieces(self, x: Array) -> list[slice]:
        """The rows of the block, a few at a time."""
        step, stop = max(1, _PIECE // (x.itemsize * x.shape[1])), self.rows.stop
        return [slice(first, min(first + step, stop)) for first in range(self.rows.start, stop, step)]


def one_block(x: Array) -> bool:
    """Whether an array is so small that cutting it would only cost."""
    return x.nbytes <= WORTH_THREADS and len(x) <= _FEW_ROWS


def row_of(itemsize: int) -> int:
    """How many numbers a row should have that is used again and again from the first cache."""
    return caches()[0] // _ROWS_IN_CACHE // itemsize


def blocks(x: Array, *, whole_rows: bool = False) -> list[Block]:
    """Cut x (N, D) into blocks of which several fit in a core's share of the last cache, downwards.

    A row of parameters that meets a block is used fastest where a few of it fit in the first cache. So short
    rows are folded, several into a wide one; what is left over at the end is folded less. Long rows are
    divided. With `whole_rows` neither is done.
    """
    return list(_cut(*x.shape, x.itemsize, whole_rows))


@lru_cache(maxsize=64)
def _cut(n: int, d: int, itemsize: int, whole_rows: bool) -> list[Block]:
    """The blocks of an array of such a shape and type; a training loop asks for the same again and again."""
    row = row_of(itemsize)
    parts, fold = (1, 1) if whole_rows else (max(1, d // row), -(-row // d))
    columns = [slice(d * k // parts, d * (k + 1) // parts) for k in range(parts)]
    size = min(caches()[1] // _BLOCKS_IN_CACHE, LARGEST)
    found: list[Block] = []
    start = 0
    while start < n:
        if fold * 8 > n - start:
            fold = min(fold, isqrt(n - start))
        wide_rows = max(_FEWEST_ROWS // fold, min(_MOST_ROWS, size // (itemsize * fold * columns[0].stop)))
        stop, step = n - (n - start) % fold, fold * max(1, wide_rows // SUMS * SUMS)
        for first in range(start, stop, step):
            rows, number = slice(first, min(first + step, stop)), found[-1].number + 1 if found else 0
            found += [Block(number, rows, some, fold) for some in columns]
        start = stop
    return found


class Plan:
    """How a call goes through x and arrays like it: in which blocks, on how many threads, with what working space."""

    def __init__(
        self, x: Array, space: Workspace | None, threads: int | None, *, whole_rows: bool = False
    ) -> None:
        self.blocks = blocks(x, whole_rows=whole_rows)
        self.space, self._threads, self._bytes = space, threads, x.nbytes
        place = self.blocks[0].place
        self._row = min(row_of(x.itemsize), place.stop - place.start)

    def walk(self, work: Callable[[Block, int], None], *, back: bool = False, each: int = 1) -> None:
        """Call `work` for every block, the last one first if `back`, with the number of the thread; see `run`."""
        todo = self.blocks[::-1] if back else self.blocks
        run(work, todo, self._bytes, self._threads, row=self._row, each=each)

    def spread(self, dtype: np.dtype[Any], *rows: Array | None) -> dict[tuple[int, int], list[Any]]:
        """Parameters (D,) as wide rows of one type, for each kind of block."""
        kinds = {block.kind: block for block in self.blocks}
        return {
            kind: [
                None if row is None else block.wide(row[block.columns].astype(dtype, copy=False))
                for row in rows
            ]
            for kind, block in kinds.items()
        }
