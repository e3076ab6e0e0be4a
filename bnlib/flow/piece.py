"""One step's piece of a timeline: what has happened before it stands there, what comes after it is not told."""

from __future__ import annotations

from typing import Any


def of(data: dict[str, Any], node: int) -> dict[str, Any]:
    """What changes in a timeline when only the way back through one node is played.

    `before` are the frames that have been, `frames` those of the node: the sum, where several contributions
    meet in it, and what it sends back. `start` is what is shown before the first. Raises ValueError where no
    gradient goes back through the node.
    """
    frames, edges = data["frames"], data["edges"]

    def own(frame: dict[str, Any]) -> bool:
        back = frame["kind"] == "back"
        return (edges[frame["edge"]]["user"] if back else frame["node"]) == node and (
            back or frame["kind"] == "sum"
        )

    places = [i for i, frame in enumerate(frames) if own(frame)]
    if not places:
        raise ValueError(
            f"no gradient goes on from `{data['nodes'][node]['name']}`: there is no step to show"
        )
    first, last = places[0], places[-1] + 1
    passed = {frame["edge"] for frame in frames[:last] if frame["kind"] == "back"}
    return {
        "start": {"kind": "start", "node": node},
        "before": frames[:first],
        "frames": frames[first:last],
        "edges": [
            edge if i in passed else {"parent": edge["parent"], "user": edge["user"]}
            for i, edge in enumerate(edges)
        ],
    }
