"""The report as web pages: one for each learner in the card's words, and one for the class."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from ...check.card import markup
from ...check.record import write_whole
from ...exercises import courses
from ..report import SIGNS, ExerciseResult, Report, SubmissionResult
from .junit import clean
from .learners import Learner

# No script, no font, no picture: the pages can be mailed, and open anywhere.
_STYLE = """
:root { color-scheme: light dark; --line: #c5cad1; --bar: #1a5fb4; --soft: #f3f4f6; }
@media (prefers-color-scheme: dark) { :root { --line: #4a5058; --bar: #7fb2f0; --soft: #24282d; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; margin: 1em 0 2em; }
th, td { text-align: left; vertical-align: top; padding: .35em .8em .35em 0; border-bottom: 1px solid var(--line); }
th[scope=row] { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { background: var(--soft); padding: 0 .25em; border-radius: 3px; }
meter { width: 8em; }
"""

# Columns of numbers, which stand under one another at their right end.
_NUMBERS = {"points", "of", "attempts", "passed", "failed", "error", "not started", "how often"}


def write_pages(report: Report, class_: Sequence[Learner], folder: Path) -> None:
    """Write `index.html` for the class and `learners/*.html`, each whole or not at all."""
    pages = folder / "learners"
    pages.mkdir(parents=True, exist_ok=True)
    for learner in class_:
        write_whole(pages / file_name(learner.name), learner_page(report, learner))
    write_whole(folder / "index.html", class_page(report, class_))


def file_name(learner: str) -> str:
    """A file name that any system takes, of its own for each learner whatever their name holds."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", learner).strip("-")[:40]
    return f"{plain or 'learner'}-{hashlib.sha256(learner.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def learner_page(report: Report, learner: Learner) -> str:
    """What one learner gets: every exercise with its verdict, in the words of the card."""
    parts = [
        f"<p>{learner.score} of {learner.max_score} points in {_count(len(learner.best), 'notebook')}.</p>"
    ]
    for name, result in learner.best.items():
        parts.append(f"<h2>{escape(name)}: {result.score} of {result.max_score}</h2>")
        rows = (_exercise(one) for one in result.exercises)
        parts.append(_table(("exercise", "result", "points", "what to know"), rows))
        parts += _notes(result)
    for result in learner.unread:
        parts.append(f"<h2>{escape(_shown(result.submission))}</h2>")
        parts += _notes(result)
    return _page(f"{_title(report)}: {_shown(learner.name)}", parts)


def class_page(report: Report, class_: Sequence[Learner]) -> str:
    """What an instructor looks at: who has how much, which exercise fails, which mistakes are common."""
    found = [one for learner in class_ for one in learner.exercises.values()]
    unread = [(learner, result) for learner in class_ for result in learner.unread]
    parts = [
        f"<p>{_count(len(class_), 'learner')}, {_count(len(report.submissions), 'submission')}. "
        f"Isolation of their code: {escape(report.isolation)}. Seed: {report.seed}.</p>",
        "<h2>Exercises</h2>",
        _table(("exercise", "passed", "", "failed", "error", "not started"), _by_exercise(found)),
        "<h2>Common mistakes</h2>",
        _mistakes(found),
        "<h2>Learners</h2>",
        _table(("learner", "points", "of", "attempts"), map(_row, class_)),
    ]
    if unread:
        rows = (
            f"<td>{escape(_shown(result.submission))}</td><td>{escape(' '.join(result.notes))}</td>"
            for _, result in unread
        )
        parts += ["<h2>Could not be graded</h2>", _table(("file", "why"), rows)]
    return _page(f"{_title(report)}: the class", parts)


def _title(report: Report) -> str:
    """What the graded courses are called; the short name of one that isn't installed where the pages are written."""
    known = courses()
    return ", ".join(known[name].title if name in known else name for name in report.course.split(", "))


def _exercise(one: ExerciseResult) -> str:
    named = f"<br><small>{escape(one.mistake)}</small>" if one.mistake else ""
    return (
        f'<th scope="row">{escape(one.id)}</th><td>{SIGNS[one.status]} {escape(one.status)}{named}</td>'
        f'<td class="number">{one.points} of {one.max_points}</td><td>{markup(one.message)}</td>'
    )


def _by_exercise(found: Sequence[ExerciseResult]) -> Iterable[str]:
    for identifier in dict.fromkeys(one.id for one in found):
        states = Counter(one.status for one in found if one.id == identifier)
        count, passed = states.total(), states["passed"]
        says = f"{passed} of {count} passed"
        yield (
            f'<th scope="row">{escape(identifier)}</th><td class="number">{passed} of {count}</td>'
            f'<td><meter min="0" max="{count}" value="{passed}" aria-label="{escape(says)}">{says}</meter></td>'
            f'<td class="number">{states["failed"]}</td>'
            f'<td class="number">{states["error"] + states["timed out"]}</td>'
            f'<td class="number">{states["not started"]}</td>'
        )


def _mistakes(found: Sequence[ExerciseResult]) -> str:
    counts = Counter((one.mistake, one.id) for one in found if one.mistake)
    if not counts:
        return "<p>No wrong answer was recognised as a known mistake.</p>"
    totals = Counter(one.mistake for one in found if one.mistake)
    rows = []
    for slug, total in totals.most_common():
        where = ", ".join(f"{identifier} ({n})" for (s, identifier), n in counts.most_common() if s == slug)
        rows.append(
            f'<th scope="row">{escape(str(slug))}</th><td class="number">{total}</td><td>{escape(where)}</td>'
        )
    return _table(("mistake", "how often", "at which exercises"), rows)


def _row(learner: Learner) -> str:
    link = f"learners/{file_name(learner.name)}"
    return (
        f'<th scope="row"><a href="{link}">{escape(_shown(learner.name))}</a></th>'
        f'<td class="number">{learner.score}</td><td class="number">{learner.max_score}</td>'
        f'<td class="number">{learner.attempts}</td>'
    )


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    cells = "".join(_heading(name) for name in head)
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead>\n<tbody>{body}</tbody></table>"


def _heading(name: str) -> str:
    if not name:
        return "<td></td>"
    kind = ' class="number"' if name in _NUMBERS else ""
    return f'<th scope="col"{kind}>{name}</th>'


def _notes(result: SubmissionResult) -> list[str]:
    return [f"<p>{markup(note)}</p>" for note in result.notes]


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"


def _shown(text: str) -> str:
    """A name as text that can be written in UTF-8: file names may hold bytes that are not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _page(title: str, parts: Sequence[str]) -> str:
    # A learner's words may hold what a terminal obeys and no page may have.
    return clean(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body><h1>{escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )
