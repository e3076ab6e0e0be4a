"""The computational graph of a traced function, and the gradient's way back through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from .code import Source
from .folding import fold, reaches_smoothly
from .naming import expression, names_of_nodes, operand_text
from .parts import Contribution, Edge, Gradients, Node, contribution_name
from .tape import Operation, Ref


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
        return fold(self._operations, self._roots, self._outputs)

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
        smooth = reaches_smoothly(self._operations, self._root)
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


def _gradient_dtype(value: np.ndarray) -> np.dtype:
    return value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
