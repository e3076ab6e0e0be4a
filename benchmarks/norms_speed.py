"""Batch normalization's passes: staged, as published, closed, fast, PyTorch's where it is here, and the limit.

The limit is what the arrays take that have to go through memory, five walks back and three there, at the speed of
an addition of such arrays, `np.add` on as many threads, in the same run. All functions take turns, so that what
disturbs the machine falls on all alike; `more` has how much the rounds differ.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np
import published
from report import Row, table
from timing import Timing, measure

from bnlib.memory import peak_of
from bnlib.norms import fast, staged
from bnlib.norms.machine import cores
from bnlib.plots.roofline import Picture, roofline

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "figures"))
from measure import Counted, closed, speed

LARGE = ((8192, 1024), (65536, 256))
SMALL = ((16, 16), (128, 64), (256, 512), (1024, 1024))
# What has to go through memory, in arrays of N x D: dout and x for the sums, both again for dx, and dx; x for the
# statistics, x again, and out. np.add has two arrays to read and one to write.
BACKWARD, FORWARD, ADD = 5, 3, 3
BOUND, MEMORY = 1.5, 1.2
EPS = 1e-5

Call = Callable[[], Any]


class Batch:
    """Arrays of one size in float32, room for results, and the caches of the passes."""

    def __init__(self, n: int, d: int):
        rng = np.random.default_rng(0)
        self.size = f"{n} x {d}"
        self.x, self.dout = (rng.standard_normal((n, d), dtype=np.float32) for _ in range(2))
        self.gamma, self.beta = (rng.uniform(0.5, 1.5, d).astype(np.float32) for _ in range(2))
        self.out, self.sum = np.ones_like(self.x), np.ones_like(self.x)
        self.space = fast.Workspace()
        self.staged = staged.batchnorm_forward(self.x, self.gamma, self.beta, EPS)[1]
        self.fast = self.forward()[1]

    def forward(self, **options: Any) -> Any:
        """The fast layer there."""
        return fast.batchnorm_forward(self.x, self.gamma, self.beta, {"mode": "train", "eps": EPS}, **options)

    def backward(self, **options: Any) -> Any:
        """The fast layer back."""
        return fast.batchnorm_backward(self.dout, self.fast, **options)

    def into(self, **options: Any) -> dict[str, Call]:
        """Both ways with `out` and a workspace given."""
        options |= {"out": self.out, "workspace": self.space}
        return {"forward": lambda: self.forward(**options), "backward": lambda: self.backward(**options)}


def rows(full: bool = False) -> list[Row]:
    """The large batches with every form, then the small ones beside the closed form."""
    found = [row for n, d in LARGE for row in _large(Batch(n, d), 25)]
    return [*found, *(row for n, d in SMALL for row in _small(Batch(n, d), 101 if full else 25))]


def forms(batch: Batch) -> dict[str, Callable[[Any, Any], Any]]:
    """The backward passes that are not fast, each of (dout, cache)."""
    return {
        "staged": staged.batchnorm_backward,
        **{
            f"published, {name}": getattr(published, name)
            for name in ("kratzert", "zakka", "rocking5566", "qianfeng")
        },
        "closed form": closed,
    }


def _large(batch: Batch, rounds: int) -> list[Row]:
    others = forms(batch)
    calls: dict[str, Call] = {"np.add": adding(batch)}
    calls |= {f"{way}, fast": call for way, call in batch.into().items()}
    calls["backward, fast, a new array"] = batch.backward
    calls |= {f"{way}, fast, one thread": call for way, call in batch.into(threads=1).items()}
    calls |= {f"{way}, PyTorch": call for way, call in pytorch(batch).items()}
    taken = measure(calls, rounds=rounds, warmup=2)
    slow: dict[str, Call] = {"np.add": calls["np.add"]}
    slow |= {
        f"backward, {name}": lambda form=form: form(batch.dout, batch.staged) for name, form in others.items()
    }
    slow["forward, staged"] = lambda: staged.batchnorm_forward(batch.x, batch.gamma, batch.beta, EPS)
    later = measure(slow, rounds=max(3, rounds // 4), warmup=1)
    found = []
    for name, timing in {**later, **taken}.items():
        if name != "np.add":
            walk = (later if name in later else taken)["np.add"].median / ADD
            found.append(_row(batch, name, timing, walk, others, (slow | calls)[name]))
    return [*found, *_verdicts(batch, taken)]


def _row(batch: Batch, name: str, timing: Timing, walk: float, others: dict[str, Any], call: Call) -> Row:
    """One form: its time, and what else there is to say about it."""
    way, form = name.split(", ", 1)
    least = BACKWARD if way == "backward" else FORWARD
    more = {
        "MB to move": least * batch.x.nbytes / 1e6,
        "part of the limit": least * walk / timing.median,
        **spread(timing),
    }
    if way == "backward" and form in others:
        more["walks"] = walks(others[form], batch)
    if "PyTorch" not in name:
        result, peak = peak_of(call)
        more["new arrays of N x D"] = peak / batch.x.nbytes
        more["error of the result"] = error(batch, way, np.squeeze(result[0]))
    return Row(f"{batch.size}: {name}", timing.median, more=more)


def _verdicts(batch: Batch, taken: dict[str, Timing]) -> list[Row]:
    """What was promised of the fast passes."""
    found = []
    for way, walks_of in (("backward", BACKWARD), ("forward", FORWARD)):
        quick = taken[f"{way}, fast"]
        bound = taken["np.add"].median / ADD * walks_of
        ratios = _quartiles([a / b * ADD / walks_of for a, b in _pairs(quick, taken["np.add"])])
        best = quick.best / (taken["np.add"].best / ADD * walks_of)
        found.append(
            Row(
                f"{batch.size}: {way}, fast / the limit",
                quick.median / bound,
                BOUND,
                "x",
                {**ratios, "of the best": best},
            )
        )
        if theirs := taken.get(f"{way}, PyTorch"):
            times = _quartiles([b / a for a, b in _pairs(quick, theirs)])
            found.append(
                Row(
                    f"{batch.size}: {way}, fast / PyTorch",
                    quick.median / theirs.median,
                    1.0,
                    "x",
                    {"PyTorch / fast": theirs.median / quick.median, **times},
                )
            )
    for way, call in (("forward", batch.forward), ("backward", batch.backward)):
        arrays = peak_of(call)[1] / batch.x.nbytes
        found.append(Row(f"{batch.size}: {way}, new arrays of N x D at the peak", arrays, MEMORY, "x"))
    return found


def _small(batch: Batch, rounds: int) -> list[Row]:
    """The closed form and the fast one, at a size where calls cost more than memory."""
    calls: dict[str, Call] = {
        "closed form": lambda: closed(batch.dout, batch.staged),
        "fast": batch.into()["backward"],
        "fast, a new array": batch.backward,
    }
    # Several calls count as one, or the clock would be a part of what it measures.
    times = max(1, 2**19 // (batch.x.size + 2**12))
    many = {name: lambda call=call: [call() for _ in range(times)] for name, call in calls.items()}
    taken = {
        name: Timing(tuple(seconds / times for seconds in timing.seconds))
        for name, timing in measure(many, rounds, warmup=2).items()
    }
    ratio = taken["fast"].median / taken["closed form"].median
    return [
        *[
            Row(f"{batch.size}: backward, {name}", timing.median, more=spread(timing))
            for name, timing in taken.items()
        ],
        Row(f"{batch.size}: backward, fast / closed form", ratio, 1.0, "x"),
    ]


def adding(batch: Batch) -> Call:
    """np.add of two arrays of the batch into a third, on as many threads as there are cores."""
    n, threads = len(batch.x), cores()
    pool = ThreadPoolExecutor(threads)
    parts = [slice(n * k // threads, n * (k + 1) // threads) for k in range(threads)]

    def call() -> None:
        wait([pool.submit(np.add, batch.x[part], batch.dout[part], batch.sum[part]) for part in parts])

    return call


def pytorch(batch: Batch) -> dict[str, Call]:
    """PyTorch's layer on the same arrays and on as many threads; nothing where it isn't installed."""
    try:
        import torch
    except ImportError:
        return {}
    gc.freeze()  # or each round would look through all of PyTorch for garbage
    torch.set_num_threads(cores())
    leaves = [torch.from_numpy(array).requires_grad_() for array in (batch.x, batch.gamma, batch.beta)]
    above = torch.from_numpy(batch.dout)

    def forward() -> Any:
        return torch.nn.functional.batch_norm(leaves[0], None, None, *leaves[1:], training=True, eps=EPS)

    def alone() -> Any:
        with torch.no_grad():
            return forward()

    out = forward()
    return {"forward": alone, "backward": lambda: torch.autograd.grad(out, leaves, above, retain_graph=True)}


def walks(form: Callable[[Any, Any], Any], batch: Batch) -> float:
    """How often arrays of N x D go in or out of NumPy's operations, counted on a few rows."""
    Counted.bytes = Counted.flops = 0
    few = [
        array[:64].view(Counted) if np.ndim(array) == 2 else array for array in (batch.dout, *batch.staged)
    ]
    form(few[0], tuple(few[1:]))
    return Counted.bytes / few[0].nbytes


