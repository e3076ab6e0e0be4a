"""How work on large arrays (N, D) is cut so that a part stays in the processor's cache.

Blocks are whole rows, read once for the sums and once more for the result. Strips of columns would be read once, but
their short rows cost more than that saves, as notebook 10 shows.

The cuts come from the shape and the cache and never from the number of threads, and with them every rounding:
results are equal to the bit however many threads there are.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, isqrt
from typing import Any, NamedTuple

import numpy as np

from .machine import WORTH_THREADS, Array, cache_bytes

# Smaller blocks would be mostly calls and waiting for the interpreter's lock; larger ones gain little more.
LARGEST = 3 * 2**19
# The layers along rows have working space for so many bytes at a time, and some for each thread.
_PIECE = 2**18
# Two arrays are read and one is written; the rest is for parameters, and for what others keep in the cache.
_BLOCKS_IN_CACHE = 8
# A block leaves a sum in float64 for each of its columns, which has to be little beside the block.
_FEWEST_ROWS = 64
# In one piece, an array may have so many rows: sums over more, one after the other, lose digits and time.
_FEW_ROWS = 2048
# Sums over more wide rows than this would lose digits as well.
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
    def kind(self) -> tuple[int, int]:
        """What is the same for blocks that take the same parameters in the same way."""
        return self.fold, self.columns.start

    def wide(self, part: Array) -> Array:
        """A parameter of the block's columns, once for each of the rows that make up a wide one."""
        return np.broadcast_to(part, (self.fold, len(part))).reshape(-1)

    def of(self, array: Array) -> Array:
        """The block of an array (N, D), in wide rows: a view, or a copy where the array has gaps."""
        part = array[self.rows, self.columns]
        return part if self.fold == 1 else part.reshape(-1, self.fold * array.shape[1])

    def put(self, wide: Array, array: Array) -> None:
        """Write the block's wide rows into an array, where `of` could only give a copy."""
        if not np.may_share_memory(wide, array):
            array[self.rows, self.columns] = wide.reshape(self.rows.stop - self.rows.start, -1)

    def pieces(self, x: Array) -> list[slice]:
        """The rows of the block, a few at a time."""
        step, stop = max(1, _PIECE // (x.itemsize * x.shape[1])), self.rows.stop
        return [slice(first, min(first + step, stop)) for first in range(self.rows.start, stop, step)]

    def total(self, wide: Array, times: Array | None = None) -> Array:
        """The sum over the block's rows for each of its columns, in float64; of products where `times` is given."""
        if times is None:
            # Rows a quarter as wide are added faster: their sums stay in the innermost cache.
            sums = np.add.reduce(wide.reshape(gcd(self.fold, 4), len(wide), -1), axis=1)
        else:
            sums = np.einsum("ij,ij->j", wide, times)
        return np.add.reduce(sums.reshape(self.fold, -1), axis=0, dtype=np.float64)


def one_block(x: Array) -> bool:
    """Whether an array is so small that cutting it would only cost."""
    return x.nbytes <= WORTH_THREADS and len(x) <= _FEW_ROWS


def blocks(x: Array, *, whole_rows: bool = False) -> list[Block]:
    """Cut x (N, D) into blocks of which several fit in a core's share of the cache, downwards.

    NumPy spreads a row over a block without copying it only where the row is as long as NumPy's buffer. So
    short rows are folded; what is left over at the end is folded less. Very long rows are divided. With
    `whole_rows` neither is done.
    """
    return list(_cut(*x.shape, x.itemsize, whole_rows, np.getbufsize()))


@lru_cache(maxsize=64)
def _cut(n: int, d: int, itemsize: int, whole_rows: bool, buffer: int) -> list[Block]:
    """The blocks of an array of such a shape, type and buffer; a training loop asks for the same again and again."""
    parts, fold = (1, 1) if whole_rows else (max(1, d // buffer), -(-buffer // d))
    columns = [slice(d * k // parts, d * (k + 1) // parts) for k in range(parts)]
    size = min(cache_bytes() // _BLOCKS_IN_CACHE, LARGEST)
    found: list[Block] = []
    start = 0
    while start < n:
        if fold * 8 > n - start:
            fold = min(fold, isqrt(n - start))
        wide_rows = max(_FEWEST_ROWS // fold, min(_MOST_ROWS, size // (itemsize * fold * columns[0].stop)), 1)
        stop, step = n - (n - start) % fold, fold * wide_rows
        for first in range(start, stop, step):
            rows, number = slice(first, min(first + step, stop)), found[-1].number + 1 if found else 0
            found += [Block(number, rows, some, fold) for some in columns]
        start = stop
    return found


def spread(todo: list[Block], dtype: np.dtype[Any], *rows: Array | None) -> dict[tuple[int, int], list[Any]]:
    """Parameters (D,) as wide rows of one type, for each kind of block."""
    kinds = {block.kind: block for block in todo}
    return {
        kind: [
            None if row is None else block.wide(row[block.columns].astype(dtype, copy=False)) for row in rows
        ]
        for kind, block in kinds.items()
    }
