"""A progress bar for the loops of a lesson that take longer than a breath; it needs no widget."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from html import escape
from time import monotonic
from typing import Any, TypeVar

from .check import strict
from .check.card import Card

Item = TypeVar("Item")

# Seconds between two pictures of the bar: often enough to be seen moving, too seldom to slow the loop down.
_PAUSE = 0.1


def bar(items: Sequence[Item], label: str) -> Iterator[Item]:
    """Hand out `items` one by one, and show above the cell's other output how many are done.

    The bar is HTML that is replaced as it grows, with the count beside it in words. What stays in the
    notebook says nothing of the time it took, so that a notebook run twice holds the same output. Where
    something other than a learner reads the outcome (see `check`), only that last state is shown.
    """
    shown = _Shown(moving=not strict())
    done, last = 0, monotonic()
    shown.put(_card(label, 0, len(items)))
    try:
        for item in items:
            yield item
            done += 1
            if monotonic() - last >= _PAUSE:
                last = monotonic()
                shown.put(_card(label, done, len(items)))
    finally:
        shown.put(_card(label, done, len(items)), final=True)


def _card(label: str, done: int, count: int) -> Card:
    text = f"{label}: {done} of {count}"
    # A native element brings its role and its value; the words stand for it where it is taken out.
    html = (
        '<div style="font-family:var(--jp-ui-font-family,sans-serif);font-size:14px">'
        f'<progress max="{count}" value="{done}" aria-label="{escape(label)}" style="width:12em"></progress> '
        f"{escape(text)}</div>"
    )
    return Card(html, text)


class _Shown:
    """One place in a notebook's output, shown once and then replaced; a line of text anywhere else."""

    def __init__(self, moving: bool) -> None:
        self._moving = moving
        self._handle: Any = None
        shell = None
        if "IPython" in sys.modules:
            from IPython import get_ipython

            shell = get_ipython()
        self._notebook = shell is not None

    def put(self, card: Card, *, final: bool = False) -> None:
        """Show a state of the bar; without a notebook, or where nobody watches, only the last."""
        if not self._notebook:
            if final:
                print(card.text)
        elif self._handle is not None:
            self._handle.update(card)
        elif self._moving or final:
            from IPython.display import display

            self._handle = display(card, display_id=True)