def error(batch: Batch, way: str, found: Any) -> float:
    """The largest error of out or dx in the first columns, against float64, in parts of the largest entry."""
    few = slice(0, 16)
    x, gamma, beta, dout = (
        array[..., few].astype(np.float64) for array in (batch.x, batch.gamma, batch.beta, batch.dout)
    )
    right, cache = staged.batchnorm_forward(x, gamma, beta, EPS)
    if way == "backward":
        right = staged.batchnorm_backward(dout, cache)[0]
    return float(np.max(np.abs(found[:, few] - right)) / np.max(np.abs(right)))


def spread(timing: Timing) -> dict[str, float]:
    """The best round, and the middle half of them, in milliseconds."""
    return {
        "best ms": 1000 * timing.best,
        **{f"{name} ms": 1000 * value for name, value in _quartiles(timing.seconds).items()},
    }


def _quartiles(values: Any) -> dict[str, float]:
    first, _, third = quantiles(values, n=4)
    return {"quarter": first, "three quarters": third}


def _pairs(left: Timing, right: Timing) -> list[tuple[float, float]]:
    return list(zip(left.seconds, right.seconds, strict=True))


def picture(found: list[Row]) -> Picture:
    """The roofline of the first large size: all forms do the useful arithmetic of the closed form."""
    first = f"{LARGE[0][0]} x {LARGE[0][1]}: backward, "
    forms = {
        row.what.removeprefix(first): row
        for row in found
        if row.what.startswith(first) and "walks" in row.more
    }
    kept = {"fast", "PyTorch"}
    forms |= {row.what.removeprefix(first): row for row in found if row.what.removeprefix(first) in kept}
    entries = LARGE[0][0] * LARGE[0][1]
    walks(closed, Batch(64, LARGE[0][1]))
    useful = Counted.flops / (64 * LARGE[0][1])
    points = {
        form.removeprefix("published, "): (
            useful / (4 * row.more.get("walks", BACKWARD)),
            useful * entries / row.measured / 1e9,
        )
        for form, row in forms.items()
    }
    quick = forms["fast"]
    bandwidth = quick.more["MB to move"] / 1e3 / (quick.more["part of the limit"] * quick.measured)
    peak = cores() * max(speed(2**k) for k in range(12, 19)) / 12
    return roofline(points, bandwidth, peak, other="PyTorch", threads=f"{cores()} threads")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--roofline", type=Path, metavar="FILE", help="also draw the first size as SVG")
    options = parser.parse_args()
    measured = rows()
    print(table(measured))
    if options.roofline:
        options.roofline.write_text(picture(measured).svg, encoding="utf-8")
