"""`explain` finds the one change to a way back that gives an answer, foretells it for a fresh input, or is silent."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import bnlib.diagnose
from bnlib.diagnose import Finding, Piece, Sample, explain, parting
from bnlib.flow.cut import backward_with_cuts
from bnlib.graph import trace

SIZES = ((5, 3), (4, 6), (7, 2))
FRESH = (6, 4)


def softer(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """A small layer that is nobody's: a fan-out, a mean, a product, a broadcast."""
    centre = np.mean(x, axis=0)
    off = x - centre
    bent = np.tanh(off)
    y = w * bent * off
    return y


def piece(size: tuple[int, int], seed: int = 0) -> Piece:
    rng = np.random.default_rng([seed, *size])
    graph = trace(softer, rng.normal(size=size), rng.uniform(1.5, 2.5, size[1]))
    outputs = {"dx": "x", "dw": "w"}
    return Piece(graph, {"y": rng.normal(size=size)}, outputs, sizes=dict(zip("ND", size, strict=True)))


def explained(answer, sizes=SIZES) -> Finding | None:
    samples = []
    for size in sizes:
        one = piece(size)
        samples.append(Sample(one, answer(one), one.right()))
    return explain(samples)


def cut(one: Piece, *ways: tuple[str, str]) -> dict[str, np.ndarray]:
    sums, _ = backward_with_cuts(one.graph, one.backward, ways)
    return {output: sums[node] for output, node in one.gradients.items()}


def scaled(one: Piece, way: tuple[str, str], factor: float) -> dict[str, np.ndarray]:
    """What a backward pass gives in which one contribution is `factor` times what it should be."""
    right, without = one.right(), cut(one, way)
    return {name: without[name] + factor * (right[name] - without[name]) for name in right}


def foretells(finding: Finding | None, answer) -> bool:
    """Whether the finding gives the answer for an input of another size."""
    assert finding is not None
    fresh = piece(FRESH, seed=9)
    got = answer(fresh)
    predicted = finding.predict(fresh)
    return set(predicted) == set(finding.outputs) and all(
        np.allclose(predicted[name], got[name], rtol=0, atol=1e-9) for name in predicted
    )


WAYS = tuple(piece(SIZES[0]).ways())


@pytest.mark.parametrize("way", WAYS, ids="→".join)
@pytest.mark.parametrize("factor", ["0", "2", "-1", "N", "1/N", "N/(N - 1)"])
def test_a_change_at_any_edge_is_found_and_foretells_a_fresh_answer(way, factor):
    def answer(one: Piece) -> dict[str, np.ndarray]:
        n = one.sizes["N"]
        value = {"0": 0.0, "2": 2.0, "-1": -1.0, "N": n, "1/N": 1 / n, "N/(N - 1)": n / (n - 1)}[factor]
        return scaled(one, way, value)

    found = explained(answer)
    assert foretells(found, answer)
    assert found.factor.says == factor


def test_a_missing_contribution_is_told_where_it_should_have_arrived():
    found = explained(lambda one: cut(one, ("centre", "x")))
    assert found.slug == "contribution-missing"
    assert found.ways[0] == ("centre", "x")
    assert "what `x` gets back from `centre`, is missing" in found.says


def test_of_edges_that_can_not_be_told_apart_the_arrival_is_named_and_the_way_is_kept():
    found = explained(lambda one: cut(one, ("off", "centre")))
    assert found.ways == (("centre", "x"), ("off", "centre"))


def test_a_doubled_contribution_and_a_lost_sign_have_names_of_their_own():
    assert explained(lambda one: scaled(one, ("bent", "off"), 2.0)).slug == "contribution-doubled"
    assert explained(lambda one: scaled(one, ("bent", "off"), -1.0)).slug == "contribution-sign"


def test_two_contributions_may_be_missing_at_once():
    def answer(one):
        return cut(one, ("bent", "off"), ("centre", "x"))

    found = explained(answer)
    assert found.slug == "contribution-missing"
    assert set(found.ways) == {("bent", "off"), ("centre", "x")}
    assert foretells(found, answer)


