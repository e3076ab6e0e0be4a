"""The algorithm box: the paper's four lines beside the lines of a traced layer that compute them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ..draw import Picture
from ..draw.picture import with_title
from ..draw.scene import FONT
from ..graph import Graph
from ..style import INK, MUTED

# S. Ioffe and C. Szegedy, "Batch Normalization" (2015), https://arxiv.org/abs/1502.03167, algorithm 1, for one
# feature and a batch of N: the words, the formula, and the steps of the course that belong to it.
PAPER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("the mean over the batch", "μ = (1/N) Σₙ xₙ", ("mu",)),
    ("the variance over the batch", "σ² = (1/N) Σₙ (xₙ − μ)²", ("xmu", "sq", "var")),
    ("normalise", "x̂ₙ = (xₙ − μ) / √(σ² + ε)", ("sqrtvar", "ivar", "xhat")),
    ("scale and shift", "yₙ = γ x̂ₙ + β", ("gammax", "out")),
)
# In pixels: the height of a row, the left edges of the columns, and the whole width.
_ROW, _TOP, _COLUMNS, _WIDTH = 42, 80, (24, 60, 330, 426), 700
_CODE = "DejaVu Sans Mono,Menlo,Consolas,monospace"


def algorithm(graph: Graph, dims: Mapping[str, int]) -> Picture:
    """The box for a traced layer with the nine steps of the course, each row its own line of code.

    `dims` says which letter stands for which size, as in {"N": 5, "D": 3}. Raises KeyError where the graph
    lacks one of the nine names, and ValueError where it computes a result that no line of the paper has.
    """
    named = [name for _, _, names in PAPER for name in names]
    steps = [name for name, node in graph.nodes.items() if node.parents]
    nodes = [graph[name] for name in named]
    if set(steps) != set(named):
        raise ValueError(f"the paper's box has no place for {', '.join(sorted(set(steps) - set(named)))}")
    letters = {size: letter for letter, size in dims.items()}

    def shape(sizes: Sequence[int]) -> str:
        inside = ", ".join(letters.get(size, str(size)) for size in sizes)
        return f"({inside},)" if len(sizes) == 1 else f"({inside})"

    given = [f"{name} {shape(node.shape)}" for name, node in graph.nodes.items() if not node.parents]
    height = _TOP + _ROW * len(nodes)
    parts = [
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<rect x="8" y="8" width="{_WIDTH - 16}" height="{height - 16}" fill="none" stroke="{INK}" '
        'stroke-width="1.5"/>',
        _text("head", 24, 34, "Batch normalization", bold=True),
        _text("given", 24, 56, f"from {', '.join(given)} and a small number eps"),
    ]
    row = 0
    for number, (words, formula, names) in enumerate(PAPER, 1):
        top, bottom = _TOP + _ROW * row, _TOP + _ROW * (row + len(names))
        parts.append(
            f'<line x1="8" x2="{_WIDTH - 8}" y1="{top - 8}" y2="{top - 8}" stroke="{MUTED}" stroke-width="1"/>'
        )
        middle = (top + bottom) / 2 - 8
        parts.append(f'<g id="line_{number}" class="paper">')
        parts.append(_text(None, _COLUMNS[3], middle - 4, formula, bold=True))
        parts.append(_text(None, _COLUMNS[3], middle + 14, words) + "</g>")
        for name in names:
            y = _TOP + _ROW * (row + 0.5) - 3
            # The step's number is that of the course, and the comment that says it would say it twice.
            code = graph[name].line.partition("#")[0].strip()
            parts.append(f'<g id="step_{name}" class="step">{_text(None, _COLUMNS[0], y, str(row + 1))}')
            parts.append(_text(None, _COLUMNS[1], y, code, code=True))
            parts.append(_text(None, _COLUMNS[2], y, shape(graph[name].shape)) + "</g>")
            row += 1
    alt = _words(graph, given)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img">{"".join(parts)}</svg>'
    )
    return Picture(with_title(svg, alt).encode("utf-8"), "image/svg+xml", alt)


def _text(
    identifier: str | None, x: float, y: float, text: str, *, bold: bool = False, code: bool = False
) -> str:
    name = f' id="{identifier}"' if identifier else ""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text{name} x="{x:g}" y="{y:g}" font-family="{_CODE if code else FONT}" font-size="14"{weight} '
        f'fill="{INK}">{escape(text)}</text>'
    )


def _words(graph: Graph, given: Sequence[str]) -> str:
    rows, number = [], 0
    for words, formula, names in PAPER:
        lines = []
        for name in names:
            number += 1
            lines.append(f"step {number}, {graph[name].line.partition('#')[0].strip()}")
        rows.append(f"{words}, {formula}: {'; '.join(lines)}")
    return (
        f"Batch normalization as a box, from {', '.join(given)} and eps. Each of the paper's four lines stands "
        f"beside the steps of the course that compute it: {'. '.join(rows)}."
    )
