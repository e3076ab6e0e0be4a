"""The computational graph of a plain NumPy function: recorded by `trace`, walked back by `Graph.backward`.

`traced` and `dispatch` see the operations and `tape` keeps them; `tracer` and `code` watch the function's lines;
`naming` finds the words, `folding` makes nodes of operations; `graph` carries gradients back through `parts`.
"""

from .graph import Graph
from .parts import Contribution, Edge, Gradients, Node
from .tape import Ref, TraceError
from .tracer import trace

__all__ = ["Contribution", "Edge", "Gradients", "Graph", "Node", "Ref", "TraceError", "trace"]
