"""Exercises of notebook 04: measure a gradient, compare two, choose an upstream one, find a bug."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..gradcheck import numeric_gradient, relative_error
from ..suspects import ORDER, record
from . import differentiable, upstream
from .batches import layer
from .mistakes.choosing import mistake as of_choosing
from .mistakes.comparing import mistake as of_comparing
from .mistakes.gradient_check import mistake as of_measuring
from .spec import Case, Exercise, NotStarted, WrongAnswer

Array = NDArray[Any]
Functions = Mapping[str, Callable[..., Any]]


def find_the_bug(
    suspect: Mapping[str, Array], truth: Mapping[str, Array], order: Sequence[str]
) -> str | None:
    """The first name in `order` whose gradient in `suspect` is wrong by more than rounding; None if none is.

    What is called rounding is an error below a millionth of the entry, or, near 0, of 1e-8.
    """
    for name in order:
        if relative_error(suspect[name], truth[name]) > 1e-6:
            return name
    return None


# 4.2 --------------------------------------------------------------------------------------------------------


def _pairs(rng: np.random.Generator) -> Iterator[Case]:
    a = rng.normal(size=(5, 3))
    yield Case("two different arrays of 5 rows and 3 columns", (a, a * rng.uniform(0.9, 1.1, a.shape)))
    yield Case("a first array whose every entry is too small", (a - 0.1 * np.abs(a), a))
    one = a.copy()
    one[3, 1] *= 1.01
    yield Case("arrays that differ in one entry", (one, a))
    yield Case("arrays with opposite signs", (a, -2.0 * a))
    yield Case("two equal arrays", (a, a.copy()))
    yield Case("arrays of zeros", (np.zeros((2, 3)), np.zeros((2, 3))))
    yield Case("a zero where the other has a number", (np.array([0.0, 2.0]), np.array([0.5, 2.0])))
    yield Case("numbers far below 1e-8", (rng.uniform(1e-12, 2e-12, 4), -rng.uniform(1e-12, 2e-12, 4)))
    yield Case("numbers whose sizes differ much", (np.array([1e6, 1e-3]), np.array([1e6 + 1.0, 2e-3])))
    yield Case("float32 numbers", (one.astype(np.float32), a.astype(np.float32)))
    yield Case("whole numbers", (np.array([3, -4, 5]), np.array([3, 4, 6])))
    yield Case("a single number on each side", (np.array(2.0), np.array(2.5)))
    for name, value in (("NaN", np.nan), ("infinity", np.inf)):
        for where in (0, 7, 14):
            bad = a.copy()
            bad.ravel()[where] = value
            yield Case(f"a first array that holds {_a(name)}", (bad, a))
            yield Case(f"a second array that holds {_a(name)}", (a, bad))
    both = a.copy()
    both[0, 0] = np.nan
    yield Case("two arrays with a NaN at the same place", (both, both.copy()))


def _a(name: str) -> str:
    return "an infinity" if name == "infinity" else "a NaN"


def run_relative_error(functions: Functions, args: tuple[Any, ...]) -> Any:
    """The error; and 0 where an array isn't finite and the answer is one that no limit lets pass."""
    error = functions["relative_error"](*args)
    if error is None or all(np.isfinite(a).all() for a in args):
        return error
    if not isinstance(error, (int, float, np.number)) and np.ndim(error) != 0:
        return error
    # With NaN, `error < limit` and `error > limit` are both false: whether it passes is left to luck.
    if np.isnan(error):
        raise WrongAnswer(
            "The result is NaN. `error < limit` is false then, and so is `error > limit`: a check written "
            "the second way finds nothing wrong. Return something that is larger than every limit."
        )
    if not error >= 1.0:
        raise WrongAnswer(
            f"The result is {float(error):.3g}, so a gradient that isn't a number would pass. Return "
            f"something that is larger than every limit."
        )
    return 0.0


# 4.3 --------------------------------------------------------------------------------------------------------

_NOTHING = "None, because nothing is wrong"
_GLARING = ({"dz": np.array([1.0, 2.0])}, {"dz": np.array([5.0, -7.0])}, ["dz"])


def run_find_the_bug(functions: Functions, args: tuple[Any, ...]) -> Any:
    """The name that was found, with None told apart from a cell that hasn't been written yet."""
    find = functions["find_the_bug"]
    found = find(*args)
    if found is None:
        suspect, truth, order = _GLARING
        if find(dict(suspect), dict(truth), list(order)) is None:
            raise NotStarted("Not started yet: it returns None even where everything is wrong.")
        return _NOTHING
    return found if isinstance(found, str) else str(found)