FACTORS = {
    "N": lambda one: one.sizes["N"],
    "1/N": lambda one: 1 / one.sizes["N"],
    "1/D": lambda one: 1 / one.sizes["D"],
    "2": lambda one: 2.0,
    "-1": lambda one: -1.0,
    "1/2": lambda one: 0.5,
    "N/D": lambda one: one.sizes["N"] / one.sizes["D"],
    "w": lambda one: one.graph["w"].value,
    "1/w": lambda one: 1 / one.graph["w"].value,
}


@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("output", ["dx", "dw"])
def test_a_factor_on_a_whole_output_is_found_by_its_rule(name, output):
    def answer(one):
        right = one.right()
        return {**right, output: right[output] * FACTORS[name](one)}

    found = explained(answer)
    assert (found.slug, found.factor.says) == ("constant-factor", name)
    assert foretells(found, answer)


def test_a_written_number_where_a_length_belongs_is_told_by_where_it_is_right():
    two = explained(lambda one: {**one.right(), "dw": one.right()["dw"] * one.sizes["N"] / 2})
    assert two.slug == "only-n-two"
    five = explained(lambda one: {**one.right(), "dw": one.right()["dw"] * one.sizes["N"] / 5})
    assert five.slug == "only-one-shape"
    assert "right where N = 5" in five.says


@pytest.mark.parametrize(("axis", "slug"), [(0, "one-row"), (1, "one-feature")])
@pytest.mark.parametrize("place", [0, -1])
def test_one_row_or_one_feature_that_is_wrong_at_every_size_is_found(axis, slug, place):
    def answer(one):
        dx = one.right()["dx"].copy()
        np.moveaxis(dx, axis, 0)[place] = 7.0
        return {**one.right(), "dx": dx}

    found = explained(answer)
    assert found.slug == slug
    assert ("first" if place == 0 else "last") in found.says
    # It knows which entries are wrong, not what they are.
    predicted, fresh = found.predict(piece(FRESH))["dx"], piece(FRESH).right()["dx"]
    known = np.isfinite(predicted)
    np.testing.assert_allclose(predicted[known], fresh[known])
    assert not np.moveaxis(known, axis, 0)[place].any()
    assert known.sum() == known.size - np.moveaxis(known, axis, 0)[place].size


def noise(one: Piece) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {name: value + rng.normal(size=value.shape) for name, value in one.right().items()}


def test_what_nothing_explains_gets_no_finding():
    assert explained(noise) is None


def test_a_right_answer_gets_no_finding():
    assert explained(lambda one: one.right()) is None


def test_inputs_of_one_size_are_no_ground_for_a_finding():
    assert explained(lambda one: cut(one, ("centre", "x")), sizes=((5, 3), (5, 3))) is None


def test_a_finding_has_to_hold_where_the_answer_is_right_too():
    def answer(one):
        return one.right() if one.sizes["N"] == 7 else cut(one, ("centre", "x"))

    assert explained(answer) is None


def test_where_only_the_first_wrong_output_can_be_explained_the_finding_says_so():
    def answer(one):
        return {"dx": cut(one, ("centre", "x"))["dx"], "dw": noise(one)["dw"]}

    found = explained(answer)
    assert (found.slug, found.outputs) == ("contribution-missing", ("dx",))


def test_an_answer_that_is_not_finite_gets_no_finding():
    assert explained(lambda one: {**one.right(), "dx": one.right()["dx"] * np.nan}) is None


def test_a_forward_pass_is_followed_to_the_first_array_that_differs():
    def own(x, w):
        centre = np.mean(x, axis=0)
        off = x - 2 * centre
        y = w * off
        return y

    one = piece(SIZES[0])
    found = parting(trace(own, one.graph["x"].value, one.graph["w"].value), one)
    assert (found.name, found.agreed) == ("off", ("centre",))
    assert found.says.startswith("Your `centre` is still right. The first array that differs is `off`")
    assert parting(one.graph, one) is None


def test_an_array_of_another_shape_is_a_parting_too():
    def own(x, w):
        centre = np.mean(x)
        return x - centre + w

    one = piece(SIZES[0])
    found = parting(trace(own, one.graph["x"].value, one.graph["w"].value), one)
    assert (found.name, found.shape, found.expected) == ("centre", (), (3,))


def test_diagnose_knows_graphs_and_nothing_else_of_bnlib():
    for module in Path(bnlib.diagnose.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 2:
                assert node.module == "graph", f"{module.name} imports {node.module}"
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bnlib"))
