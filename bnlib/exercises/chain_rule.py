"""Exercises of notebook 02: the gradient at one gate, then a whole backward sweep over a small graph.

The references follow the multivariate chain rule at each gate. Broadcasting and summing over one axis are
transposes of each other, so each is the way back through the other, whatever the loss is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import digits_batch
from . import graphs
from .mistakes.chain_rule import mistake as of_a_gate
from .mistakes.fan_out import mistake as of_a_fan_out
from .mistakes.means import mistake as of_a_mean
from .mistakes.sweeps import mistake as of_a_sweep
from .spec import Case, Exercise

Array = NDArray[Any]
# A scalar graph: each node, in order, with its (parent, local derivative) pairs.
Edges = list[tuple[str, list[tuple[str, float]]]]


def add_backward(dz: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """z = x + y, all of one shape. Returns dx and dy of that shape."""
    return dz.copy(), dz.copy()


def mul_backward(dz: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """z = x * y, all of one shape. Returns dx and dy of that shape."""
    return dz * y, dz * x


def broadcast_add_backward(dz: Array, x: Array, b: Array) -> tuple[Array, Array]:
    """z = x + b with x (N, D) and b (D,). Returns dx (N, D) and db (D,)."""
    return dz.copy(), np.sum(dz, axis=0)


def mean_backward(dmu: Array, x: Array) -> Array:
    """mu = mean(x, axis=0) with x (N, D). Returns dx (N, D)."""
    return np.broadcast_to(dmu / x.shape[0], x.shape).copy()


def fan_out_backward(dz: Array, x: Array) -> Array:
    """z = x * (x - mean(x, axis=0)) with x (N, D): three ways lead from x to z. Returns dx (N, D)."""
    xmu = x - np.mean(x, axis=0)
    dxmu = dz * x
    return dz * xmu + dxmu - np.mean(dxmu, axis=0)


def backward(
    order: Sequence[str],
    parents: Mapping[str, Sequence[str]],
    local: Mapping[str, Sequence[float]],
    seed: float,
) -> dict[str, float]:
    """The gradient of the result with respect to every node of a scalar graph, times seed.

    `order` lists the nodes from inputs to result; an input's lists in `parents` and `local` are empty. A node
    that does not lead to the result has the gradient 0.0. The dictionary is in the order of the sweep, result
    first, so that a comparison names the wrong node that lies nearest the mistake.
    """
    grads = dict.fromkeys(reversed(order), 0.0)
    grads[order[-1]] = float(seed)
    for node in reversed(order):
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] * slope
    return grads


def _shapes(rng: np.random.Generator) -> Iterator[tuple[str, Array, Array]]:
    """What to say of a case, with an upstream gradient and an input of the same shape (N, D)."""

    def normal(*shape: int) -> Array:
        return rng.normal(size=shape)

    yield "5 rows and 3 features", normal(5, 3), normal(5, 3)
    yield "3 rows and 7 features, means far from 0", normal(3, 7), normal(3, 7) + 20.0 * normal(7)
    yield "as many rows as features", normal(4, 4), normal(4, 4)
    yield "one feature", normal(6, 1), normal(6, 1)
    yield "one row", normal(1, 4), normal(1, 4)
    yield "whole numbers as input", normal(5, 3), rng.integers(-9, 10, size=(5, 3))
    yield "float32 numbers", normal(8, 5).astype(np.float32), normal(8, 5).astype(np.float32)
    yield "arrays that are transposed views", normal(3, 6).T, normal(3, 6).T
    yield "40 handwritten digits", normal(40, 64), digits_batch(40, int(rng.integers(2**31)))[0]


def _like(x: Array, rng: np.random.Generator) -> Array:
    """A second input with the shape and the dtype of x, and numbers of its own."""
    if x.dtype.kind == "i":
        return rng.integers(-9, 10, size=x.shape)
    return rng.normal(1.0, 2.0, size=x.shape).astype(x.dtype)


def _pairs(rng: np.random.Generator) -> Iterator[Case]:
    for says, dz, x in _shapes(rng):
        yield Case(says, (dz, x, _like(x, rng)))
    yield Case("vectors of 4 numbers", tuple(rng.normal(size=(3, 4))))


def _broadcasts(rng: np.random.Generator) -> Iterator[Case]:
    for says, dz, x in _shapes(rng):
        # Rows may cancel in their sum, and rounding is of the size of what was added.
        yield Case(says, (dz, x, _like(x, rng)[0].copy()), {"db": float(np.abs(dz).sum(axis=0).max())})


def _means(rng: np.random.Generator) -> Iterator[Case]:
    for says, dz, x in _shapes(rng):
        yield Case(says, (dz[0].copy(), x))


def _fan_outs(rng: np.random.Generator) -> Iterator[Case]:
    for says, dz, x in _shapes(rng):
        yield Case(says, (dz, x), {"dx": float(np.abs(dz).max() * np.abs(x).max())})
    x = rng.normal(size=(5, 3))
    x[:, 1] = 0.25
    yield Case("a column that is constant", (rng.normal(size=(5, 3)), x))


def _graph(says: str, seed: float, edges: Edges) -> Case:
    """A case of 2.6. The dictionaries are sorted by name, so that only `order` tells the order."""
    parents = {node: [name for name, _ in pairs] for node, pairs in sorted(edges)}
    local = {node: [slope for _, slope in pairs] for node, pairs in sorted(edges)}
    return Case(says, ([node for node, _ in edges], parents, local, seed))


def _graphs(rng: np.random.Generator) -> Iterator[Case]:
    def r() -> float:
        return float(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 2.0))

    yield _graph("three nodes in a row", 2.0, [("x", []), ("b", [("x", r())]), ("a", [("b", r())])])
    yield _graph("two inputs and one product", r(), [("x", []), ("y", []), ("p", [("x", r()), ("y", r())])])
    yield _graph("x * x, where one parent stands twice", r(), [("x", []), ("z", [("x", 3.0), ("x", 3.0)])])
    diamond: Edges = [("x", []), ("b", [("x", r())]), ("a", [("x", r())]), ("z", [("a", r()), ("b", r())])]
    yield _graph("two ways from x to the result", r(), diamond)
    uneven: Edges = [("x", []), ("a", [("x", r())]), ("b", [("a", r())]), ("z", [("a", r()), ("b", r())])]
    yield _graph("two ways, one longer than the other", r(), uneven)
    yield _graph("four diamonds in a row", r(), _diamonds(4, r))
    twice: Edges = [("x", []), ("m", [("x", r())]), ("z", [("m", r()), ("x", r()), ("m", r())])]
    yield _graph("a parent that stands twice, and another between", r(), twice)
    dead: Edges = [("x", []), ("w", []), ("u", [("x", r()), ("w", r())]), ("z", [("x", r())])]
    yield _graph("nodes that do not lead to the result", r(), dead)
    flat: Edges = [("x", []), ("y", []), ("a", [("x", 0.0), ("y", -1.5)]), ("z", [("a", -2.0), ("x", 0.0)])]
    yield _graph("local derivatives that are 0 or negative", r(), flat)
    cancel: Edges = [("x", []), ("b", [("x", 1.0)]), ("a", [("x", 1.0)]), ("z", [("a", 0.3), ("b", -0.3)])]
    yield _graph("two ways that cancel", r(), cancel)
    yield _graph("a single node", 2.5, [("x", [])])
    yield _graph("14 nodes joined at random", r(), _random(14, rng, r))


def _diamonds(count: int, r: Callable[[], float]) -> Edges:
    edges: Edges = [("u0", [])]
    for k in range(count):
        edges += [(f"b{k}", [(f"u{k}", r())]), (f"a{k}", [(f"u{k}", r())])]
        edges += [(f"u{k + 1}", [(f"b{k}", r()), (f"a{k}", r())])]
    return edges


def _random(count: int, rng: np.random.Generator, r: Callable[[], float]) -> Edges:
    """Three inputs, then nodes with one to three earlier parents each, drawn with repetition."""
    names = [f"n{k}" for k in rng.permutation(count)]
    edges: Edges = [(name, []) for name in names[:3]]
    for k in range(3, count):
        chosen = rng.integers(k, size=rng.integers(1, 4))
        edges.append((names[k], [(names[j], r()) for j in chosen]))
    return edges


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="2.1",
        title="Back through a sum of two",
        asks="The gradients of both inputs of `z = x + y`, where all three have one shape.",
        references={"add_backward": add_backward},
        returns=("dx", "dy"),
        cases=_pairs,
        hints=(
            "Raise one entry of x a little. How far does the same entry of z move? Do the others move?",
            "The local derivative of a sum is one number, the same for both inputs and wherever x and y are.",
            "Multiply what comes from above by that local derivative. Of dz, x and y you need only one.",
        ),
        section="Add-passes-on",
        mistakes=of_a_gate.of("2.1"),
        graph=graphs.add,
        shapes={"dx": "of x", "dy": "of y"},
    ),
    Exercise(
        id="2.2",
        title="Back through a product",
        asks="The gradients of both inputs of `z = x * y`, where all three have one shape.",
        references={"mul_backward": mul_backward},
        returns=("dx", "dy"),
        cases=_pairs,
        hints=(
            "Look at the rectangle again: when x grows, how long is the strip that is added?",
            "The local derivative with respect to one input is the other input.",
            "Each gradient is a product of two arrays: dz is in both, and the other factor changes places.",
        ),
        section="Multiply-swaps",
        mistakes=of_a_gate.of("2.2"),
        graph=graphs.multiply,
        shapes={"dx": "of x", "dy": "of y"},
    ),
    Exercise(
        id="2.3",
        title="Back through a broadcast",
        asks="The gradients of `x`, of shape (N, D), and of `b`, of shape (D,), for `z = x + b`.",
        references={"broadcast_add_backward": broadcast_add_backward},
        returns=("dx", "db"),
        cases=_broadcasts,
        hints=(
            "A gradient has the shape of what it belongs to. Which axis does dz have that b doesn't?",
            "Count the entries of z that move when b[0] moves. The loss reacts to each of them.",
            "Every column of dz ends up as one number of db: add the column up, over the rows.",
        ),
        section="A-broadcast-going-forward-is-a-sum-going-backward",
        mistakes=of_a_gate.of("2.3"),
        graph=graphs.broadcast_add,
        shapes={"dx": "(N, D)", "db": "(D,)"},
    ),
    Exercise(
        id="2.4",
        title="Back through a mean",
        asks="The gradient of `x`, of shape (N, D), for `mu = np.mean(x, axis=0)`.",
        references={"mean_backward": mean_backward},
        returns=("dx",),
        cases=_means,
        hints=(
            "Raise one entry of x by 1. By how much does the mean of its column rise?",
            "Every row of x has the same influence on mu, so every row of dx is the same.",
            "Share dmu out evenly among the N rows, and give the result the shape of x.",
        ),
        section="A-sum-going-forward-is-a-broadcast-going-backward",
        mistakes=of_a_mean.of("2.4"),
        graph=graphs.mean,
        shapes={"dx": "(N, D)"},
    ),
    Exercise(
        id="2.5",
        title="Three ways to x",
        asks="The gradient of `x`, of shape (N, D), for `z = x * (x - np.mean(x, axis=0))`.",
        references={"fan_out_backward": fan_out_backward},
        returns=("dx",),
        cases=_fan_outs,
        hints=(
            "Write the forward pass in three lines, mu, xmu and z, and undo them from the last to the first.",
            "The product has two inputs, x and xmu, so two gradients. That of xmu goes on to x and to mu.",
            "Add three contributions: from the product, from the subtraction, and from the mean. "
            "The one through the mean has a minus sign on its way, a sum over the rows and a share of 1/N.",
        ),
        section="A-fan-out-going-forward-is-an-addition-going-backward",
        mistakes=of_a_fan_out.of("2.5"),
        graph=graphs.fan_out,
        shapes={"dx": "(N, D)"},
    ),
    Exercise(
        id="2.6",
        title="A whole backward sweep",
        asks="A dictionary with the gradient of every node in `order`, 0.0 where no way leads to the result.",
        references={"backward": backward},
        returns=("grads",),
        cases=_graphs,
        hints=(
            "Before a node passes anything on, everything that will arrive at it must have arrived. "
            "In which direction through `order` is that so?",
            "Start with 0.0 for every node and `seed` for the last. Then each node passes on to its parents.",
            "A parent receives the node's gradient times the local derivative at the same place in the list. "
            "Since a parent may be met more than once, what it receives joins what it already has.",
        ),
        section="A-node-sends-when-everything-has-arrived",
        mistakes=of_a_sweep.of("2.6"),
    ),
)
