"""A contribution in the learner's own names: its formula, and that as upstream times local derivative."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..graph import Graph
from ..graph.tape import Operation, Ref
from ..ops.reductions import count


@dataclass(frozen=True)
class Product:
    """A contribution as upstream times local derivative, added up along `axes` where the operand was stretched."""

    local: str
    axes: tuple[int, ...] = ()


def formula(graph: Graph, source: str, target: str) -> str:
    """How `source` makes the contribution that it sends back to `target`, such as "dxhat * ivar".

    Where the statement uses `target` several times, the ways add up. A sum over the rows along which an operand
    was broadcast is written out.
    """
    end = graph.end_of(source)
    return _plainer(
        " + ".join(_through(graph, end, source, *way) for way in _ways(graph, source, graph.end_of(target)))
    )


def product(graph: Graph, source: str, target: str) -> Product | None:
    """The same as a local derivative, such as "ivar" for "dxhat * ivar"; None where it is no such product.

    A matrix product, a maximum over an axis, or a target that the statement uses in several ways is none.
    """
    end, wanted = graph.end_of(source), graph.end_of(target)
    factors: list[str] = []
    axes: tuple[int, ...] = ()
    while True:
        ways = list(_ways(graph, source, wanted))
        if len(ways) != 1:
            return None
        index, position = ways[0]
        operation = graph.operation(index)
        factor = _factor(_fill(graph, end, source, index, position, "@"))
        stretched = _stretched(graph, operation, position)
        # What was multiplied in before a sum can't be written behind it.
        if factor is None or (stretched and (axes or factors)):
            return None
        axes = axes or stretched
        if factor != "1":
            factors.append(factor)
        if index == end:
            break
        wanted = index
    minus = sum(factor.startswith("-") for factor in factors) % 2
    plain = [factor.removeprefix("-") for factor in reversed(factors)]
    plain = [factor for factor in plain if factor != "1"] or ["1"]
    shown = [f"({factor})" if len(plain) > 1 and re.search(r" [+-] ", factor) else factor for factor in plain]
    return Product(_plainer(("-" if minus else "") + " * ".join(shown)), axes)


def _factor(filled: str) -> str | None:
    """What stands beside the upstream gradient, here "@", in a formula; None where that is not a factor."""
    sign, rest = ("-", filled[1:]) if filled.startswith("-") else ("", filled)
    if rest == "@":
        return f"{sign}1"
    if rest.startswith("@ * ") and "@" not in rest[4:]:
        return sign + rest[4:]
    return f"{sign}1 / {rest[4:]}" if rest.startswith("@ / ") and "@" not in rest[4:] else None


def _ways(graph: Graph, source: str, wanted: int) -> list[tuple[int, int]]:
    """Each use that an operation of `source` makes of an entry of the tape, as (operation, position)."""
    return [
        (index, position)
        for index in graph[source].operations
        for position, parent in graph.operation(index).refs
        if parent == wanted and _smooth(graph.operation(index), position)
    ]


def _smooth(operation: Operation, position: int) -> bool:
    return operation.rule is not None and operation.rule.differentiable(position)


def _through(graph: Graph, end: int, source: str, index: int, position: int) -> str:
    ways = [] if index == end else _ways(graph, source, index)
    dz = " + ".join(_through(graph, end, source, *way) for way in ways) or f"d{source}"
    operation = graph.operation(index)
    bare = (
        operation.rule is not None
        and operation.rule.formulas[0 if operation.rule.many else position] == "{dz}"
    )
    text = _fill(graph, end, source, index, position, f"({dz})" if " " in dz and not bare else dz)
    axes = _stretched(graph, operation, position)
    if not axes:
        return text
    return f"sum({text}, axis={axes[0] if len(axes) == 1 else axes})"


def _fill(graph: Graph, end: int, source: str, index: int, position: int, dz: str) -> str:
    """The rule's formula with the operands' names, the upstream gradient and the number of entries in it."""
    operation = graph.operation(index)
    rule = operation.rule
    assert rule is not None
    written = rule.formulas[0 if rule.many else position] or ""
    texts = [graph.text_of(operand, source) for operand in operation.operands]
    first = operation.operands[0] if operation.operands else None
    entries = graph.operation(first.index).value if isinstance(first, Ref) else first
    axis = operation.parameters.get("axis")
    n = count(entries, axis) if "{n}" in written else 0
    z = source if index == end else f"({graph.text_of(Ref(index), source)})"
    return written.format(*texts, dz=dz, z=z, n=n)


def _stretched(graph: Graph, operation: Operation, position: int) -> tuple[int, ...]:
    """The axes of the result along which broadcasting stretched an operand: going back they are summed over."""
    if operation.parameters or (operation.rule is not None and "@" in operation.rule.reads):
        return ()
    own, result = operation.operands[position], operation.value.shape
    shape = graph.operation(own.index).value.shape if isinstance(own, Ref) else np.shape(own)
    extra = len(result) - len(shape)
    if extra < 0:
        return ()
    return (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and result[i + extra] != 1))


def _plainer(text: str) -> str:
    """Take out what a learner would not write: a power of one, a factor of one."""
    text = re.sub(r"\*\*\((-?[\d.]+) - 1\)", lambda found: _power(float(found[1]) - 1), text)
    return re.sub(r" \* 1 / ", " / ", re.sub(r"(?<![\w.)\]])1 \* ", "", text))


def _power(exponent: float) -> str:
    return "" if exponent == 1 else f"**{exponent:g}" if exponent >= 0 else f"**({exponent:g})"
