"""A drawn graph in words: the alternative text of its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .graph import Gradients, Graph, Node

# Beyond this many nodes a list of them is no description any more.
_FEW = 24


def describe(
    graph: Graph,
    gradients: Gradients | None,
    shown: Sequence[str],
    shape: Callable[[Node], str],
    step: str | None = None,
    reached: str | None = None,
) -> str:
    """What a picture of `shown`, some of the graph's nodes, says: inputs, steps, result, backward edges."""
    what = f"The node {step} of the" if step else "The"
    sentences = [f"{what} computational graph of {graph.function or 'a function'}, {len(shown)} nodes."]
    nodes = [graph[name] for name in shown]
    inputs = [f"{node.name} {shape(node)}" for node in nodes if node.is_input]
    if inputs:
        sentences.append(f"Inputs: {', '.join(inputs)}.")
    steps = [f"{node.name} {shape(node)} = {node.op}" for node in nodes if not node.is_input]
    if len(steps) > _FEW:
        sentences.append(f"{len(steps)} steps, from {steps[0]} to {steps[-1]}.")
    elif steps:
        sentences.append(f"Steps: {'; '.join(steps)}.")
    if graph.result in shown:
        sentences.append(f"Result: {graph.result}.")
    if gradients is not None:
        sentences.append(_backward(graph, gradients, shown, step, reached))
    return " ".join(sentences)


def _backward(
    graph: Graph, gradients: Gradients, shown: Sequence[str], step: str | None, reached: str | None
) -> str:
    order = gradients.order if reached is None else gradients.order[: gradients.order.index(reached) + 1]
    found = [
        f"{one.name} from {one.source} to {name}"
        for source in order
        for name in graph[source].parents
        for one in gradients.contributions(name)
        if one.source == source and {source, name} <= set(shown) and (step is None or step in (source, name))
    ]
    head = "Dashed backward edges" + (f", as far as {reached}" if reached else "")
    if len(found) > _FEW:
        return f"{head}: {len(found)} contributions, from {found[0]} to {found[-1]}."
    return f"{head}: {', '.join(found)}." if found else f"{head}: none yet."
