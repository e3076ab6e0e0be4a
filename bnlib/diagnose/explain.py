"""`explain`: the one change to the way back that turns the right gradients into a wrong answer.

A backward pass is linear in what each edge contributes. If a contribution is c times what it should be, an
answer differs from the truth by (c - 1) times what that contribution alone becomes on its way to the inputs.
So for each edge, c is a quotient; it counts where it explains every entry, at inputs of different sizes, by
one rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise

import numpy as np

from . import words
from .finding import Finding
from .fit import Gains, explains, gain_of_node, gain_of_way, gains_of_ways, rule
from .laws import Factor, constant, powers
from .piece import Piece, Sample

Way = tuple[str, str]


def explain(samples: Sequence[Sample]) -> Finding | None:
    """What the answers of one program at several inputs have in common, if one change explains them all.

    At least two of the samples have to be wrong and of different sizes; those that are right have to be
    explained too. None where nothing fits and where things fit that can't be told apart.
    """
    wrong = [sample for sample in samples if sample.wrong]
    if len({tuple(sorted(sample.piece.sizes.items())) for sample in wrong}) < 2:
        return None
    everything = tuple(name for name in wrong[0].right if any(name in sample.wrong for sample in wrong))
    if not _comparable(samples, everything):
        return None
    subsets = [everything] if len(everything) == 1 else [everything, everything[:1]]
    for outputs in subsets:
        told = [sample for sample in wrong if set(outputs) & set(sample.wrong)]
        if len({tuple(sorted(sample.piece.sizes.items())) for sample in told}) < 2:
            continue
        for search in (_whole_outputs, _one_way, _one_node, _two_ways, _one_place):
            found = search(told, outputs)
            if found is not None:
                fits = all(explains(found, sample) for sample in samples)
                return found if fits else None
    return None


def _comparable(samples: Sequence[Sample], outputs: Sequence[str]) -> bool:
    return all(
        name in sample.got
        and sample.got[name].shape == sample.right[name].shape
        and np.isfinite(sample.got[name]).all()
        for sample in samples
        for name in outputs
    )


def _whole_outputs(samples: Sequence[Sample], outputs: tuple[str, ...]) -> Finding | None:
    """Each of the outputs is the right one times the same factor."""

    def gains(sample: Sample) -> Gains:
        return {name: sample.right[name] for name in outputs}

    law = rule(samples, outputs, gains)
    if law is not None and law.says not in ("0", "1"):
        slug, says = words.of_output(outputs, law)
        return Finding(slug, says, "output", outputs, law)
    for power in powers(_different(samples[0].piece)):
        finding = Finding("", "", "output", outputs, power)
        if all(explains(finding, sample) for sample in samples):
            slug, says = words.of_output(outputs, power)
            return replace(finding, slug=slug, says=says)
    return None


def _one_way(samples: Sequence[Sample], outputs: tuple[str, ...]) -> Finding | None:
    """The contribution at one edge has another factor; edges of which the same is true form one way."""
    piece = samples[0].piece
    if not set(outputs) <= set(piece.gradients):
        return None
    found: list[tuple[Way, Factor]] = []
    for way in piece.ways():
        law = rule(samples, outputs, partial(gain_of_way, way))
        if law is not None and law.says != "1":
            found.append((way, law))
    if not found:
        found = _one_way_by_an_array(samples, outputs)
    if not found or len({factor.says for _, factor in found}) > 1:
        return None
    ways = _arrival_first(piece, [way for way, _ in found])
    if ways is None:
        return None
    factor = found[0][1]
    slug, says = words.of_way(piece, ways, outputs, factor)
    return Finding(slug, says, "edge", outputs, factor, ways)


def _one_way_by_an_array(samples: Sequence[Sample], outputs: tuple[str, ...]) -> list[tuple[Way, Factor]]:
    """The contribution at one edge is multiplied by a named array of the graph, to some power."""
    piece = samples[0].piece
    # A factor that is the same in every row may come in anywhere on a way; it is looked for where the way ends.
    inputs = set(piece.graph.inputs)
    ends = [w for w in piece.ways() if len(piece.backward.contributions(w[1])) > 1 or w[1] in inputs]
    for power in powers(_different(piece)):
        for way in ends:
            finding = Finding("", "", "edge", outputs, power, (way,))
            if all(explains(finding, sample) for sample in samples):
                return [(way, power)]
    return []


def _different(piece: Piece) -> list[str]:
    """The arrays that a factor may be: one name for each, not for its inverse too; none that is all 0 or 1."""
    found: dict[str, np.ndarray] = {}
    for name, node in piece.graph.nodes.items():
        with np.errstate(all="ignore"):
            size, inverse = np.abs(node.value), 1.0 / np.abs(node.value)
        if not size.all() or not np.isfinite(inverse).all() or np.allclose(size, 1.0):
            continue
        if not any(
            v.shape == size.shape and (np.allclose(v, size) or np.allclose(v, inverse))
            for v in found.values()
        ):
            found[name] = size
    return list(found)


def _arrival_first(piece: Piece, ways: list[Way]) -> tuple[Way, ...] | None:
    """Ways of one effect, first the one that ends where several arrive; None where they are no single path."""
    if len({source for source, _ in ways}) < len(ways) or len({target for _, target in ways}) < len(ways):
        return None
    order = {name: place for place, name in enumerate(piece.backward.order)}
    ways = sorted(ways, key=lambda way: order[way[0]])
    if any(one[1] != other[0] for one, other in pairwise(ways)):
        return None
    ends = [way for way in ways if len(piece.backward.contributions(way[1])) > 1]
    first = ends[-1] if ends else ways[0]
    return (first, *(way for way in ways if way != first))


def _one_node(samples: Sequence[Sample], outputs: tuple[str, ...]) -> Finding | None:
    """The gradient of a node that passes it on in several directions has another factor."""
    piece = samples[0].piece
    if not set(outputs) <= set(piece.gradients):
        return None
    sent = [source for source, _ in piece.ways()]
    found: list[Finding] = []
    for node in dict.fromkeys(name for name in sent if sent.count(name) > 1):
        law = rule(samples, outputs, partial(gain_of_node, node))
        candidates: Iterator[Factor] = iter((law,)) if law else powers(_different(piece))
        for factor in candidates:
            finding = Finding("", "", "node", outputs, factor, node=node)
            if factor.says not in ("0", "1") and all(explains(finding, sample) for sample in samples):
                found.append(finding)
                break
    if len(found) != 1:
        return None
    node = found[0].node or ""
    slug, says = words.of_node(node, outputs, found[0].factor)
    return replace(found[0], slug=slug, says=says)


def _two_ways(samples: Sequence[Sample], outputs: tuple[str, ...]) -> Finding | None:
    """Two of the contributions that arrive where several do are missing, or have one wrong factor."""
    piece = samples[0].piece
    if not set(outputs) <= set(piece.gradients):
        return None
    ends = [way for way in piece.ways() if len(piece.backward.contributions(way[1])) > 1]
    found = []
    for ways in combinations(ends, 2):
        law = rule(samples, outputs, partial(gains_of_ways, ways)) or constant(0.0)
        finding = Finding("", "", "edges", outputs, law, ways)
        if law.says != "1" and all(explains(finding, sample) for sample in samples):
            found.append(finding)
    if len(found) != 1:
        return None
    slug, says = words.of_ways(piece, found[0].ways, outputs, found[0].factor)
    return replace(found[0], slug=slug, says=says)


def _one_place(samples: Sequence[Sample], outputs: tuple[str, ...]) -> Finding | None:
    """The first or last row or feature alone is wrong, at every size."""
    for length, what in (("D", "feature"), ("N", "row")):
        axes = {name: _axis(samples, name, length) for name in outputs}
        if None in axes.values() or len({sample.piece.sizes[length] for sample in samples}) < 2:
            continue
        for place in (0, -1):
            entries = {name: (axis, place) for name, axis in axes.items() if axis is not None}
            finding = Finding("", "", "entries", outputs, constant(1.0), entries=entries)
            if all(explains(finding, sample) for sample in samples):
                slug, says = words.of_entries(outputs, what, place)
                return replace(finding, slug=slug, says=says)
    return None


def _axis(samples: Sequence[Sample], name: str, length: str) -> int | None:
    """The one axis of an output that has the named length at every size, which is 2 at least."""
    found = [
        axis
        for axis in range(samples[0].right[name].ndim)
        if all(s.right[name].shape[axis] == s.piece.sizes.get(length, 0) >= 2 for s in samples)
    ]
    return found[0] if len(found) == 1 else None
