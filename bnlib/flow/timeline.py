"""What the animation plays: the nodes, the edges and the frames, one thing that happens at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..graph import Contribution, Gradients, Graph
from . import listing, piece
from .arrays import pack, text
from .formula import formula, product
from .numbers import numbers

# A node's number in the backward pass and the function that undoes it; the function may be None.
Steps = Mapping[str, tuple[int, Callable[..., Any] | None]]


def timeline(
    graph: Graph, gradients: Gradients, steps: Steps | None = None, through: str | None = None
) -> dict[str, Any]:
    """Everything that the browser needs beside the layout, as plain lists and dictionaries.

    With `through` only the way back through that node is played. Raises KeyError where `steps` or `through`
    names no node, ValueError where no gradient goes through it, TypeError where `steps` gives no pair.
    """
    steps = _checked(graph, steps)
    place = {name: i for i, name in enumerate(graph.nodes)}
    sent = {(one.source, one.target): one for name in graph.nodes for one in gradients.contributions(name)}
    # A gradient with one contribution is that same array: it is looked at once.
    seen: dict[int, dict[str, Any]] = {}

    def packed(array: np.ndarray) -> dict[str, Any]:
        found = seen.get(id(array))
        if found is None:
            found = seen[id(array)] = pack(array)
        return found

    edges = [_edge(graph, gradients, e.source, e.target, place, sent, packed) for e in graph.edges]
    frames = _frames(graph, gradients, place, {(e.target, e.source): i for i, e in enumerate(graph.edges)})
    number = _numbers(graph, gradients, steps)
    nodes = [
        {
            "name": node.name,
            "op": node.op,
            "number": number.get(node.name),
            "value": pack(node.value),
            "gradient": packed(gradients[node.name]),
            "arrived": [f"d{node.name} from outside"] * (node.name in gradients.seed)
            + [one.name for one in gradients.contributions(node.name)],
        }
        for node in graph.nodes.values()
    ]
    data = {
        "function": graph.function,
        "nodes": nodes,
        "edges": edges,
        "frames": frames,
        "seeds": [place[name] for name in gradients.seed],
    }
    if through is not None:
        data |= piece.of(data, place[graph[through].name])
        steps = {name: given for name, given in steps.items() if name == through}
    return data | _code(graph, steps, data)


def labels(graph: Graph, gradients: Gradients) -> dict[tuple[str, str], str]:
    """What will stand at each edge, by (target, user): a contribution's name, with its value if it is one number."""
    return {
        (one.target, one.source): one.name + (f" = {text(one.value.item())}" if one.value.size == 1 else "")
        for name in graph.nodes
        for one in gradients.contributions(name)
    }


def _checked(graph: Graph, steps: Steps | None) -> Steps:
    for name, given in (steps or {}).items():
        graph[name]
        if not (isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], int)):
            raise TypeError(
                f"steps[{name!r}] should be a pair of the step's number and its function or None, "
                f"such as (9, step9), and is {given!r}"
            )
    return steps or {}


def _numbers(graph: Graph, gradients: Gradients, steps: Steps) -> dict[str, int]:
    """The number of each node's step: the given ones, else counted forward, with 0 where an input gathers."""
    if steps:
        return {name: given[0] for name, given in steps.items()}
    inner = [node.name for node in graph.nodes.values() if not node.is_input]
    return {name: i for i, name in enumerate(inner, 1)} | {
        name: 0 for name in graph.inputs if len(gradients.contributions(name)) > 1
    }


def _edge(
    graph: Graph,
    gradients: Gradients,
    parent: str,
    user: str,
    place: dict[str, int],
    sent: dict[tuple[str, str], Contribution],
    packed: Callable[[np.ndarray], dict[str, Any]],
) -> dict[str, Any]:
    made: dict[str, Any] = {"parent": place[parent], "user": place[user]}
    one = sent.get((user, parent))
    if one is None:
        return made
    made |= {"name": one.name, "formula": formula(graph, user, parent), "value": packed(one.value)}
    made["numbers"] = numbers(graph, user, parent, gradients[user], one.value)
    if found := product(graph, user, parent):
        made |= {"local": found.local, "axes": list(found.axes)}
    origins = gradients.contributions(user)
    if len(origins) > 1:
        made["parts"] = [{"name": origin.name, "origin": place[origin.source]} for origin in origins]
    return made


def _frames(
    graph: Graph, gradients: Gradients, place: dict[str, int], edge: dict[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """Forward in the order of execution; backward each contribution by itself, then each sum of several."""
    frames: list[dict[str, Any]] = [{"kind": "forward", "node": place[name]} for name in graph.nodes]
    frames += [{"kind": "seed", "node": place[name]} for name in gradients.seed]
    passed = {(one.source, one.target) for name in graph.nodes for one in gradients.contributions(name)}
    for name in gradients.order:
        if len(gradients.contributions(name)) + (name in gradients.seed) > 1:
            frames.append({"kind": "sum", "node": place[name]})
        frames += [
            {"kind": "back", "edge": edge[name, parent]}
            for parent in graph[name].parents
            if (name, parent) in passed
        ]
    return frames


def _code(graph: Graph, steps: Steps, data: dict[str, Any]) -> dict[str, Any]:
    """The listings, and for each frame where it stands in them: [block, first line, last line] each.

    The first block is the traced function. A backward frame stands in the function that `steps` gives for its
    node, and otherwise in a list of all the formulas, which is then the last block.
    """
    blocks: list[dict[str, Any]] = []
    forward: dict[int, list[int]] = {}
    source = graph.source
    if source.lines and (own := listing.of_lines(graph.function, source.lines)):
        blocks.append({"title": own.title, "lines": own.lines})
        for i, node in enumerate(graph.nodes.values()):
            span = own.spans.get(node.lineno - source.first + 1)
            if not node.is_input and span:
                forward[i] = [0, *span]
    undo: dict[int, tuple[int, listing.Listing]] = {}
    for i, name in enumerate(graph.nodes):
        if name in steps and (found := listing.of_function(steps[name][1])):
            undo[i] = (len(blocks), found)
            blocks.append({"title": found.title, "lines": found.lines})
    nodes, edges = data["nodes"], data["edges"]
    rules: list[str] = []
    for frame in (*([data["start"]] if "start" in data else []), *data["frames"]):
        edge = edges[frame["edge"]] if frame["kind"] == "back" else None
        node = edge["user"] if edge else frame["node"]
        frame["at"] = [forward[node]] if node in forward else []
        if frame["kind"] == "start" and node in undo:
            frame["at"].append([undo[node][0], 0, 0])
        if frame["kind"] in ("forward", "seed", "start"):
            continue
        made = edge["name"] if edge else f"d{nodes[node]['name']}"
        if node in undo:
            block, found = undo[node]
            frame["at"].append([block, *found.making(made)])
        else:
            rules.append(f"{made} = {edge['formula'] if edge else ' + '.join(nodes[node]['arrived'])}")
            frame["at"].append([-1, len(rules) - 1, len(rules) - 1])
    if rules:
        blocks.append({"title": "backward, by the rules", "lines": rules})
        for frame in data["frames"]:
            frame["at"] = [[len(blocks) - 1, *at[1:]] if at[0] < 0 else at for at in frame["at"]]
    return {"code": blocks, "own": 1 if source.lines and forward else 0}
