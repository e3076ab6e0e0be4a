"""A still picture in a notebook, always with its alternative text."""

from __future__ import annotations

import base64
import io
import re
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MIME = {".svg": "image/svg+xml", ".png": "image/png"}
_IMAGE = "background:#fff;padding:6px;border-radius:4px;box-sizing:border-box"
# In pixels: wider than a notebook's cell, much taller than a screen, and the height of the box that scrolls.
_WIDE, _TALL, _BOX = 920, 2400, 900
# Text of 14 pixels is then one of 10.
_LEGIBLE = 0.7


@dataclass(frozen=True)
class Picture:
    """An SVG or PNG with the words that stand for it where it can't be seen.

    Shown as an <img> with its data inside: JupyterLab keeps that also in a notebook it does not trust, where
    it drops an SVG. The background is white, because lines drawn in black vanish on a dark page.
    """

    data: bytes
    mime: str
    alt: str

    @property
    def svg(self) -> str:
        """The picture as SVG text; raises TypeError where it is a PNG."""
        if self.mime != _MIME[".svg"]:
            raise TypeError(f"this picture is {self.mime}, not SVG")
        return self.data.decode("utf-8")

    @property
    def html(self) -> str:
        """The picture as HTML that needs no other file: at its natural size where the page is wide enough.

        A picture wider than a notebook shrinks, but only until its text would be hard to read, and one much
        taller than a screen does not push the rest of the notebook away: they scroll in a box of their own.
        """
        data = base64.b64encode(self.data).decode("ascii")
        width, height = self._size()
        small = f"min-width:{_LEGIBLE * width:.0f}px;" if width > _WIDE else ""
        style = f"{_IMAGE};max-width:100%;{small}height:auto"
        image = f'<img alt="{escape(self.alt)}" src="data:{self.mime};base64,{data}" style="{style}">'
        if width <= _WIDE and height <= _TALL:
            return image
        # What scrolls can have the focus, and then the arrow keys are not JupyterLab's.
        return (
            '<div role="group" aria-label="A picture that scrolls" tabindex="0" '
            'data-lm-suppress-shortcuts="true" '
            f'style="max-width:100%;max-height:{_BOX}px;overflow:auto">{image}</div>'
        )

    def _size(self) -> tuple[float, float]:
        """Width and height in CSS pixels; zeros where they are not known, as for a PNG."""
        if self.mime != _MIME[".svg"]:
            return 0.0, 0.0
        head = re.search(r"<svg\b[^>]*>", self.svg)

        def pixels(name: str) -> float:
            found = re.search(rf'\s{name}="([\d.]+)(pt|px|)"', head[0]) if head else None
            return float(found[1]) * (4 / 3 if found[2] == "pt" else 1) if found else 0.0

        return pixels("width"), pixels("height")

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file; raises ValueError where the ending does not fit its format."""
        path = Path(path)
        if _MIME.get(path.suffix) != self.mime:
            raise ValueError(f"{path.name} should end in {'.svg' if 'svg' in self.mime else '.png'}")
        path.write_bytes(self.data)
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.alt}


def picture(figure: Figure, alt: str, *, trim: bool = True) -> Picture:
    """A matplotlib figure as a Picture; the figure is closed, so that the notebook doesn't show it twice.

    `alt` says in one or two sentences what the figure shows. Raises ValueError where it is empty. `trim` cuts
    the figure to what is drawn on it; without it every picture has the figure's own size, which a picture
    that moves needs, and it is made in two thirds of the time.
    """
    if not alt.strip():
        raise ValueError("a picture needs alternative text: say in a sentence what it shows")
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # Fixed salt and no date: the same figure gives the same bytes, so a rebuilt notebook does not differ.
    with rc_context({"svg.hashsalt": "bnlib", "svg.fonttype": "none"}):
        box = "tight" if trim else None
        figure.savefig(buffer, format="svg", bbox_inches=box, facecolor="white", metadata={"Date": None})
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot

        pyplot.close(figure)
    return Picture(buffer.getvalue(), _MIME[".svg"], alt)


def with_title(svg: str, alt: str) -> str:
    """An SVG with its alternative text as the <title> that screen readers announce."""
    title = f"<title>{escape(alt)}</title>"
    head = re.search(r"<svg\b[^>]*>", svg)
    if head is None:
        raise ValueError("not an SVG")
    return svg[: head.end()] + title + svg[head.end() :]
