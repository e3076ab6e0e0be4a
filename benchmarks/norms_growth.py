"""How the cost of batch normalization's passes grows with the rows, the columns and the threads."""

from __future__ import annotations

from norms_speed import Batch, closed
from report import Row, table
from timing import measure

from bnlib.norms.machine import cores

# All of one column's length but the first, then all of one row's length: powers of four.
ROWS = ((256, 256), (1024, 256), (4096, 256), (16_384, 256))
COLUMNS = ((4096, 16), (4096, 64), (4096, 1024))
MORE_ROWS, MORE_COLUMNS = ((65_536, 256), (262_144, 256)), ((1_000_000, 1), (4096, 4096), (512, 32_768))


def rows(full: bool = False) -> list[Row]:
    """Time for each size with the closed form beside it, then for one size on 1, 2, ... threads."""
    sizes = (*ROWS, *(MORE_ROWS if full else ()), *COLUMNS, *(MORE_COLUMNS if full else ()))
    found = []
    for n, d in sizes:
        batch = Batch(n, d)
        calls = {f"{way}, fast": call for way, call in batch.into().items()}
        calls["backward, closed form"] = lambda batch=batch: closed(batch.dout, batch.staged)
        taken = measure(calls, rounds=15 if n * d < 2**22 else 7, warmup=2)
        for name, timing in taken.items():
            more = {"ns an entry": 1e9 * timing.median / batch.x.size}
            found.append(Row(f"growth, {batch.size}: {name}", timing.median, more=more))
    return [*found, *_threads(Batch(8192, 1024), 25 if full else 11)]


def _threads(batch: Batch, rounds: int) -> list[Row]:
    """1, 2, 4, ... threads, up to as many as there are cores."""
    counts = sorted({1, 2, cores(), *(2**k for k in range(cores().bit_length()))})
    calls = {(way, count): call for count in counts for way, call in batch.into(threads=count).items()}
    taken = measure({f"{way}, {count} threads": call for (way, count), call in calls.items()}, rounds, 2)
    return [
        Row(
            f"growth, {batch.size}: {name}",
            timing.median,
            more={
                "times one thread's speed": taken[f"{name.split(',')[0]}, 1 threads"].median / timing.median
            },
        )
        for name, timing in taken.items()
    ]


if __name__ == "__main__":
    print(table(rows()))
