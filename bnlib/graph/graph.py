"""The computational graph of a traced function, and the gradient's way back through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .code import Source
from .naming import expression, names_of_nodes, operand_text
from .tape import Operation, Ref


@dataclass(frozen=True)
class Node:
    """An input, or what one statement computes.

    `name` is the function's own name for it, `op` the operation as text, `line` and `lineno` the line of code
    that made it, `parents` the names it was computed from in order of use, `operations` the indices of its
    operations on the tape. `value` is the array as it was then.
    """

    name: str
    op: str
    value: np.ndarray
    parents: tuple[str, ...]
    line: str
    lineno: int
    operations: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the value."""
        return self.value.dtype

    @property
    def is_input(self) -> bool:
        """Whether the function was given it."""
        return not self.operations


@dataclass(frozen=True)
class Edge:
    """`source` is used by `target`; no gradient passes where it is not `differentiable`."""

    source: str
    target: str
    differentiable: bool


@dataclass(frozen=True)
class Contribution:
    """What one use of `target` sends back to it: `source` is the node that used it.

    `name` is d<target>, numbered in order of arrival where there are several: dxmu1, dxmu2.
    """

    name: str
    source: str
    target: str
    value: np.ndarray


class Gradients(Mapping[str, np.ndarray]):
    """The gradient of every node by name, and each contribution it is the sum of.

    A node that the result does not depend on has a gradient of zeros. `order` is the reverse topological order
    in which the nodes were processed, `seed` what came from outside, by name.
    """

    def __init__(
        self,
        sums: dict[str, np.ndarray],
        arrived: dict[str, list[Contribution]],
        order: tuple[str, ...],
        seed: dict[str, np.ndarray],
    ) -> None:
        self._sums = sums
        self._arrived = arrived
        self.order = order
        self.seed = seed

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._sums[name]
        except KeyError:
            raise KeyError(f"no node is named {name!r}; there are {', '.join(self._sums)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._sums)

    def __len__(self) -> int:
        return len(self._sums)

    def contributions(self, name: str) -> list[Contribution]:
        """What arrived at a node, in order of arrival; with the seed, if any, it adds up to the gradient."""
        self[name]
        return list(self._arrived.get(name, ()))

    def contribution(self, source: str, target: str) -> Contribution:
        """What node `source` sent back to its parent `target`; raises KeyError where no gradient passed."""
        for one in self._arrived.get(target, ()):
            if one.source == source:
                return one
        raise KeyError(f"no gradient passed from {source!r} to {target!r}")


class Graph:
    """What ran, as a graph: `nodes` by name in the order of execution, `edges`, `inputs`, `outputs`, `result`.

    Made by `trace`. `roots` are operations that are to be nodes of their own beside those that have to be.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        outputs: Sequence[int],
        source: Source,
        function: str = "",
        roots: frozenset[int] | None = None,
    ) -> None:
        self._operations = tuple(operations)
        self._source = source
        self._outputs = tuple(outputs)
        self.function = function
        self._roots = roots

    # Tracing records; what the record means is worked out when somebody looks.
    @cached_property
    def _root(self) -> tuple[int, ...]:
        return _fold(self._operations, self._roots, self._outputs)

    @cached_property
    def _names(self) -> dict[int, str]:
        return names_of_nodes(self._operations, self._root, self._outputs)

    @cached_property
    def _members(self) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for i, root in enumerate(self._root):
            found.setdefault(root, []).append(i)
        return {root: tuple(members) for root, members in found.items()}

    @cached_property
    def _ends(self) -> dict[str, int]:
        return {name: index for index, name in self._names.items()}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every node by name, in the order of execution."""
        return {self._names[root]: self._node(root) for i, root in enumerate(self._root) if i == root}

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the arrays that the function was given."""
        return tuple(node.name for node in self.nodes.values() if node.is_input)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The names of what the function returned, as far as it depends on the inputs."""
        return tuple(self._names[i] for i in self._outputs)

    @property
    def result(self) -> str:
        """The name of the first of the outputs."""
        return self.outputs[0]

    def __getitem__(self, name: str) -> Node:
        try:
            return self.nodes[name]
        except KeyError:
            raise KeyError(f"no node is named {name!r}; there are {', '.join(self.nodes)}") from None

    def __repr__(self) -> str:
        return f"<Graph of {self.function}: {', '.join(self.nodes)}>"

    def unfold(self, *names: str) -> Graph:
        """The same graph with every operation of the named nodes, or of all, as a node of its own."""
        wanted = [self[name] for name in names] or list(self.nodes.values())
        opened = {i for node in wanted for i in node.operations}
        roots = frozenset(opened | set(self._root))
        return Graph(self._operations, self._outputs, self._source, self.function, roots)

    def consumers(self, name: str) -> tuple[str, ...]:
        """The nodes that use a node, in the order of execution."""
        self[name]
        return tuple(edge.target for edge in self.edges if edge.source == name)

    def backward(self, dout: Any = None) -> Gradients:
        """Carry a gradient back from the result to every node, in reverse topological order.

        `dout` has the result's shape; it may be left out where the result is a single number, and is then 1.
        For a function with several results it may be a dictionary from names of nodes to gradients. Returns
        the gradients by name together with each contribution. Raises ValueError for a dout of another shape.
        """
        seeds = self._seeds(dout)
        sums: dict[str, np.ndarray] = dict(seeds)
        arrived: dict[str, list[tuple[str, np.ndarray]]] = {}
        order = tuple(reversed(self.nodes))
        for name in order:
            if name not in sums:
                continue
            for parent, part in self.through(name, sums[name]).items():
                sums[parent] = sums[parent] + part if parent in sums else part
                arrived.setdefault(parent, []).append((name, part))
        for name in order:
            sums.setdefault(name, np.zeros(self[name].shape, _gradient_dtype(self[name].value)))
        contributions = {
            target: [
                Contribution(contribution_name(target, k, len(parts)), source, target, np.array(part))
                for k, (source, part) in enumerate(parts, 1)
            ]
            for target, parts in arrived.items()
        }
        # Copies, because a sum hands the same array on to everything that it added.
        return Gradients({name: np.array(sums[name]) for name in self.nodes}, contributions, order, seeds)

    def through(self, name: str, dz: Any) -> dict[str, np.ndarray]:
        """What one node sends back to each of its parents when `dz`, of its own shape, arrives: linear in dz."""
        node = self[name]
        sums: dict[int, np.ndarray] = {node.operations[-1]: np.asarray(dz)} if node.operations else {}
        sent: dict[int, np.ndarray] = {}
        for index in reversed(node.operations):
            operation, dz = self._operations[index], sums.get(index)
            if operation.rule is None or dz is None:
                continue
            operands = tuple(
                self._operations[o.index].value if isinstance(o, Ref) else o for o in operation.operands
            )
            for position, parent in operation.refs:
                if not operation.rule.differentiable(position):
                    continue
                part = operation.rule.vjp(position, dz, operation.value, operands, operation.parameters)
                part = part.astype(_gradient_dtype(self._operations[parent].value), copy=False)
                into = sent if self._root[parent] == parent else sums
                into[parent] = into[parent] + part if parent in into else part
        return {self._names[parent]: part for parent, part in sent.items()}

    def __len__(self) -> int:
        """The number of operations and inputs on the tape."""
        return len(self._operations)

    @property
    def source(self) -> Source:
        """The traced function's text, as far as it is known."""
        return self._source

    def operation(self, index: int) -> Operation:
        """One entry of the tape."""
        return self._operations[index]

    def end_of(self, name: str) -> int:
        """The index on the tape of the operation, or input, that a node's value is."""
        self[name]
        return self._ends[name]

    def text_of(self, operand: Any, within: str) -> str:
        """An operand of one of `within`'s operations as text: a node's name, or what was written there."""
        return operand_text(operand, self._operations, self.end_of(within), self._root, self._names)

    def _seeds(self, dout: Any) -> dict[str, np.ndarray]:
        seeds = {}
        for name, seed in (dout if isinstance(dout, Mapping) else {self.result: dout}).items():
            value = self[name].value
            if seed is None and value.size == 1:
                seed = np.ones(value.shape)
            if seed is None:
                raise ValueError(
                    f"backward needs the gradient of {name!r}, an array of shape {value.shape}; "
                    "a random one tells more than ones"
                )
            if np.shape(seed) != value.shape:
                raise ValueError(
                    f"the gradient of {name!r} has shape {np.shape(seed)} and needs {value.shape}"
                )
            seeds[name] = np.array(seed, dtype=_gradient_dtype(value))
        return seeds

    def _node(self, root: int) -> Node:
        last = self._operations[root]
        members = self._members[root]
        parents: dict[str, None] = {}
        for i in members:
            for _, parent in self._operations[i].refs:
                if self._root[parent] != root:
                    parents[self._names[self._root[parent]]] = None
        text = self._source.at(last.statement.line)
        if root != self._outputs[0]:
            text = replace(text, returned="")
        return Node(
            name=self._names[root],
            op=""
            if last.rule is None
            else expression(self._operations, members, self._root, self._names, text),
            value=last.value,
            parents=tuple(parents),
            line="" if last.rule is None else text.text,
            lineno=last.statement.line,
            operations=() if last.rule is None else members,
        )

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every use of one node by another, in the order of execution."""
        found: dict[tuple[int, int], bool] = {}
        smooth = _reaches_smoothly(self._operations, self._root)
        for operation in self._operations:
            target = self._root[operation.index]
            for position, parent in operation.refs:
                if self._root[parent] == target:
                    continue
                passes = operation.rule is not None and operation.rule.differentiable(position)
                passes = passes and smooth[operation.index]
                key = (self._root[parent], target)
                found[key] = found.get(key, False) or passes
        return tuple(Edge(self._names[s], self._names[t], passes) for (s, t), passes in found.items())


def contribution_name(target: str, number: int, count: int) -> str:
    """`dxmu` where there is one contribution, `dxmu1`, `dxmu2` where there are several."""
    if count == 1:
        return f"d{target}"
    return f"d{target}_{number}" if target[-1].isdigit() else f"d{target}{number}"


def _gradient_dtype(value: np.ndarray) -> np.dtype:
    return value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)


def _fold(
    operations: Sequence[Operation], roots: frozenset[int] | None, outputs: Sequence[int]
) -> tuple[int, ...]:
    """For each operation the one on which its node ends.

    An operation belongs to the node that uses it when it has no name, all its uses are in that one node, and
    it stands in the same run of the same statement. Everything else ends a node of its own.
    """
    users: list[set[int]] = [set() for _ in operations]
    for operation in operations:
        for _, parent in operation.refs:
            users[parent].add(operation.index)
    root = list(range(len(operations)))
    keep = set(outputs)
    for operation in reversed(operations):
        i = operation.index
        if operation.rule is None or operation.name or i in keep or (roots is not None and i in roots):
            continue
        homes = {root[user] for user in users[i]}
        if len(homes) == 1 and all(operations[u].statement == operation.statement for u in users[i]):
            root[i] = homes.pop()
    return tuple(root)


def _reaches_smoothly(operations: Sequence[Operation], root: Sequence[int]) -> list[bool]:
    """For each operation, whether a gradient at the end of its node reaches it inside that node."""
    smooth = [i == end for i, end in enumerate(root)]
    for operation in reversed(operations):
        if operation.rule is not None and smooth[operation.index]:
            for position, parent in operation.refs:
                if root[parent] == root[operation.index] and operation.rule.differentiable(position):
                    smooth[parent] = True
    return smooth
