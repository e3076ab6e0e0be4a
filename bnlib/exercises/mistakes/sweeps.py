"""What goes wrong in 2.6, the backward sweep over a whole graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .collect import Mistakes

mistake = Mistakes()


Graph = tuple[Any, Any, Any, Any]


def sweep(
    graph: Graph,
    among: Iterable[str] | None = None,
    receive: Callable[[float, float, float], float] = lambda has, above, slope: has + above * slope,
    edges: Callable[[Any, Any], Any] = lambda parents, slopes: zip(parents, slopes, strict=True),
) -> dict[str, float]:
    """A sweep over the nodes `among`; `receive` says what a parent has after something has arrived."""
    order, parents, local, seed = graph
    grads = {**dict.fromkeys(order, 0.0), order[-1]: float(seed)}
    for node in reversed(order) if among is None else among:
        for parent, slope in edges(parents[node], local[node]):
            grads[parent] = receive(grads[parent], grads[node], slope)
    return grads


def add(slug: str, says: str, make: Callable[..., Any]) -> None:
    """A mistake of 2.6, as a function of the whole graph (order, parents, local, seed)."""
    mistake.add("2.6", slug, says, lambda order, parents, local, seed: make((order, parents, local, seed)))


def breadth_first(graph: Graph) -> list[str]:
    """Nodes in the order in which a queue meets them, from the result on."""
    order, parents, *_ = graph
    queue = [order[-1]]
    for node in queue:
        queue += [parent for parent in dict.fromkeys(parents[node]) if parent not in queue]
    return queue


def counted_again(graph: Graph) -> dict[str, float]:
    """At each arrival a node sends on all that it has."""
    order, parents, local, seed = graph
    grads = {**dict.fromkeys(order, 0.0), order[-1]: float(seed)}

    def visit(node: str) -> None:
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] * slope
            visit(parent)

    visit(order[-1])
    return grads


add(
    "assigned-not-added",
    "Where two contributions meet, only the one that came last is left. What should happen to what a node "
    "already has when something more arrives?",
    lambda graph: sweep(graph, receive=lambda has, above, slope: above * slope),
)
add(
    "wrong-order",
    "The sweep went from the inputs to the result, so nearly every node had nothing yet when its turn to send "
    "came. Which node is the only one that knows its gradient at the start?",
    lambda graph: sweep(graph, graph[0]),
)
add(
    "wrong-order",
    "The nodes were taken in the order of a dictionary, which says nothing about who uses whom. Which argument "
    "does?",
    lambda graph: sweep(graph, list(graph[1])[::-1]),
)
add(
    "wrong-order",
    "The nodes were taken in the order of the dictionary `parents`, first key first. What does a node need "
    "before it may send?",
    lambda graph: sweep(graph, list(graph[1])),
)
add(
    "wrong-order",
    "Nodes were visited as soon as they were met, parents of the result first. On an uneven graph one of them "
    "sends too early: what is it still waiting for?",
    lambda graph: sweep(graph, breadth_first(graph)),
)
add(
    "counted-twice",
    "Each time something arrives, a node sends on all that it has, so earlier arrivals are sent again. How "
    "often may a node send, and when?",
    counted_again,
)
add(
    "same-parent-once",
    "A parent that stands twice in a list gets its share for one of the two places only. In `x * x`, how many "
    "slopes lead to `x`?",
    lambda graph: sweep(graph, edges=lambda parents, slopes: dict(zip(parents, slopes, strict=True)).items()),
)
add(
    "same-slope-twice",
    "A parent that stands twice got the slope of its first place both times. How do you look up the slope that "
    "belongs to a place, and not to a name?",
    lambda graph: sweep(
        graph, edges=lambda parents, slopes: [(name, slopes[parents.index(name)]) for name in parents]
    ),
)
add(
    "nodes-left-out",
    "Nodes whose gradient is 0 are missing from the dictionary. Moving them moves nothing: is that an answer "
    "or the lack of one?",
    lambda graph: {node: value for node, value in sweep(graph).items() if value},
)
add(
    "seed-lost",
    "The sweep started from 1 and not from `seed`. What would a loss that is twice as steep do to all "
    "gradients?",
    lambda graph: sweep((*graph[:3], 1.0)),
)
add(
    "seed-lost",
    "Every gradient is 0: the sweep had nothing to send. Which node has a gradient before anything has moved, "
    "and who tells you its value?",
    lambda graph: sweep((*graph[:3], 0.0)),
)
add(
    "slope-lost",
    "A parent gets its child's gradient as it is; the local derivatives took no part. If `z` rises by 3 when "
    "`x` rises by 1, how much of `dz` belongs to `x`?",
    lambda graph: sweep(graph, receive=lambda has, above, slope: has + above),
)
add(
    "upstream-lost",
    "Slopes were added up along the way and what comes from above was left out. What does the chain rule do "
    "with the slopes of two gates in a row?",
    lambda graph: sweep(graph, receive=lambda has, above, slope: has + slope),
)
add(
    "slopes-added",
    "The local derivative was added to the gradient from above. Two gates in a row with the slopes 2 and 3: how "
    "far does the result move?",
    lambda graph: sweep(graph, receive=lambda has, above, slope: has + above + slope),
)
