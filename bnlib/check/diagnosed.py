"""What the exercise's graph explains of a wrong answer that is no known mistake."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from ..diagnose import Finding, Parting, Piece, Sample, explain, parting
from ..diagnose.laws import constant
from ..diagnose.piece import CLOSE
from ..diagnose.words import of_output
from ..graph import Graph, trace
from .attempt import Attempt, quiet
from .evidence import Evidence, kind_of
from .structural import Named

# Wrong answers to explain with one change; two are the least, more leave less to chance.
WRONG, RIGHT = 4, 3


def graph_finding(evidence: Evidence) -> Finding | None:
    """The one change to the graph's way back that gives the learner's numbers, at fresh inputs too."""
    graph = evidence.exercise.graph
    failing = evidence.failing
    if graph is None or kind_of(failing) == "float32":
        return None
    first = _sample(failing, graph)
    if first is None or next(iter(failing.wrong)) not in first.right:
        return None
    wrong, right = [first], []
    for attempt in evidence.passed[:RIGHT]:
        sample = _sample(attempt, graph) if kind_of(attempt) != "float32" else None
        right += [sample] if sample else []
    for index in evidence.near:
        if len(wrong) >= WRONG:
            break
        evidence.look_at_the_clock()
        attempt = evidence.at(index)
        sample = _sample(attempt, graph) if kind_of(attempt) != "float32" else None
        if attempt.status == "error":
            return None
        if sample is not None:
            (right if attempt.passed else wrong).append(sample)
    evidence.look_at_the_clock()
    return explain([*wrong, *right])


def plain_factor(evidence: Evidence) -> Named | None:
    """One number by which the first wrong output is off, the same at every input; where there is no graph."""
    failing = evidence.failing
    if evidence.exercise.graph is not None or kind_of(failing) == "float32" or not failing.wrong:
        return None
    first = next(iter(failing.wrong))
    factors = []
    for attempt in [failing, *(evidence.at(index) for index in evidence.near[:WRONG])]:
        if kind_of(attempt) == "float32":
            continue
        if first not in attempt.wrong and not attempt.passed:
            return None
        factor = _factor(attempt.output(first), attempt.right(first)) if attempt.complete else None
        if factor is None:
            return None
        factors.append(factor)
    law = constant(factors[0])
    if len(factors) < 3 or np.ptp(factors) > 1e-7 * abs(factors[0]) or law.says in ("0", "1"):
        return None
    return of_output((first,), law)


def _factor(got: Any, right: Any) -> float | None:
    """The number that makes one array of the other, None where there is none."""
    if not isinstance(got, np.ndarray) or not isinstance(right, np.ndarray) or got.shape != right.shape:
        return None
    size = float(np.sum(right.astype(np.float64) ** 2)) if right.dtype.kind == "f" else 0.0
    if not size or got.dtype.kind != "f" or not np.isfinite(got).all():
        return None
    factor = float(np.sum(got * right)) / size
    return factor if np.allclose(got, factor * right, rtol=0, atol=CLOSE * np.max(np.abs(right))) else None


def piece_of(evidence: Evidence) -> Piece | None:
    """The graph at the case that failed."""
    graph = evidence.exercise.graph
    return None if graph is None else _right_graph(graph, evidence.failing)


def forward_parting(evidence: Evidence) -> Parting | None:
    """Where the learner's forward pass parts from the right one, where it can be traced in this process."""
    failing = evidence.failing
    piece = piece_of(evidence)
    if piece is None or not piece.values or kind_of(failing) == "float32" or not failing.wrong:
        return None
    if next(iter(failing.wrong)) not in piece.values:
        return None
    name = next(iter(evidence.exercise.references))
    own = _traced(evidence.functions[name], failing.case.args)
    return None if own is None else parting(own, piece)


def _traced(function: Callable[..., Any], args: tuple[Any, ...]) -> Graph | None:
    code = getattr(function, "__code__", None)
    arrays = [argument for argument in args if isinstance(argument, np.ndarray)]
    if code is None or code.co_argcount < len(args):
        return None
    rest = dict(zip(code.co_varnames[len(arrays) : len(args)], args[len(arrays) :], strict=True))
    if any(isinstance(argument, np.ndarray) for argument in rest.values()):
        return None
    try:
        with quiet(io.StringIO()):
            return trace(function, *copy.deepcopy(arrays), **copy.deepcopy(rest))
    except (Exception, SystemExit):
        return None


def _sample(attempt: Attempt, graph: Callable[[tuple[Any, ...]], Piece]) -> Sample | None:
    """An attempt beside its graph; None where what came back isn't as many arrays as were asked for."""
    if not attempt.complete:
        return None
    piece = _right_graph(graph, attempt)
    names = [name for name in attempt.exercise.outputs if name in {**piece.values, **piece.gradients}]
    got, right = {}, {}
    for name in names:
        value = attempt.output(name)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return None
        got[name], right[name] = value.astype(np.float64), attempt.right(name)
    return Sample(piece, got, right, attempt.case.scale)


def _right_graph(graph: Callable[[tuple[Any, ...]], Piece], attempt: Attempt) -> Piece:
    with np.errstate(all="ignore"):
        return graph(copy.deepcopy(attempt.case.args))
