"""Nodes bear the names of the function's own local variables, and read as its statements do."""

import functools

import numpy as np
import pytest
from witness import function

from bnlib import trace
from bnlib.norms.staged import batchnorm_forward

x = np.random.default_rng(0).normal(size=(4, 3))
gamma = np.array([1.0, 2.0, 3.0])


def names(f, *arrays, **constants):
    return list(trace(f, *(arrays or (x,)), **constants).nodes)


def ops(f, *arrays, **constants):
    return {name: node.op for name, node in trace(f, *(arrays or (x,)), **constants).nodes.items()}


def test_the_staged_layer_has_the_names_of_the_curriculum():
    graph = trace(batchnorm_forward, x, gamma, gamma, eps=1e-5)
    assert list(graph.nodes) == [
        *("x", "gamma", "beta", "mu", "xmu", "sq", "var", "sqrtvar", "ivar", "xhat", "gammax", "out")
    ]
    assert {name: node.op for name, node in graph.nodes.items() if not node.is_input} == {
        "mu": "mean(x, axis=0)",
        "xmu": "x - mu",
        "sq": "xmu**2",
        "var": "mean(sq, axis=0)",
        "sqrtvar": "sqrt(var + eps)",
        "ivar": "1 / sqrtvar",
        "xhat": "xmu * ivar",
        "gammax": "gamma * xhat",
        "out": "gammax + beta",
    }
    assert graph["xmu"].parents == ("x", "mu")
    assert graph["xmu"].line.startswith("xmu = x - mu")
    assert graph["sq"].parents == ("xmu",)
    assert graph.inputs == ("x", "gamma", "beta")
    assert graph.result == "out"


def test_a_statement_is_one_node_and_unfolds():
    def f(x, gamma):
        out = gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-5)
        return out

    graph = trace(f, x, gamma)
    assert list(graph.nodes) == ["x", "gamma", "out"]
    assert graph["out"].parents == ("x", "gamma")
    assert graph["out"].op == "gamma * (x - mean(x, axis=0)) / sqrt(var(x, axis=0) + 1e-05)"
    unfolded = graph.unfold()
    assert list(unfolded.nodes)[2:] == [f"out.{k}" for k in range(1, 7)] + ["out"]
    assert [node.op for node in unfolded.nodes.values()][2:] == [
        "mean(x, axis=0)",
        "x - out.1",
        "gamma * out.2",
        "var(x, axis=0)",
        "out.4 + 1e-05",
        "sqrt(out.5)",
        "out.3 / out.6",
    ]
    assert list(graph.unfold("out").nodes) == list(unfolded.nodes)
    assert list(graph.unfold("x").nodes) == list(graph.nodes)
    assert list(unfolded.unfold().nodes) == list(unfolded.nodes)


def test_the_other_nodes_stay_folded_when_one_is_unfolded():
    def f(x):
        a = np.exp(x) + 1
        b = np.sqrt(a) * 2
        return b

    assert list(trace(f, x).unfold("b").nodes) == ["x", "a", "b.1", "b"]


def test_a_tuple_assignment_makes_a_node_of_each():
    def f(x):
        mu, scale = np.mean(x, axis=0), 2 * x
        mu, scale = scale + 1, mu - 1
        return mu * scale

    assert ops(f) == {
        "x": "",
        "mu#1": "mean(x, axis=0)",
        "scale#1": "2 * x",
        "mu": "scale + 1",
        "scale": "mu - 1",
        "out": "mu * scale",
    }


def test_of_a_name_assigned_again_the_last_is_plain():
    def f(x):
        out = x * 2
        out = out + 1
        out = np.exp(out)
        return out

    assert names(f) == ["x", "out#1", "out#2", "out"]


def test_an_input_keeps_its_name():
    def f(x):
        x = x - 1
        x *= 2
        return x

    graph = trace(f, x)
    assert list(graph.nodes) == ["x", "x#2", "x#3"]
    assert graph.result == "x#3"
    assert graph["x#3"].op == "x * 2"


