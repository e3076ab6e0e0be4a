"""What the roofline shows of the machine that it is made on: memory, arithmetic, and forms of the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from bnlib.exercises.make_it_fast import batchnorm_backward_blocked, batchnorm_backward_lean
from bnlib.norms import fast, staged

# A batch whose arrays, of 32 MB each, fit in few caches.
ROWS, COLUMNS = 8192, 1024
# dout and xhat for the sums, both again for dx, and dx: what has to come from memory with blocks.
LEAST = 5


class Counted(np.ndarray):
    """An array that adds up the bytes that go in and out of its operations, and the operations."""

    bytes = flops = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):  # type: ignore[no-untyped-def]
        """Do the operation on plain arrays, and count."""
        plain = [np.asarray(array) for array in inputs]
        where = {} if out is None else {"out": tuple(np.asarray(array) for array in out)}
        result = getattr(ufunc, method)(*plain, **where, **options)
        Counted.bytes += sum(array.nbytes for array in (*plain, result))
        Counted.flops += max(array.size for array in (*plain, result))
        return out[0] if out is not None else result.view(Counted)


def closed(dout: np.ndarray, cache: tuple) -> tuple[np.ndarray, ...]:
    """The backward pass with one line for dx."""
    xhat, gamma, _, ivar, *_ = cache
    dbeta, dgamma = np.sum(dout, axis=0), np.sum(dout * xhat, axis=0)
    return gamma * ivar / len(dout) * (len(dout) * dout - dbeta - xhat * dgamma), dgamma, dbeta


def blocked(dout: np.ndarray, cache: tuple) -> tuple[np.ndarray, ...]:
    """The backward pass in blocks of 64 rows."""
    return batchnorm_backward_blocked(dout, cache, 64)


def fast_alone(dout: np.ndarray, cache: tuple) -> tuple[np.ndarray, ...]:
    """bnlib's fast form on one thread, as the roof is one thread's."""
    return fast.batchnorm_backward(dout, cache, threads=1)


FORMS = {
    "staged": staged.batchnorm_backward,
    "closed": closed,
    "no temporaries": batchnorm_backward_lean,
    "blocked": blocked,
    "bnlib.norms.fast": fast_alone,
}
# Their operations are hidden in blocks: what has to come from memory is known.
IN_BLOCKS = ("blocked", "bnlib.norms.fast")


def milliseconds(function: Callable[..., object], *arguments: object) -> float:
    """The shortest of five runs: the one that was disturbed least."""
    seconds = []
    for _ in range(5):
        start = perf_counter()
        function(*arguments)
        seconds.append(perf_counter() - start)
    return 1000 * min(seconds)


def speed(entries: int) -> float:
    """Gigabytes a second that pass through np.add, for arrays of so many float32 numbers."""
    a, b, c = (np.ones(entries, np.float32) for _ in range(3))
    repeats = max(1, 2**21 // entries)

    def run() -> None:
        for _ in range(repeats):
            np.add(a, b, out=c)

    run()
    return 3 * a.nbytes * repeats / milliseconds(run) / 1e6


def forms_of_this_machine(rows: int | None = None) -> tuple[dict[str, tuple[float, float]], float, float]:
    """What `bnlib.plots.roofline` draws: each form's point, GB a second, billions of operations a second.

    The useful arithmetic is that of the closed form for all of them. Without `rows` the batch has `ROWS`.
    """
    shape = (rows or ROWS, COLUMNS)
    rng = np.random.default_rng(0)
    x, dout = (rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
    gamma, beta = (rng.uniform(0.5, 1.5, COLUMNS).astype(np.float32) for _ in range(2))
    _, cache = staged.batchnorm_forward(x, gamma, beta, np.float32(1e-5))
    few = [a[:512].view(Counted) if np.ndim(a) == 2 else a for a in (dout, *cache)]
    walks, useful = {}, 0.0
    for form, backward in FORMS.items():
        if form in IN_BLOCKS:
            walks[form] = LEAST
            continue
        Counted.bytes = Counted.flops = 0
        backward(few[0], tuple(few[1:]))
        walks[form] = Counted.bytes / few[0].nbytes
        useful = Counted.flops / few[0].size if form == "closed" else useful
    points = {
        form: (useful / (4 * walks[form]), useful * x.size / milliseconds(backward, dout, cache) / 1e6)
        for form, backward in FORMS.items()
    }
    sizes = 2 ** np.arange(10, 25) if rows is None else 2 ** np.arange(10, 14)
    speeds = [speed(int(size)) for size in sizes]
    # One addition for every twelve bytes, where the arrays stay in a cache.
    return points, speeds[-1], max(speeds) / 12
