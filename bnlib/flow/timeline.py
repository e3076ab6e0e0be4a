"""What the animation plays: the nodes, the edges and the frames, one thing that happens at a time."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..scene import identifier
from ..graph import Gradients, Graph
from .arrays import pack
from .formula import formula, numbers

# A node's number in the backward pass and the function that undoes it; the function may be left out.
Steps = Mapping[str, tuple[int, Callable[..., Any] | None]]


def timeline(graph: Graph, gradients: Gradients, steps: Steps | None = None) -> dict[str, Any]:
    """Everything that the browser needs beside the layout, as plain lists and dictionaries.

    Raises KeyError where `steps` names no node.
    """
    for name in steps or {}:
        graph[name]
    number = _numbers(graph, steps)
    blocks, places = _code(graph, steps or {})
    place = {name: i for i, name in enumerate(graph.nodes)}
    # A gradient that merely passed through is drawn at its true width, one of zeros as a hair.
    nodes = [
        {
            "name": node.name,
            "id": f"node_{identifier(node.name)}",
            "op": node.op,
            "input": node.is_input,
            "number": number[node.name],
            "at": places.get(node.name),
            "value": pack(node.value),
            "gradient": pack(gradients[node.name]),
        }
        for node in graph.nodes.values()
    ]
    edges = [_edge(graph, gradients, edge.source, edge.target, place, blocks) for edge in graph.edges]
    found = {(e.target, e.source): i for i, e in enumerate(graph.edges)}
    return {
        "function": graph.function,
        "result": place[graph.result],
        "nodes": nodes,
        "edges": edges,
        "frames": _frames(graph, gradients, place, found),
        "code": blocks,
    }


def _numbers(graph: Graph, steps: Steps | None) -> dict[str, int]:
    """The number of each node's step: the given one, else counted forward; an input gathers at step 0."""
    counted = {name: 0 for name in graph.inputs}
    counted |= {node.name: i for i, node in enumerate((n for n in graph.nodes.values() if not n.is_input), 1)}
    return counted | {name: given[0] for name, given in (steps or {}).items()}


def _edge(
    graph: Graph, gradients: Gradients, parent: str, user: str, place: dict[str, int], blocks: list[dict[str, Any]]
) -> dict[str, Any]:
    pair = f"{identifier(parent)}__{identifier(user)}"
    made: dict[str, Any] = {"parent": place[parent], "user": place[user], "id": f"edge_{pair}", "back": f"back_{pair}"}
    try:
        one = gradients.contribution(user, parent)
    except KeyError:
        return made
    made["name"] = one.name
    made["formula"] = formula(graph, user, parent)
    made["numbers"] = numbers(graph, gradients, user, parent)
    made["value"] = pack(one.value)
    origins = gradients.contributions(user)
    if len(origins) > 1:
        made["parts"] = [{"name": origin.name, "origin": place[origin.source]} for origin in origins]
    at = _line_assigning(blocks, one.name, user)
    if at:
        made["at"] = at
    return made


def _frames(
    graph: Graph, gradients: Gradients, place: dict[str, int], edge: dict[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """Forward in the order of execution; backward each contribution by itself, then each sum of several."""
    frames = [{"kind": "forward", "node": place[name]} for name in graph.nodes]
    frames += [{"kind": "seed", "node": place[name]} for name in gradients.seed]
    for name in gradients.order:
        arrived = gradients.contributions(name)
        if len(arrived) + (name in gradients.seed) > 1:
            frames.append({"kind": "sum", "node": place[name]})
        for parent in graph[name].parents:
            if any(one.source == name for one in gradients.contributions(parent)):
                frames.append({"kind": "back", "edge": edge[name, parent]})
    return frames


def _code(graph: Graph, steps: Steps) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """The learner's function and those of the backward pass, and for each node its block and line."""
    blocks: list[dict[str, Any]] = []
    places: dict[str, list[int]] = {}
    first, text = graph.source.first, list(graph.source.lines)
    if text:
        blocks.append({"title": graph.function, "lines": text, "node": ""})
        places = {
            node.name: [0, node.lineno - first]
            for node in graph.nodes.values()
            if not node.is_input and 0 <= node.lineno - first < len(text)
        }
    for name, (_, function) in steps.items():
        try:
            source = textwrap.dedent(inspect.getsource(function)).rstrip().split("\n") if function else None
        except (OSError, TypeError):
            source = None
        if source and function:
            blocks.append({"title": function.__name__, "lines": source, "node": name})
    return blocks, places


def _line_assigning(blocks: list[dict[str, Any]], contribution: str, user: str) -> list[int] | None:
    """Where the step of `user` makes a contribution: the line that assigns its name, else its return."""
    for index, block in enumerate(blocks):
        if block["node"] != user:
            continue
        try:
            tree = ast.parse("\n".join(block["lines"]))
        except SyntaxError:
            return [index, 0]
        returns = 0
        for node in ast.walk(tree):
            if isinstance(node, ast.Return):
                returns = node.lineno - 1
            if isinstance(node, ast.Assign) and contribution in {
                part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)
            }:
                # `dmu, dx = None, None` at the top is no working line; the last assignment is.
                block.setdefault("assigns", {})[contribution] = node.lineno - 1
        return [index, block.get("assigns", {}).get(contribution, returns)]
    return None


def changed(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a gradient is another one, beyond rounding."""
    scale = float(np.abs(before).max(initial=0.0)) or 1.0
    return bool(np.abs(after - before).max(initial=0.0) > 1e-9 * scale)