def test_a_loop_names_each_turn():
    def f(x):
        out = x[0]
        for row in x[1:]:
            scaled = row * 2
            out = out + scaled
        return out

    assert names(f) == [
        *(
            "x",
            "out#1",
            "row#1.1",
            "row#1",
            "scaled#1",
            "out#2",
            "row#2",
            "scaled#2",
            "out#3",
            "row",
            "scaled",
            "out",
        )
    ]


def test_a_while_loop_and_a_loop_on_one_line():
    def f(x):
        k = 0
        out = x
        while k < 3:
            out = np.sqrt(out * out + k)
            k += 1
        for _ in range(2): out = out * 2  # fmt: skip  # noqa: E701
        return out

    assert names(f) == ["x", "out#1", "out#2", "out#3", "out#4", "out"]


def test_a_statement_of_several_lines_is_one():
    def f(x, gamma):
        out = (
            gamma  # the scale
            * np.mean(
                x,
                axis=0,
            )
            + 1.0
        )
        return out

    graph = trace(f, x, gamma)
    assert list(graph.nodes) == ["x", "gamma", "out"]
    assert graph["out"].op == "gamma * mean(x, axis=0) + 1"
    assert graph["out"].line == "out = ( gamma * np.mean( x, axis=0, ) + 1.0 )"


def test_several_statements_on_one_line():
    def f(x):
        a = x * 2; b = a + 1; return a * b  # fmt: skip  # noqa: E702

    assert ops(f) == {"x": "", "a": "x * 2", "b": "a + 1", "out": "a * b"}


def test_a_comprehension_belongs_to_its_statement():
    def f(x):
        rows = [row / (1 + row * row) for row in x]
        return np.stack([row * 2 + 1 for row in rows])

    graph = trace(f, x)
    assert graph.result == "out"
    assert graph["out"].op == "stack([row * 2 + 1 for row in rows])"
    assert not any(name.startswith("row") for name in graph.nodes)


def test_what_a_helper_does_belongs_to_the_statement_that_called_it():
    def centre(a):
        middle = np.mean(a, axis=0)
        return a - middle

    def f(x):
        xmu = centre(x)
        both = centre(xmu) * centre(x)
        return both

    graph = trace(f, x)
    assert list(graph.nodes) == ["x", "xmu", "both"]
    assert graph["xmu"].op == "centre(x)"
    assert list(graph.unfold("xmu").nodes) == ["x", "xmu.1", "xmu", "both"]


def test_a_helper_with_two_results():
    def statistics(a):
        mu = np.mean(a, axis=0)
        return mu, np.mean((a - mu) ** 2, axis=0)

    def f(x):
        mu, var = statistics(x)
        return (x - mu) / np.sqrt(var + 1e-5)

    assert names(f) == ["x", "mu", "var", "out"]


def test_a_recursive_function_is_named_by_its_first_call():
    def f(x, n=2):
        out = x * 2 if n == 0 else f(x, n - 1) + 1
        return out

    assert names(f) == ["x", "out"]


def test_lambdas():
    assert ops(lambda x: x * 2 + 1) == {"x": "", "out": "(x * 2) + 1"}
    doubled = lambda a, b: a @ b  # noqa: E731
    assert ops(doubled, x, gamma) == {"a": "", "b": "", "out": "a @ b"}
    assert trace(doubled, x, gamma).function == "<lambda>"


def test_partials():
    def f(x, gamma, eps):
        out = gamma * x + eps
        return out

    graph = trace(functools.partial(f, eps=1.0), x, gamma)
    assert list(graph.nodes) == ["x", "gamma", "out"]
    assert graph.function == "f"
    assert names(functools.partial(f, x), gamma, 1.0) == ["gamma", "eps", "out"]


def test_methods_and_objects_that_can_be_called():
    class Layer:
        def __init__(self):
            self.scale = 3.0

        def forward(self, x):
            # A comment further left than the code.
            xmu = x - np.mean(x, axis=0)
            self.kept = xmu
            return xmu * self.scale

        @staticmethod
        def double(x):
            twice = x * 2
            return twice

        @classmethod
        def triple(cls, x):
            thrice = x * 3
            return thrice

        def __call__(self, x):
            called = x + 1
            return called

    layer = Layer()
    assert ops(layer.forward) == {"x": "", "xmu": "x - mean(x, axis=0)", "out": "xmu * self.scale"}
    assert ops(layer.double) == {"x": "", "twice": "x * 2"}
    assert ops(Layer.triple) == {"x": "", "thrice": "x * 3"}
    assert ops(layer) == {"x": "", "called": "x + 1"}
    assert trace(layer, x).function == "Layer"


