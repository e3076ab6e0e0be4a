"""Whether one number, or one finding, explains an answer at several inputs: quotients, and the rule in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .finding import Finding
from .laws import Law, law_of
from .piece import Sample

Way = tuple[str, str]
Gains = dict[str, np.ndarray]


def explains(finding: Finding, sample: Sample) -> bool:
    """Whether a finding foretells a sample, but for rounding and for what it leaves open."""
    for name, expected in finding.predict(sample.piece).items():
        known = np.isfinite(expected)
        if finding.kind != "entries" and not known.all():
            return False
        if not sample.fits(name, np.where(known, expected, sample.got[name])):
            return False
    return True


def gain_of_way(way: Way, sample: Sample) -> Gains:
    """What the outputs gain where the contribution at an edge comes a second time."""
    return sample.piece.carried(way[1], sample.piece.backward.contribution(*way).value)


def gains_of_ways(ways: Sequence[Way], sample: Sample) -> Gains:
    """What the outputs gain where each of several contributions comes a second time."""
    parts = [gain_of_way(way, sample) for way in ways]
    return {name: np.asarray(sum(part[name] for part in parts)) for name in parts[0]}


def gain_of_node(node: str, sample: Sample) -> Gains:
    """What the outputs gain where the gradient of a node comes a second time."""
    return sample.piece.carried(node, sample.piece.backward[node])


def rule(samples: Sequence[Sample], outputs: tuple[str, ...], gains: Callable[[Sample], Gains]) -> Law | None:
    """The rule by which the outputs differ from the truth by (c - 1) times the gains, if there is one."""
    factors = []
    for sample in samples:
        factor = _quotient(sample, outputs, gains(sample))
        if factor is None:
            return None
        factors.append(factor)
    return law_of(factors, [sample.piece.sizes for sample in samples])


def _quotient(sample: Sample, outputs: tuple[str, ...], gains: Gains) -> float | None:
    """The c of one sample, None where no single number explains every entry."""
    above = below = 0.0
    for name in outputs:
        gain, size = gains[name] / sample.size(name), sample.size(name)
        above += float(np.sum(gain * (sample.got[name] - sample.right[name]) / size))
        below += float(np.sum(gain * gain))
    # What is next to nothing explains nothing.
    if below < 1e-12:
        return None
    factor = 1.0 + above / below
    fits = all(sample.fits(name, sample.right[name] + (factor - 1.0) * gains[name]) for name in outputs)
    return factor if fits else None
