"""The backward pass with some contributions left out, and how far dx then is from the numeric gradient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..graph import Graph
from ..tape import Ref

# An edge is cut as (source, target): what `source` sends back to `target` is dropped. As (source, target, origin)
# only that part of it is dropped which came to `source` from `origin`.
Cut = tuple[str, ...]


def backward_with_cuts(
    graph: Graph, seeds: Mapping[str, np.ndarray], cuts: Iterable[Cut] = ()
) -> tuple[dict[str, np.ndarray], dict[tuple[str, str], np.ndarray]]:
    """The gradients by name and the contributions by (source, target), without what is cut.

    Raises KeyError for a cut that names no node. A node's part is what its operation, which is linear in the
    upstream gradient, makes of one arrived contribution alone.
    """
    wanted = {tuple(cut) for cut in cuts}
    for cut in wanted:
        for name in cut:
            graph[name]
    arrived: dict[str, dict[str, np.ndarray]] = {name: {"": seed} for name, seed in seeds.items()}
    sent: dict[tuple[str, str], np.ndarray] = {}
    sums: dict[str, np.ndarray] = {}
    for name in reversed(graph.nodes):
        parts = arrived.get(name, {})
        total = sum(parts.values()) if parts else np.zeros(graph[name].shape)
        sums[name] = np.asarray(total)
        if not parts:
            continue
        back = graph.through(name, sums[name])
        for target in back:
            dropped = [parts[origin] for origin in parts if (name, target, origin) in wanted]
            value = graph.through(name, sums[name] - sum(dropped))[target] if dropped else back[target]
            sent[name, target] = np.zeros_like(value) if (name, target) in wanted else value
            arrived.setdefault(target, {})[name] = sent[name, target]
    return sums, sent


def replay(graph: Graph, changed: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run the graph's operations again with some of its inputs changed; returns the outputs by name."""
    values: list[np.ndarray] = []
    for index in range(len(graph)):
        operation = graph.operation(index)
        if operation.rule is None:
            values.append(np.asarray(changed.get(operation.name or "", operation.value)))
            continue
        operands = tuple(values[o.index] if isinstance(o, Ref) else o for o in operation.operands)
        values.append(np.asarray(operation.rule.call(*operands, **operation.parameters)))
    return {name: values[graph.end_of(name)] for name in graph.outputs}


def numeric(graph: Graph, seeds: Mapping[str, np.ndarray], name: str, most: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Centred differences for up to `most` entries of an input's gradient: (flat indices, values).

    The entries are spread evenly over the array; the step is 1e-5 of its scale, in float64.
    """
    base = graph[name].value.astype(np.float64)
    inputs = {other: graph[other].value.astype(np.float64) for other in graph.inputs}
    step = 1e-5 * max(1.0, float(np.abs(base).max(initial=0.0)))
    picked = np.unique(np.linspace(0, base.size - 1, min(most, base.size)).astype(int))
    found = np.empty(picked.size)
    for k, index in enumerate(picked):
        high, low = base.copy(), base.copy()
        high.flat[index] += step
        low.flat[index] -= step
        ups, downs = replay(graph, {**inputs, name: high}), replay(graph, {**inputs, name: low})
        found[k] = sum(float(np.sum((ups[o] - downs[o]) * seed)) for o, seed in seeds.items()) / (2 * step)
    return picked, found