def test_decorated_functions():
    def loud(g):
        @functools.wraps(g)
        def wrapper(*args, **kwargs):
            return g(*args, **kwargs)

        return wrapper

    @loud
    @loud
    def f(x, eps=1.0):
        shifted = x + eps
        return shifted

    graph = trace(f, x)
    assert {name: node.op for name, node in graph.nodes.items()} == {"x": "", "shifted": "x + eps"}
    assert graph["shifted"].line == "shifted = x + eps"


def test_numpys_own_functions():
    # Older NumPy does not say what its functions call their arguments.
    assert ops(np.sqrt, np.abs(x)) in ({"x": "", "out": "sqrt(x)"}, {"x1": "", "out": "sqrt(x1)"})
    graph = trace(np.maximum, x, x)
    assert graph.inputs == ("x1", "x2")
    assert graph.function == "maximum"


def test_star_arguments_are_numbered():
    def f(x, *others):
        out = x
        for other in others:
            out = out + other
        return out

    assert trace(f, x, x, x).inputs == ("x", "others1", "others2")


def test_a_name_like_a_numbered_one_does_not_clash():
    def f(xs1, *xs):
        return xs1 * xs[0]

    graph = trace(f, x, x)
    assert len(graph.nodes) == 3
    assert graph.inputs[0] == "xs1"
    np.testing.assert_array_equal(graph.backward(np.ones(x.shape))[graph.inputs[1]], x)


def test_functions_without_source():
    text = """
    def f(x, gamma):
        mu = np.mean(x, axis=0)
        xmu = x - mu
        out = gamma * xmu / np.sqrt(np.mean(xmu**2, axis=0) + 1e-5)
        return out
    """
    graph = trace(function(text, known_source=False), x, gamma)
    assert list(graph.nodes) == ["x", "gamma", "mu", "xmu", "out"]
    assert graph["out"].op == "(gamma * xmu) / sqrt(mean(xmu**2, axis=0) + 1e-05)"
    assert graph["xmu"].line == ""
    assert graph["xmu"].lineno == 4


def test_source_that_has_been_changed_since_is_no_error(tmp_path):
    file = tmp_path / "layer.py"
    file.write_text("def f(x):\n    out = x * 2\n    return out\n")
    namespace = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    file.write_text("(((\n")
    assert names(namespace["f"]) == ["x", "out"]


def test_a_function_written_in_an_ipython_cell():
    shell = pytest.importorskip(
        "IPython.core.interactiveshell", reason="IPython is not installed"
    ).InteractiveShell()
    shell.user_ns["np"] = np
    cell = "def f(x):\n    mu = np.mean(x, axis=0)  # the mean\n    xmu = x - mu\n    return xmu * {}\n"
    for factor in (2, 3):
        shell.run_cell(cell.format(factor), store_history=True).raise_error()
        graph = trace(shell.user_ns["f"], x)
        assert {name: node.op for name, node in graph.nodes.items()} == {
            "x": "",
            "mu": "mean(x, axis=0)",
            "xmu": "x - mu",
            "out": f"xmu * {factor}",
        }
        assert graph["mu"].lineno == 2
        assert graph["mu"].line == "mu = np.mean(x, axis=0)  # the mean"


def test_an_alias_is_the_same_node():
    def f(x):
        same = x
        y = same * 2
        z = y
        return z + y

    assert names(f) == ["x", "y", "out"]


def test_in_place_every_alias_sees_the_new_value():
    def f(x):
        y = x * 1
        z = y
        y += 1
        return z * y

    graph = trace(f, x)
    assert list(graph.nodes) == ["x", "y#1", "y", "out"]
    assert graph["out"].parents == ("y",)


