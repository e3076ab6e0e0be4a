"""What goes wrong in 4.2, how far apart two gradients are, and in 4.3, which of many is the first wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...gradcheck import relative_error
from .collect import Mistakes

mistake = Mistakes()

Two = Callable[[Any, Any], Any]

# 4.2 --------------------------------------------------------------------------------------------------------


def sizes(a: Any, b: Any) -> Any:
    """|a| + |b|."""
    return np.abs(a) + np.abs(b)


def floored(size: Any) -> Any:
    """A size, and 1e-8 where it is smaller."""
    return np.maximum(1e-8, size)


def error(slug: str, says: str, make: Two) -> None:
    """A mistake of 4.2, with and without the right answer where something isn't finite."""

    def careful(a: Any, b: Any) -> Any:
        return make(a, b) if np.isfinite(a).all() and np.isfinite(b).all() else np.inf

    mistake.add("4.2", slug, says, careful)
    mistake.add("4.2", slug, says, make)


# What came back has been said by then; these two go on from there.
mistake.add(
    "4.2",
    "nan-passes",
    "A NaN in a gradient makes a NaN of everything it meets, the maximum included. How can you find it before you "
    "calculate?",
    lambda a, b: np.max(np.abs(a - b) / floored(sizes(a, b))),
)
mistake.add(
    "4.2",
    "nan-passes",
    "The entries that aren't numbers were left out of the maximum. Which gradient would you rather hear about, one "
    "with a small error or one with a NaN in it?",
    lambda a, b: np.nanmax(np.abs(a - b) / floored(sizes(a, b))),
)
error(
    "absolute-not-relative",
    "This is the absolute difference. Is 0.001 much? What would you have to know before you can tell?",
    lambda a, b: np.max(np.abs(a - b)),
)
error(
    "mean-for-max",
    "The quotients were averaged. One wrong entry among a thousand makes their mean small: which quotient should "
    "the check hear of?",
    lambda a, b: np.mean(np.abs(a - b) / floored(sizes(a, b))),
)
error(
    "sum-for-max",
    "The quotients were added up, so a large array looks worse than a small one with the same mistake. Which one "
    "number stands for the worst entry?",
    lambda a, b: np.sum(np.abs(a - b) / floored(sizes(a, b))),
)
error(
    "larger-for-sum",
    "Below the line stands the larger of `|a|` and `|b|` and not their sum. For two numbers of opposite signs, how "
    "large can the quotient get with each of the two?",
    lambda a, b: np.max(np.abs(a - b) / floored(np.maximum(np.abs(a), np.abs(b)))),
)
error(
    "one-in-denominator",
    "Only one of the two arrays stands below the line. What happens where it is 0, and would the result change if "
    "`a` and `b` changed places?",
    lambda a, b: np.max(np.abs(a - b) / floored(np.abs(b))),
)
error(
    "one-in-denominator",
    "The difference was divided by the size of `a` alone. Should it matter which of two gradients is named first?",
    lambda a, b: np.max(np.abs(a - b) / floored(np.abs(a))),
)
error(
    "mean-below",
    "Your result is twice the one that was asked for: below the line stands the mean of `|a|` and `|b|`. What is "
    "the largest value that the quotient with their sum can have?",
    lambda a, b: np.max(2 * np.abs(a - b) / floored(sizes(a, b))),
)
error(
    "norms-for-entries",
    "Two norms were divided. A small entry that is wrong is lost beside large ones that are right. What does "
    "this exercise compare, whole arrays or their entries?",
    lambda a, b: np.linalg.norm(a - b) / floored(np.linalg.norm(a) + np.linalg.norm(b)),
)
error(
    "norms-for-entries",
    "The largest difference was divided by the largest size. The two may belong to different entries: which "
    "quotient is the worst?",
    lambda a, b: np.max(np.abs(a - b)) / floored(np.max(sizes(a, b))),
)
error(
    "size-lost",
    "The sum below the line was taken without sizes. What is 2 + (-2), and what does a division by it do?",
    lambda a, b: np.max(np.abs(a - b) / floored(a + b)),
)
error(
    "size-lost",
    "Below the line stands the size of `a + b` and not the sum of two sizes. What is it for 2 and -1.9, which are far "
    "apart?",
    lambda a, b: np.max(np.abs(a - b) / floored(np.abs(a + b))),
)
error(
    "sign-kept",
    "The difference above the line has kept its sign, so an entry of `a` that is too small doesn't count. Does it "
    "matter in which direction a gradient is wrong?",
    lambda a, b: np.max((a - b) / floored(sizes(a, b))),
)
error(
    "floor-added",
    "1e-8 was added below the line, where the larger of two was asked for. For entries near 1e-8 the results "
    "differ: what does each of them say there?",
    lambda a, b: np.max(np.abs(a - b) / (sizes(a, b) + 1e-8)),
)
error(
    "no-floor",
    "Nothing keeps the denominator away from 0. What do you get where both gradients are exactly 0, and "
    "what should you?",
    lambda a, b: np.max(np.abs(a - b) / sizes(a, b)),
)

