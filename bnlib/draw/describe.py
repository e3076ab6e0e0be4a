"""A drawn graph in words: the alternative text of its picture."""

from __future__ import annotations

from collections.abc import Sequence

from .scene import Back, Scene, one_line

# Beyond this many a list is no description any more.
_FEW = 16
# Nor is a formula or an array that takes longer than this to hear.
_LONG = 72


def describe(scene: Scene) -> str:
    """What a picture says: inputs, steps, result, the numbers in it, and which gradient goes where."""
    what = f"The node {scene.step} of the" if scene.step else "The"
    count = len(scene.boxes)
    sentences = [f"{what} computational graph of {scene.function}: {count} node{'s' * (count != 1)}."]
    inputs = [f"{box.name} {box.shape}" for box in scene.boxes if box.kind == "input"]
    steps = [f"{box.name} {box.shape} = {_short(box.op)}" for box in scene.boxes if box.kind != "input"]
    sentences += _list("Inputs", inputs, ", ") + _list("Steps", steps, "; ")
    sentences += [f"Result: {box.name}." for box in scene.boxes if box.kind == "result"]
    numbers = [f"{box.name} is {one_line(box.value)}" for box in scene.boxes if box.value]
    sentences += _list("Values", [text for text in numbers if len(text) <= _LONG], ", ")
    return " ".join([*sentences, *_backward(scene)])


def _backward(scene: Scene) -> list[str]:
    if not scene.backward:
        return []
    if scene.step:
        coming = [*scene.seeds_shown, *(a.back for a in scene.arrows if a.back and a.source == scene.step)]
        going = [a.back for a in scene.arrows if a.back and a.target == scene.step]
        found = _list("Gradients that come in", [_said(back) for back in coming], ", ")
        found += _list("Gradients that go out", [_said(back) for back in going], ", ")
        return found or ["No gradient passes here."]
    reached = [arrow.back for arrow in scene.arrows_back if arrow.back and not arrow.back.hidden]
    head = "Dashed backward edges" + (f", as far as {scene.reached}" if scene.reached else "")
    found = [_said(back) for back in [*scene.seeds_shown, *reached]]
    sentences = _list(head, found, ", ") or [f"{head}: none yet."]
    flat = [f"{arrow.source} to {arrow.target}" for arrow in scene.arrows if arrow.flat]
    sentences += _list("Without a gradient", flat, ", ")
    known = [box for box in scene.boxes if box.gradient and not box.gradient_hidden]
    sums = [f"d{box.name} is {one_line(box.gradient)}" for box in known]
    return sentences + _list("Gradients", [text for text in sums if len(text) <= _LONG], ", ")


def _said(back: Back) -> str:
    """A gradient on its way, with its numbers where they are few: dx1 = 3 from q to x."""
    text = one_line(back.value)
    return f"{back.name} = {text} {back.way}" if text and len(text) <= _LONG else f"{back.name} {back.way}"


def _list(head: str, items: Sequence[str], between: str) -> list[str]:
    """A sentence with all the items, with the first and the last where they are many, or no sentence."""
    if not items:
        return []
    if len(items) > _FEW:
        return [f"{head}: {len(items)}, from {items[0]} to {items[-1]}."]
    return [f"{head}: {between.join(items)}."]


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
