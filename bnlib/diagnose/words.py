"""The words for a finding: what happened, and what to think about next; never the line itself."""

from __future__ import annotations

from collections.abc import Sequence

from .laws import Factor, Law, Power
from .piece import Piece

Way = tuple[str, str]


def of_output(outputs: Sequence[str], factor: Factor) -> tuple[str, str]:
    """The short name and the words for outputs that are right but for a factor."""
    names = _listed(outputs)
    are, them = ("is", "it") if len(outputs) == 1 else ("are", "they")
    written = _written(factor)
    if written:
        return written
    if factor.says == "-1":
        return (
            "constant-factor",
            f"{names} {are} right but for the sign. Which step turns a sign, and does yours?",
        )
    if isinstance(factor, Power):
        return "constant-factor", f"{names} {_power(factor, are)}. {_whence(factor, outputs[0])}"
    says = f"{names} {are} {factor.says} times what {them} should be, whatever the input."
    return "constant-factor", f"{says} Where does that factor come from, or where did its inverse get lost?"


def of_way(piece: Piece, ways: Sequence[Way], outputs: Sequence[str], factor: Factor) -> tuple[str, str]:
    """The short name and the words for a contribution that is missing, or has a wrong factor."""
    source, target = ways[0]
    name = piece.backward.contribution(source, target).name
    # Where the gradient is bare of a name of its own in the course, the way it comes by tells which one it is.
    what = f"`{name}`, what `{target}` gets back from `{source}`,"
    whole = _listed(outputs)
    count = len(piece.backward.contributions(target))
    if factor.says == "0":
        asked = (
            f"`{target}` is used {_times(count)} on the way forward. Has every use sent its gradient back, and "
            "have all of them been added?"
            if count > 1
            else f"What does `{source}` do on the way forward, and what does that mean on the way back?"
        )
        return "contribution-missing", f"In {whole}, {what} is missing. {asked}"
    if factor.says == "2":
        return "contribution-doubled", (
            f"In {whole}, {what} counts twice. Is it added in two places, or is there a 2 too many on its way?"
        )
    if factor.says == "-1":
        return "contribution-sign", (
            f"In {whole}, {what} has the other sign. Which step on {_path(ways)} turns a sign, and does yours?"
        )
    written = _written(factor)
    if written:
        slug, says = written
        return slug, f"In {whole}, {what} isn't right. {says}"
    many = (
        f"{_power(factor, 'is')}"
        if isinstance(factor, Power)
        else f"is {factor.says} times what it should be"
    )
    return "constant-factor", (
        f"In {whole}, {what} {many}. Which step on {_path(ways)} has to do with such a factor?"
    )


def of_node(node: str, outputs: Sequence[str], factor: Factor) -> tuple[str, str]:
    """The short name and the words for a gradient that has a wrong factor before it is passed on."""
    many = _power(factor, "is") if isinstance(factor, Power) else f"is {factor.says} times what it should be"
    if factor.says == "-1":
        many = "has the other sign"
    return "constant-factor", (
        f"{_listed(outputs)} would be right if `d{node}`, the gradient that arrives at `{node}`, were; it {many}. "
        f"What happens to it before it is passed on?"
    )


def of_ways(piece: Piece, ways: Sequence[Way], outputs: Sequence[str], factor: Factor) -> tuple[str, str]:
    """The short name and the words for two contributions that are missing at once, or share a wrong factor."""
    names = [f"`{piece.backward.contribution(*way).name}` (from `{way[0]}` to `{way[1]}`)" for way in ways]
    both, whole = " and ".join(names), _listed(outputs)
    if factor.says == "0":
        return "contribution-missing", (
            f"In {whole}, two contributions are missing: {both}. Which ways lead from there to the result, and has "
            "each of them been walked back?"
        )
    written = _written(factor)
    if written:
        return written[0], f"In {whole}, two contributions aren't right: {both}. {written[1]}"
    much = "have the other sign" if factor.says == "-1" else f"are {factor.says} times what they should be"
    slug = {"2": "contribution-doubled", "-1": "contribution-sign"}.get(factor.says, "constant-factor")
    return slug, f"In {whole}, two contributions {much}: {both}. What do the two ways have in common?"


def of_entries(outputs: Sequence[str], what: str, place: int) -> tuple[str, str]:
    """The short name and the words for an answer that is right but for one feature or one row."""
    which = "first" if place == 0 else "last"
    return f"one-{what}", (
        f"{_listed(outputs)} {'is' if len(outputs) == 1 else 'are'} right but for the {which} {what}, at every size. "
        f"Where does your code treat the {which} {what} in another way: a loop's bound, a slice, an index?"
    )


def _written(factor: Factor) -> tuple[str, str] | None:
    """A written number where a length should stand."""
    if not isinstance(factor, Law) or factor.written is None:
        return None
    name, number = factor.written
    slug = "only-n-two" if number == 2 and name == "N" else "only-one-shape"
    return slug, (
        f"It is off by the factor {factor.says}, so it is right where {name} = {number} and nowhere else. Which "
        f"number in your code should be {name}?"
    )


def _power(factor: Power, are: str) -> str:
    times = "twice" if abs(factor.power) == 2 else "once"
    if factor.power > 0:
        return f"{are} multiplied by `{factor.name}` {times} too often, or divided by it {times} too seldom"
    return f"{are} divided by `{factor.name}` {times} too often, or lacks it as a factor"


def _whence(factor: Power, output: str) -> str:
    return f"Where does `{factor.name}` come in on the way forward, and what does that mean for `{output}`?"


def _path(ways: Sequence[Way]) -> str:
    if len(ways) == 1:
        return "that way"
    order = sorted(ways, key=lambda way: ways.index(way))
    return f"the way {' → '.join(_chain(order))}"


def _chain(ways: Sequence[Way]) -> list[str]:
    """The nodes along edges that follow one another, in the order in which a gradient meets them."""
    following = dict(ways)
    start = next((source for source in following if source not in following.values()), ways[0][0])
    nodes = [start]
    while nodes[-1] in following and len(nodes) <= len(ways):
        nodes.append(following[nodes[-1]])
    return [f"`{node}`" for node in nodes]


def _times(count: int) -> str:
    return {2: "twice", 3: "three times"}.get(count, f"{count} times")


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
