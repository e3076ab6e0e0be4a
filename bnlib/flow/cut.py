"""The backward pass with some contributions left out, and how far an input's gradient is from the numeric one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..graph import Gradients, Graph, Ref
from .arrays import pack, text
from .numbers import numbers

# (source, target) drops what `source` sends back to `target`; with a third name only that part of it which came
# to `source` from there.
Cut = Sequence[str]

# So many operations may be run again for the numeric gradient of one input: some milliseconds.
_BUDGET = 3000


class Cutter:
    """Answers what changes in a graph's backward pass when contributions are left out."""

    def __init__(self, graph: Graph, gradients: Gradients) -> None:
        self._graph = graph
        self._true = gradients
        self._numeric: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def answer(self, cuts: Iterable[Cut]) -> dict[str, Any]:
        """The changed gradients by node, the changed contributions by edge, and the inputs' errors.

        Nodes and edges are given by their place in the graph, in the form in which the browser gets arrays. An
        error is the largest difference from centred differences, as a part of their largest entry; it is there
        for every input whose gradient changed and for the first one. Raises KeyError for a cut that names no
        edge that a gradient passes.
        """
        graph, true = self._graph, self._true
        sums, sent = backward_with_cuts(graph, true, cuts)
        moved = [i for i, name in enumerate(graph.nodes) if changed(true[name], sums[name])]
        names = list(graph.nodes)
        edges = {}
        for i, edge in enumerate(graph.edges):
            pair = (edge.target, edge.source)
            if pair in sent and changed(true.contribution(*pair).value, sent[pair]):
                figures = numbers(graph, *pair, sums[edge.target], sent[pair])
                edges[str(i)] = {"value": pack(sent[pair]), "numbers": figures}
        asked = [name for i, name in enumerate(graph.inputs) if i == 0 or changed(true[name], sums[name])]
        errors = [
            {"name": f"d{name}", "now": self._error(name, sums[name]), "whole": self._error(name, true[name])}
            for name in asked[:6]
        ]
        return {"nodes": {str(i): pack(sums[names[i]]) for i in moved}, "edges": edges, "errors": errors}

    def _error(self, name: str, gradient: np.ndarray) -> str:
        if gradient.size == 0:
            return "0"
        if name not in self._numeric:
            most = max(4, min(64, _BUDGET // (2 * len(self._graph))))
            self._numeric[name] = numeric(self._graph, self._true.seed, name, most)
        picked, right = self._numeric[name]
        scale = float(np.abs(right).max()) or 1.0
        return text(np.abs(gradient.ravel()[picked] - right).max() / scale)


def changed(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a gradient is another one, beyond rounding. NaN is the same as NaN."""
    finite = before[np.isfinite(before)]
    scale = float(np.abs(finite).max(initial=0.0)) or 1.0
    return not np.allclose(before, after, rtol=0.0, atol=1e-9 * scale, equal_nan=True)


def backward_with_cuts(
    graph: Graph, gradients: Gradients, cuts: Iterable[Cut] = ()
) -> tuple[dict[str, np.ndarray], dict[tuple[str, str], np.ndarray]]:
    """The gradients by name and the contributions by (source, target), without what is cut.

    A node's part is what its operation, which is linear in the upstream gradient, makes of one arrived
    contribution alone. Raises KeyError for a cut that names no edge that a gradient passes.
    """
    wanted = {tuple(cut) for cut in cuts}
    for cut in wanted:
        gradients.contribution(cut[0], cut[1])
        if len(cut) > 2:
            gradients.contribution(cut[2], cut[0])
    parts_cut = {cut[0] for cut in wanted if len(cut) > 2}
    arrived: dict[str, dict[str, np.ndarray]] = {name: {"": seed} for name, seed in gradients.seed.items()}
    sent: dict[tuple[str, str], np.ndarray] = {}
    sums: dict[str, np.ndarray] = {}
    for name in gradients.order:
        parts = arrived.pop(name, {})
        sums[name] = np.asarray(sum(parts.values())) if parts else np.zeros(graph[name].shape)
        if not parts:
            continue
        for target, whole in graph.through(name, sums[name]).items():
            dropped = [parts[o] for o in parts if (name, target, o) in wanted] if name in parts_cut else []
            left = graph.through(name, sums[name] - sum(dropped))[target] if dropped else whole
            sent[name, target] = np.zeros_like(whole) if (name, target) in wanted else left
            arrived.setdefault(target, {})[name] = sent[name, target]
    return sums, sent


def numeric(
    graph: Graph, seeds: Mapping[str, np.ndarray], name: str, most: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Centred differences for up to `most` entries of an input's gradient: (flat indices, values).

    The entries are spread evenly over the array; the step is 1e-5 of its scale, in float64.
    """
    inputs = {other: graph[other].value.astype(np.float64) for other in graph.inputs}
    base = inputs[name]
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


def replay(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run the graph's operations again on other inputs; returns what each node is then, by name."""
    values: list[np.ndarray] = []
    for index in range(len(graph)):
        operation = graph.operation(index)
        if operation.rule is None:
            values.append(np.asarray(inputs[operation.name or ""]))
            continue
        operands = tuple(values[o.index] if isinstance(o, Ref) else o for o in operation.operands)
        with np.errstate(all="ignore"):
            values.append(np.asarray(operation.rule.call(*operands, **operation.parameters)))
    return {name: values[node.operations[-1]] for name, node in graph.nodes.items() if node.operations}
