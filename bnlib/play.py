"""`play`: sliders that move a picture while the hand is still on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from .blame import learners_line
from .check import strict
from .draw import Picture

if TYPE_CHECKING:
    from ipywidgets import VBox, Widget

Control = tuple[float, float, float, float] | Sequence[Any]


def play(
    function: Callable[..., Picture], *, labels: Mapping[str, str] | None = None, **controls: Control
) -> None:
    """Show `function`'s picture under a control for each of its arguments, and draw it anew when one moves.

    A control is `name=(start, low, high, step)`, a slider, or `name=[...]`, a list of numbers or words that
    become a slider's stops and start at the first. `labels` gives a control's words where its name doesn't
    say enough. Where no kernel runs, the picture at the start values is shown.

    Raises ValueError for a control of another form. An exception in `function` is shown as text where the
    picture would be; where something other than a learner reads the outcome (see `check`), it is raised.
    """
    box = panel(function, labels=labels, **controls)
    still = box.children[-1].value
    shell = None
    if "IPython" in sys.modules:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is None:
        print(box.children[-1].tooltip)
        return
    from IPython.display import display

    # A VBox shown by itself has no fallback: a reopened notebook, or one read on the web, would be blank.
    names = ", ".join((labels or {}).get(name, name) for name in controls)
    note = f'<div style="font-size:90%">Run this cell to move it: {escape(names)}.</div>'
    bundle = dict(box._repr_mimebundle_())
    bundle |= {"text/html": still + note, "text/plain": box.children[-1].tooltip}
    display(bundle, raw=True)


def panel(
    function: Callable[..., Picture], *, labels: Mapping[str, str] | None = None, **controls: Control
) -> VBox:
    """The widget that `play` shows: the controls under one another, and below them the picture as HTML.

    The last child's `value` is the picture's <img> with its alternative text, and its `tooltip` the text.
    """
    import ipywidgets

    words = {name: (labels or {}).get(name, name) for name in controls}
    # One width for all, so that the sliders stand in line; left to themselves they begin where a label ends.
    room = f"{max(map(_breadth, words.values()), default=0):.1f}em"
    widgets = {name: _widget(name, words[name], control, room) for name, control in controls.items()}
    screen = ipywidgets.HTML()

    def update(_change: object = None) -> None:
        values = {name: _value(widget) for name, widget in widgets.items()}
        try:
            shown = function(**values)
            if not isinstance(shown, Picture):
                name = getattr(function, "__name__", "the function")
                raise TypeError(f"{name} should return a Picture, and returned {type(shown).__name__}")
        except Exception as error:
            if strict():
                raise
            screen.value, screen.tooltip = _trouble(error), str(error)
        else:
            screen.value, screen.tooltip = shown.html, shown.alt

    update()
    for widget in widgets.values():
        widget.observe(update, names="value")
    return ipywidgets.VBox([*widgets.values(), screen])


def _widget(name: str, label: str, control: Control, room: str) -> Widget:
    import ipywidgets

    look = {
        "description": label,
        # Without this a label longer than ten letters is cut off.
        "style": {"description_width": room},
        "layout": {"width": "min(32em, 100%)"},
    }
    if isinstance(control, list) and control:
        # Words too: in a menu the arrow keys would move JupyterLab's active cell and never reach the menu.
        options = [(_word(choice), choice) for choice in control]
        return ipywidgets.SelectionSlider(options=options, continuous_update=True, **look)
    numbers = isinstance(control, tuple) and all(isinstance(number, Real) for number in control)
    if not numbers or len(control) != 4 or not control[1] <= control[0] <= control[2] or control[3] <= 0:
        raise ValueError(
            f"the control {name}={control!r} should be (start, low, high, step) with low <= start <= high, "
            "or a list of choices"
        )
    start, low, high, step = control
    whole = all(isinstance(number, Integral) for number in control)
    slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    # The browser's slider adds steps up and arrives at 8.9e-16 for 0: show, and hand on, the step's decimals.
    look |= {} if whole else {"readout_format": f".{_decimals(step)}f"}
    return slider(value=start, min=low, max=high, step=step, continuous_update=True, **look)


def _value(widget: Widget) -> Any:
    step = getattr(widget, "step", None)
    return round(widget.value, _decimals(step)) if isinstance(step, float) else widget.value


def _decimals(step: float) -> int:
    return max(0, -int(Decimal(str(step)).normalize().as_tuple().exponent))


def _breadth(label: str) -> float:
    """How wide a label may be, in em: what the letters take in a wide sans-serif, rounded up."""
    return sum(1.0 if letter in "mwMW" else 0.8 if letter.isupper() else 0.65 for letter in label)


def _word(choice: Any) -> str:
    return f"{choice:g}" if isinstance(choice, Real) and not isinstance(choice, bool) else str(choice)


def _trouble(error: Exception) -> str:
    line = learners_line(error)
    where = f" on line {line.number}, {line.text}" if line else ""
    says = f"There is no picture for these values. {type(error).__name__}{where}: {error}"
    return f'<pre role="alert" style="white-space:pre-wrap">{escape(says)}</pre>'
