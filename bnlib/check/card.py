"""How a verdict, a hint and the progress look: a card in HTML, and the same words as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from ..exercises import Course, Exercise
from .judge import Verdict

# A word and a sign carry the meaning; the colour only repeats it. JupyterLab's own colours follow its theme.
_LOOK = {
    "passed": ("✓", "Passed", "#2e7d32"),
    "failed": ("✗", "Not right yet", "#b3261e"),
    "error": ("!", "Stopped by an error", "#b3261e"),
    "not started": ("○", "Not started yet", "#8a93a0"),
    "hint": ("→", "Hint", "#1a5fb4"),
    "progress": ("▤", "Progress", "#1a5fb4"),
}
_BOX = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:14px;line-height:1.5;max-width:46em;"
    "margin:4px 0;padding:8px 14px;border-left:6px solid {colour};border-radius:3px;"
    "color:var(--jp-ui-font-color1,#202124);background:var(--jp-layout-color2,#f3f4f6)"
)


# What to think about stands out by its place and a line beside it, in grey as well.
_THOUGHT = "margin:8px 0;padding:2px 0 2px 10px;border-left:2px solid {colour}"


@dataclass(frozen=True)
class Card:
    """A short notice. `text` is what a terminal, a report and a screen without HTML get."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def verdict_card(exercise: Exercise, verdict: Verdict) -> Card:
    """What was asked, what came back and at which case, what that is, and what can be done next."""
    sign, word, _ = _LOOK[verdict.status]
    title = f"{sign} {exercise.id} {exercise.title}: {word.lower()}"
    if verdict.passed:
        return notice(verdict.status, title, [verdict.message])
    came = verdict.message.removesuffix(verdict.thought).rstrip()
    if verdict.status in ("failed", "error") and verdict.case:
        # Python's own messages have no full stop.
        came += f"{'' if came.endswith(('.', '!', '?')) else '.'} Found with {verdict.case}."
    text = [title, f"Asked for: {exercise.asks}", came]
    body = [_line(line) for line in text[1:]]
    if verdict.thought:
        name = f"{verdict.mistake}: " if verdict.mistake else ""
        text.append(name + verdict.thought)
        label = f"<strong>{escape(name)}</strong>" if name else ""
        body.append(_line(verdict.thought, label, _THOUGHT.format(colour=_LOOK[verdict.status][2])))
    shown = verdict.place.picture() if verdict.place else None
    if shown is not None and verdict.place is not None:
        text.append(f"In the graph: {verdict.place.says}")
        body.append(f'<div style="margin:6px 0">{shown.html}</div>')
    section = exercise.section.replace("-", " ")
    hint = f'For a hint, run `hint("{exercise.id}")` in a cell of its own.'
    text += [f"It is explained under “{section}” in this notebook. {hint}"]
    # JupyterLab scrolls to a heading of the same notebook; anywhere else the words say where to look.
    link = f'<a href="#{escape(exercise.section)}">{escape(section)}</a>'
    body.append(f'<div style="margin-top:4px">It is explained under {link}. {markup(hint)}</div>')
    return Card(_box(verdict.status, title, "".join(body)), "\n".join(text))


def _line(text: str, label: str = "", style: str = "margin-top:4px") -> str:
    return f'<div style="{style}">{label}{markup(text)}</div>'


def hint_card(exercise: Exercise, given: int) -> Card:
    """The hint after the `given` ones already shown."""
    count = len(exercise.hints)
    if given >= count:
        again = " ".join(f"({i}) {text}" for i, text in enumerate(exercise.hints, 1))
        return notice("hint", f"→ {exercise.id} {exercise.title}: all {count} hints", [again])
    return notice(
        "hint", f"→ {exercise.id} {exercise.title}: hint {given + 1} of {count}", [exercise.hints[given]]
    )


def progress_card(course: Course, states: Mapping[str, str]) -> Card:
    """Every exercise of a course by notebook, with its last status."""
    ids = course.exercises()
    done = sum(states.get(identifier) == "passed" for identifier in ids)
    title = f"{course.title}: {done} of {len(ids)} exercises passed"
    text, rows = [title], []
    for notebook, exercises in course.notebooks.items():
        if not exercises:
            continue
        marks = [(e.id, states.get(e.id, "not started")) for e in exercises]
        passed = sum(status == "passed" for _, status in marks)
        text.append(
            f"{notebook}  {passed}/{len(marks)}  " + "  ".join(f"{_LOOK[s][0]} {i}" for i, s in marks)
        )
        cells = " ".join(_badge(identifier, status) for identifier, status in marks)
        rows.append(
            f'<tr><th scope="row" style="text-align:left;padding:2px 12px 2px 0;white-space:nowrap">'
            f"{escape(notebook)}</th>"
            f'<td style="padding:2px 12px 2px 0">{passed}/{len(marks)}</td>'
            f'<td style="text-align:left;padding:2px 0">{cells}</td></tr>'
        )
    legend = "✓ passed, ✗ not right yet, ! stopped by an error, ○ not started yet"
    body = (
        f'<table style="border-collapse:collapse;margin:6px 0;font-size:inherit">{"".join(rows)}</table>'
        f"<div>{legend}</div>"
    )
    return Card(_box("progress", f"▤ {title}", body), "\n".join([*text, legend]))


def _badge(identifier: str, status: str) -> str:
    sign, word, colour = _LOOK.get(status, _LOOK["not started"])
    return (
        f'<span title="{identifier}: {word.lower()}" style="display:inline-block;white-space:nowrap;'
        f'margin:1px 8px 1px 0;border-bottom:3px solid {colour}">{sign} {identifier}</span>'
    )


def notice(kind: str, title: str, lines: list[str]) -> Card:
    """A title and some lines; `kind` chooses the colour: a status, "hint" or "progress".

    What stands between backticks in a line is set as code.
    """
    body = "".join(_line(line) for line in lines)
    return Card(_box(kind, title, body), "\n".join([title, *lines]))


def _box(kind: str, title: str, body: str) -> str:
    box = _BOX.format(colour=_LOOK[kind][2])
    # JupyterLab leaves room for the ground that it gives to code. On the card's ground that room is a gap.
    body = body.replace("<code>", '<code style="padding:0">')
    return (
        f'<div class="bnlib-card" data-kind="{kind}" role="group" aria-label="{escape(title)}" style="{box}">'
        f'<div style="font-weight:600">{escape(title)}</div>{body}</div>'
    )


def markup(text: str) -> str:
    """A message as HTML: escaped, with what stands between backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