def test_a_result_without_a_name_is_out():
    assert names(lambda x: x + 1) == ["x", "out"]

    def f(x):
        out = x * 2
        return out + 1

    assert names(f) == ["x", "out", "out#2"]

    def g(x):
        return x * 2, np.sum(x), "text"

    graph = trace(g, x)
    assert graph.outputs == ("out1", "out2")
    assert graph["out1"].op == "x * 2"
    assert graph["out2"].op == "sum(x)"


def test_several_results():
    def f(x):
        mu = np.mean(x, axis=0)
        xmu = x - mu
        return xmu, mu, x, xmu, (mu, 3), None

    graph = trace(f, x)
    assert graph.outputs == ("xmu", "mu", "x")
    assert graph.result == "xmu"


def test_an_input_can_be_the_result():
    graph = trace(lambda x: x, x)
    assert list(graph.nodes) == ["x"]
    np.testing.assert_array_equal(graph.backward(x)["x"], x)


def test_what_is_computed_for_nothing_is_a_node_too():
    def f(x):
        np.sum(x)
        unused = x * 2  # noqa: F841
        return x + 1

    assert names(f) == ["x", "sum.1", "unused", "out"]


def test_attributes_and_entries_are_named_after_what_uses_them():
    class Kept:
        pass

    def f(x):
        kept = Kept()
        kept.mu = np.mean(x, axis=0)
        cache = {"var": np.mean((x - kept.mu) ** 2, axis=0)}
        out = cache["var"] + kept.mu
        return out

    assert names(f) == ["x", "out.1", "out.2", "out"]


def test_the_walrus_names_its_part():
    def f(x):
        out = (mu := np.mean(x, axis=0)) + mu**2
        return out

    graph = trace(f, x)
    assert list(graph.nodes) == ["x", "mu", "out"]
    assert graph["out"].parents == ("mu",)


def test_branches_match_statements_and_with_blocks():
    def f(x, kind="square"):
        match kind:
            case "square":
                a = x * 2
                b = a * a
            case _:
                b = x
        with np.errstate(all="ignore"):
            c = np.sqrt(b)
        try:
            d = c + 1
        finally:
            e = c * 2
        if e.shape[0] > 1:
            d = d * e
        return d

    assert ops(f) == {
        "x": "",
        "a": "x * 2",
        "b": "a * a",
        "c": "sqrt(b)",
        "d#1": "c + 1",
        "e": "c * 2",
        "d": "d * e",
    }


def test_a_helper_with_thousands_of_operations_reads_short():
    def helper(a):
        total = a * 0
        for _ in range(1500):
            total = total * a + 1
        return total

    def doubling(a):
        for _ in range(60):
            a = a * a
        return a

    def f(x):
        first = helper(x) + 1
        return first * doubling(x)

    graph = trace(f, x / 10)
    assert list(graph.nodes) == ["x", "first", "out"]
    assert graph["first"].op == "helper(x) + 1"
    assert all(edge.differentiable for edge in graph.edges)
    assert (
        max(len(node.op) for node in trace(eval("lambda x, h: h(x)"), x / 10, h=doubling).nodes.values())
        < 300
    )


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda a, b: np.sqrt(a) * np.exp(b) ** 2, "sqrt(a) * (exp(b)**2)"),
        (lambda a, b: (np.sqrt(a) * np.exp(b)) ** 2, "(sqrt(a) * exp(b))**2"),
        (lambda a, b: np.sqrt(np.exp(a) * np.exp(b)), "sqrt(exp(a) * exp(b))"),
        (lambda a, b: -(a + b) / 2, "(-(a + b)) / 2"),
        (lambda a, b: np.maximum(a - 1.5, b), "maximum(a - 1.5, b)"),
        (lambda a, b: np.sum(a * b, axis=1), "sum(a * b, axis=1)"),
        (lambda a, b: a + np.ones(3), "a + array"),
    ],
)
def test_brackets_stand_where_they_are_needed(f, text):
    # Two at once on one line: nothing but the operations themselves tells how they read.
    graph = trace(lambda a, b: f(a, b), np.abs(x), np.abs(x))
    unfolded = graph.unfold()
    assert len(unfolded.nodes) >= len(graph.nodes)
    code = function("def g(a, b):\n    return f(a, b)\n", known_source=False, f=f)
    assert trace(code, np.abs(x), np.abs(x))["out"].op == text