def _records(rng: np.random.Generator) -> Iterator[Case]:
    def pair(mistake: str | None, n: int = 6, d: int = 3, **options: Any) -> tuple[Any, Any]:
        values = layer(rng, n, d, eps=0.3, **options)
        truth = record(values["dout"], values["cache"])
        # Another order of the sums, as another right program would have it: never equal to the last bit.
        noise = {k: v * (1.0 + 1e-13 * rng.choice([-1.0, 1.0], v.shape)) for k, v in truth.items()}
        wrong = noise if mistake is None else record(values["dout"], values["cache"], mistake)
        return {k: wrong[k] if np.max(np.abs(wrong[k] - truth[k])) > 1e-9 else noise[k] for k in ORDER}, truth

    def case(says: str, suspect: dict[str, Array], truth: dict[str, Array]) -> Case:
        # In the order of the alphabet, so that only `order` tells what was made first.
        names = sorted(ORDER)
        first = {k: suspect[k].astype(truth[k].dtype) for k in names}
        return Case(says, (first, {k: truth[k] for k in names}, list(ORDER)))

    # For a comparison that keeps signs, half of the mistakes are none.
    for says, factor in (("small", 0.9), ("large", 1.1)):
        suspect, truth = pair(None)
        suspect["dvar"] = truth["dvar"] + (factor - 1.0) * np.abs(truth["dvar"])
        yield case(f"a gradient whose every entry is too {says}", suspect, truth)

    for mistake in ("the sign of the inversion lost", "N - 1 for the mean", "gamma in dgamma", "dxmu2 lost"):
        yield case(f"a backward pass of which this is true: {mistake}", *pair(mistake))
    yield case("a backward pass that is right, but for rounding", *pair(None))

    suspect, truth = pair("dx2 overwrites dx1")
    yield case("a backward pass whose last step is wrong", suspect, truth)
    suspect, truth = pair("dbeta is a mean")
    suspect["dx"] = -suspect["dx"]
    yield case("a backward pass with a wrong gradient at the beginning and at the end", suspect, truth)

    suspect, truth = pair(None)
    suspect["dsq"] = truth["dsq"].copy()
    suspect["dsq"][2, 1] *= 1.001
    yield case("one entry of one gradient, off by a thousandth", suspect, truth)

    suspect, truth = pair("N - 1 for the variance")
    size = 5e-8 / float(np.max(np.abs(suspect["dsq"] - truth["dsq"])))
    small = ({k: size * v for k, v in g.items()} for g in (suspect, truth))
    yield case("gradients that are small throughout, as after a mean over many rows", *small)
    suspect, truth = pair(None)
    large = ({k: 1e6 * v for k, v in g.items()} for g in (suspect, truth))
    yield case("gradients that are large throughout, and right but for rounding", *large)

    suspect, truth = pair(None)
    suspect["divar"] = suspect["divar"].copy()
    suspect["divar"][1] = np.nan
    yield case("a gradient that isn't a number", suspect, truth)

    suspect, truth = pair(None)
    truth["dmu"] = np.zeros_like(truth["dmu"])
    suspect["dmu"] = rng.choice([-1.0, 1.0], 3) * 1e-17
    yield case("a gradient that is exactly 0 in the one and 1e-17 in the other", suspect, truth)

    suspect, truth = pair("the square's 2 lost", dtype=np.float32)
    suspect = {k: suspect[k] if k in ("dxmu2", "dx1", "dmu", "dx2", "dx") else truth[k].copy() for k in ORDER}
    yield case("gradients in float32", suspect, truth)


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        id="4.1",
        title="A gradient without calculus",
        asks="the gradient of `np.sum(df * f(x))` by centred differences with the step `h`, in the shape of "
        "`x`.",
        references={"numeric_gradient": numeric_gradient},
        returns=("dx",),
        cases=differentiable.cases,
        hints=(
            "One entry of x moves at a time. How many times is `f` called for an x with 15 entries?",
            "For each index make two arrays that differ from x in that entry only, one by `h` up and one by "
            "`h` down. In which dtype must they be, for an x of whole numbers?",
            "Work on copies in float64. The entry of dx is `df` times the difference of the two results, "
            "summed over everything, divided by the distance between the two points.",
        ),
        section="Centred-differences",
        mistakes=of_measuring.of("4.1"),
        shapes={"dx": "of x"},
    ),
    Exercise(
        id="4.2",
        title="How far apart are two gradients",
        asks="the largest `|a - b| / max(1e-8, |a| + |b|)` of all entries; and where anything in `a` or `b` "
        "isn't finite, `np.inf`.",
        references={"relative_error": relative_error},
        returns=("error",),
        cases=_pairs,
        hints=(
            "Each entry has an error of its own. Which of them should the check hear about?",
            "`np.maximum` takes the larger of two arrays entry by entry, `np.max` the largest entry of one "
            "array.",
            "Ask whether all entries of both arrays are finite before you divide. If not, the answer is "
            "settled.",
        ),
        section="How-far-apart-are-two-gradients",
        mistakes=of_comparing.of("4.2"),
        run=run_relative_error,
    ),
    Exercise(
        id="4.4",
        title="An upstream gradient to trust",
        asks="an array of the given shape, the same for the same seed, that hides no mistake.",
        references={"good_upstream": upstream.good_upstream},
        returns=("dout",),
        cases=upstream.cases,
        hints=(
            "What do an array of ones, one with equal rows and one whose columns sum to 0 have in common?",
            "Nothing in it should be equal, or cancel, for a reason. Where do numbers without a reason come "
            "from?",
            "NumPy's `default_rng` takes the seed, and what it returns makes normally distributed arrays of "
            "a shape.",
        ),
        section="Why-the-upstream-gradient-must-be-random",
        mistakes=of_choosing.of("4.4"),
        run=upstream.run_good_upstream,
        judged=("judgement",),
    ),
    Exercise(
        id="4.3",
        title="Find the step that is wrong",
        asks="the first name in `order` whose gradient in `suspect` is wrong by more than rounding, or None.",
        references={"find_the_bug": find_the_bug},
        returns=("name",),
        cases=_records,
        hints=(
            "A wrong gradient makes wrong ones of all that are computed from it. Which of them tells you the "
            "step?",
            "Go through `order`, not through the dictionary. You have a function that compares two "
            "gradients.",
            "The relative error of a right gradient is rounding, far below 1e-6; leave at the first name "
            "above that. What does your comparison say of NaN?",
        ),
        section="The-bug-hunt",
        mistakes=of_comparing.of("4.3"),
        run=run_find_the_bug,
    ),
)