error(
    "no-max",
    "One quotient for each entry came back. A check needs one number for all of them: which of the quotients should it "
    "be?",
    lambda a, b: np.abs(a - b) / floored(sizes(a, b)),
)

# 4.3 --------------------------------------------------------------------------------------------------------


def finds(wrong: Two, among: Callable[..., Any] = lambda suspect, truth, order: order) -> Callable[..., Any]:
    """A search that goes `among` some names and stops at the first of which `wrong(suspect, truth)` is true."""

    def find_the_bug(suspect: Any, truth: Any, order: Any) -> Any:
        names = among(suspect, truth, order)
        return next((name for name in names if wrong(suspect[name], truth[name])), None)

    return find_the_bug


def apart(a: Any, b: Any) -> bool:
    """Whether two gradients differ by more than rounding, NaN included."""
    return not relative_error(a, b) < 1e-6


def search(slug: str, says: str, make: Callable[..., Any]) -> None:
    """A mistake of 4.3."""
    mistake.add("4.3", slug, says, make)


search(
    "dictionary-order",
    "The names were gone through in the order of the dictionary. Whether a gradient was made before another is "
    "written elsewhere: in which argument?",
    finds(apart, lambda suspect, truth, order: suspect),
)
search(
    "last-not-first",
    "You found the last wrong gradient, and everything after a wrong step is wrong as well. Which end of the chain "
    "points at the step?",
    finds(apart, lambda suspect, truth, order: order[::-1]),
)
search(
    "limit-too-tight",
    "Two right programs add up in different orders and differ in the last digits; you ask for equality, or nearly, and "
    "blame a gradient that is right. How much difference is rounding?",
    finds(lambda a, b: not np.array_equal(a, b)),
)
search(
    "limit-too-wide",
    "Your limit is so wide that a mistake of a thousandth gets through. What lies between rounding and a small "
    "mistake, and where would you draw the line?",
    finds(lambda a, b: not relative_error(a, b) < 1e-2),
)
search(
    "absolute-not-relative",
    "The limit is an absolute one. Gradients can be small throughout, and then a wrong one is below it. To what "
    "should a difference be compared?",
    finds(lambda a, b: not np.max(np.abs(a - b)) < 1e-7),
)
search(
    "nan-passes",
    "A gradient with a NaN in it was taken for a right one. Is NaN larger than your limit, and is it smaller?",
    finds(lambda a, b: np.max(np.abs(a - b) / floored(sizes(a, b))) > 1e-6),
)
search(
    "norms-only",
    "Only the norms were compared. Turn a gradient's sign, or exchange two entries: what does its norm do?",
    finds(lambda a, b: not abs(np.linalg.norm(a) - np.linalg.norm(b)) < 1e-6 * np.linalg.norm(b) + 1e-12),
)
search(
    "signs-cancel",
    "The differences were added up with their signs, so that a gradient which is too large here and too small "
    "there looks right. What has to be done to a difference first?",
    finds(lambda a, b: not abs(np.sum(a - b)) < 1e-6 * np.sum(np.abs(b)) + 1e-12),
)
search(
    "sign-kept",
    "Only a gradient that is too large counts as wrong here. What about one that is too small, or has lost its "
    "sign?",
    finds(lambda a, b: np.max((a - b) / floored(sizes(a, b))) > 1e-6 or not np.isfinite(a).all()),
)
search(
    "sign-kept",
    "Only a gradient that is too small counts as wrong here: `truth` minus `suspect` has kept its sign. What about "
    "one that is too large?",
    finds(lambda a, b: np.max((b - a) / floored(sizes(a, b))) > 1e-6 or not np.isfinite(a).all()),
)
search(
    "worst-not-first",
    "You named the gradient with the largest error. An early mistake may grow on its way: which one came first?",
    lambda suspect, truth, order: max(
        (name for name in order if apart(suspect[name], truth[name])),
        key=lambda name: relative_error(suspect[name], truth[name]),
        default=None,
    ),
)
search(
    "place-for-name",
    "You gave the place in `order` where a name was asked for. What stands at that place?",
    lambda suspect, truth, order: next(
        (i for i, name in enumerate(order) if apart(suspect[name], truth[name])), None
    ),
)
search(
    "all-names",
    "You collected every wrong gradient. Most of them only inherit the mistake: which one of your list is where it "
    "was made?",
    lambda suspect, truth, order: [name for name in order if apart(suspect[name], truth[name])] or None,
)
search(
    "first-name-only",
    "Only the first name of `order` was looked at before the search gave up. When may it stop?",
    finds(apart, lambda suspect, truth, order: order[:1]),
)
