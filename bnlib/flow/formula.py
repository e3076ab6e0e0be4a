"""The formula of a contribution in the learner's own names, and the same with one entry's numbers put in."""

from __future__ import annotations

import re

import numpy as np

from ..graph import Gradients, Graph
from ..ops.reductions import count
from ..tape import Ref


def formula(graph: Graph, source: str, target: str) -> str:
    """How `source` makes the contribution that it sends back to `target`, such as "dxhat * ivar".

    Where the statement uses `target` several times, the ways add up. A sum over the rows along which an operand
    was broadcast is written out.
    """
    end = graph[source].operations[-1]
    wanted = graph.end_of(target)
    ways = [
        _through(graph, end, source, index, position)
        for index in graph[source].operations
        for position, parent in graph.operation(index).refs
        if parent == wanted and _smooth(graph, index, position)
    ]
    return _plainer(" + ".join(ways))


def _plainer(text: str) -> str:
    """Take out what a learner would not write: a power of one, a factor of one."""
    text = re.sub(r"\*\*\((-?[\d.]+) - 1\)", lambda found: _power(float(found[1]) - 1), text)
    return text.replace(" * 1 / ", " / ")


def _power(exponent: float) -> str:
    return "" if exponent == 1 else f"**{exponent:g}" if exponent >= 0 else f"**({exponent:g})"


def _smooth(graph: Graph, index: int, position: int) -> bool:
    rule = graph.operation(index).rule
    return rule is not None and rule.differentiable(position)


def _upstream(graph: Graph, end: int, source: str, index: int) -> str:
    """The gradient of one operation's value: d<source> at the end of the statement, else what its users send."""
    if index == end:
        return f"d{source}"
    ways = [
        _through(graph, end, source, user, position)
        for user in graph[source].operations
        for position, parent in graph.operation(user).refs
        if parent == index and _smooth(graph, user, position)
    ]
    return " + ".join(ways)


def _through(graph: Graph, end: int, source: str, index: int, position: int) -> str:
    operation = graph.operation(index)
    rule = operation.rule
    assert rule is not None
    written = rule.formulas[0 if rule.many else position] or ""
    dz = _upstream(graph, end, source, index)
    if " " in dz and written != "{dz}":
        dz = f"({dz})"
    texts = [graph.text_of(operand, source) for operand in operation.operands]
    first = operation.operands[0]
    entries = graph.operation(first.index).value if isinstance(first, Ref) else first
    axis = operation.parameters.get("axis")
    whole = count(entries, axis) if axis is None or isinstance(axis, (int, tuple)) else 0
    z = source if index == end else f"({graph.text_of(Ref(index), source)})"
    text = written.format(*texts, dz=dz, z=z, n=whole)
    own = operation.operands[position]
    shape = graph.operation(own.index).value.shape if isinstance(own, Ref) else np.shape(own)
    axes = _summed(operation.value.shape, shape) if "{n}" not in written and not operation.parameters else ()
    if not axes or "@" in written:
        return text
    return f"sum({text}, axis={axes[0] if len(axes) == 1 else axes})"


def _summed(result: tuple[int, ...], operand: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of the result along which the operand was stretched."""
    extra = len(result) - len(operand)
    if extra < 0:
        return ()
    stretched = tuple(i + extra for i, n in enumerate(operand) if n == 1 and result[i + extra] != 1)
    return tuple(range(extra)) + stretched


def numbers(graph: Graph, gradients: Gradients, source: str, target: str) -> str:
    """The contribution's largest entry as upstream times local, with numbers: "0.31 * 1.7 = 0.53".

    Each local derivative is asked of the node itself, with an upstream gradient that is 1 at one entry and 0
    elsewhere. Where the products found so do not add up to the entry (a matrix product has more of them), the
    entry alone is given.
    """
    one = gradients.contribution(source, target)
    value = one.value
    if value.size == 0:
        return ""
    largest = 0 if np.isnan(value).all() else int(np.nanargmax(np.abs(value)))
    place = tuple(int(i) for i in np.unravel_index(largest, value.shape))
    where = f"{one.name}[{', '.join(map(str, place))}]" if place else one.name
    entry = float(value[place])
    upstream = gradients[source]
    terms = [
        (float(upstream[i]), _local(graph, source, target, i, place))
        for i in _uses(upstream.shape, value.shape, place)
    ]
    total = sum(u * local for u, local in terms)
    if not np.isfinite(entry) or not terms or abs(total - entry) > 1e-6 * max(abs(entry), 1e-30):
        return f"{where} = {entry:.3g}"
    shown = " + ".join(f"{_bracket(u)} × {_bracket(local)}" for u, local in terms[:3])
    rest = f" + … ({len(terms)} products)" if len(terms) > 3 else ""
    return f"{where} = {shown}{rest} = {entry:.3g}"


def _local(graph: Graph, source: str, target: str, at: tuple[int, ...], place: tuple[int, ...]) -> float:
    probe = np.zeros(graph[source].shape)
    probe[at] = 1.0
    with np.errstate(all="ignore"):
        back = graph.through(source, probe)
    return float(back[target][place])


def _uses(result: tuple[int, ...], operand: tuple[int, ...], place: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The entries of the result that one entry of the operand can have gone into, by broadcasting or reduction."""
    if result == operand:
        return [place]
    extra = len(result) - len(operand)
    if extra < 0 or any(r == 1 != o for r, o in zip(result, operand, strict=False) if len(result) == len(operand)):
        # A reduction: with its axes kept their index is 0, else they are the ones that are gone.
        if len(result) == len(operand):
            return [tuple(0 if r == 1 else i for r, i in zip(result, place, strict=True))]
        found = [place[len(place) - len(result) :], place[: len(result)]]
        return [found[0] if operand[len(operand) - len(result) :] == result else found[1]]
    ranges = [range(n) for n in result[:extra]]
    ranges += [range(r) if o == 1 else range(i, i + 1) for r, o, i in zip(result[extra:], operand, place, strict=True)]
    if int(np.prod([len(r) for r in ranges])) > 256:
        return []
    return [tuple(index) for index in np.array(np.meshgrid(*ranges, indexing="ij")).reshape(len(result), -1).T.tolist()]


def _bracket(value: float) -> str:
    text = f"{value:.3g}"
    return f"({text})" if value < 0 else text
