"""The animation's script and style, put together from the parts in `web`, and the page that holds all of it."""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from .cut import Cut, Cutter

_WEB = Path(__file__).parent / "web"
# In the order in which each uses only what stands before it; the last one is the widget's own.
_PARTS = (
    "dom.js",
    "words.js",
    "arrays.js",
    "drawing.js",
    "marks.js",
    "motion.js",
    "view.js",
    "card.js",
    "code.js",
    "cuts.js",
    "panel.js",
    "keys.js",
    "bar.js",
)
_SHOW, _WIDGET = "show.js", "widget.js"
# A page carries the answers for so many possible cuts; each has some kilobytes.
_ANSWERS = 48


@lru_cache(maxsize=1)
def _parts() -> str:
    return "\n".join(_read(name) for name in (*_PARTS, _SHOW))


@lru_cache(maxsize=1)
def script() -> str:
    """The widget's module: it imports nothing, so that no network is needed."""
    return f"{_parts()}\n{_read(_WIDGET)}"


@lru_cache(maxsize=1)
def style() -> str:
    """The widget's style sheet."""
    return _read("flow.css")


def page(data: dict[str, Any], cutter: Cutter, title: str) -> str:
    """One HTML page with everything in it: no kernel, no network."""
    cuts = _possible(data)
    able = len(cuts) <= _ANSWERS and "start" not in data
    answers = {"\n".join(cut): cutter.answer([cut]) for cut in cuts} if able else None
    piece = json.dumps({**data, "answers": answers}, separators=(",", ":")).replace("<", "\\u003c")
    parts = {"title": escape(title), "css": style(), "script": _parts(), "piece": piece}
    made = _read("page.html")
    for name, part in parts.items():
        made = made.replace(f"{{{{{name}}}}}", part, 1 if name != "title" else -1)
    return made


def _possible(data: dict[str, Any]) -> list[Cut]:
    """Every edge, and every part of one, that can be cut by itself."""
    names = [node["name"] for node in data["nodes"]]
    cuts: list[Cut] = []
    for edge in data["edges"]:
        if "name" in edge:
            pair = (names[edge["user"]], names[edge["parent"]])
            cuts += [pair, *((*pair, names[part["origin"]]) for part in edge.get("parts", []))]
    return cuts


def _read(name: str) -> str:
    return (_WEB / name).read_text(encoding="utf-8")
