"""Make the figures in this folder: each is drawn by code, the graphs from traced functions. Run by `make figures`.

The roofline shows one machine: the speed of its memory and of its arithmetic, and the time of each form.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import forms_of_this_machine

from bnlib import Flow, Graph, Picture, draw, flow, trace
from bnlib.draw.picture import with_title
from bnlib.norms import staged
from bnlib.plots.algorithm import algorithm
from bnlib.plots.family import family, layers_on_images
from bnlib.plots.roofline import roofline
from bnlib.plots.three_rows import three_rows

HERE = Path(__file__).parent
DIMS = {"N": 5, "D": 3}
# The height of the smallest text, in pixels: at half of a figure's size 9 are left.
TEXT = 18
# The nodes of the layer by the number of the step that makes them; step 0 is where x gathers its two gradients.
STEPS = {
    0: "x",
    1: "mu",
    2: "xmu",
    3: "sq",
    4: "var",
    5: "sqrtvar",
    6: "ivar",
    7: "xhat",
    8: "gammax",
    9: "out",
}


def layer() -> Graph:
    """The graph of the nine steps, on a batch of 5 rows and 3 features."""
    rng = np.random.default_rng(0)
    return trace(
        staged.batchnorm_forward, rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3), eps=1e-5
    )


def circuit() -> Picture:
    """The whole circuit, forward and backward."""
    return draw(layer(), True, dims=DIMS)


def step(name: str) -> Callable[[], Picture]:
    """One step's piece of the circuit."""
    return lambda: draw(layer(), True, step=name, dims=DIMS)


def played() -> Flow:
    """The layer's flow, forward and then back by the steps 9 to 0."""
    steps = {name: (number, getattr(staged, f"step{number}")) for number, name in STEPS.items()}
    return flow(layer(), np.random.default_rng(1).normal(size=(5, 3)), steps)


def gate() -> Picture:
    """The chain rule at one gate: the values go forward, dz comes back times the other input."""

    def multiply(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        z = x * y
        return z

    graph = trace(multiply, np.array(3.0), np.array(-2.0))
    return draw(graph, graph.backward(np.array(5.0)), values=True)


def closed_form() -> Picture:
    """The whole layer as one statement, so that one box is left and one gradient for each input."""

    def batchnorm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
        out = gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) + beta
        return out

    graph = trace(batchnorm, *(layer()[name].value for name in ("x", "gamma", "beta")), eps=1e-5)
    return draw(graph, True, dims=DIMS)


def axes() -> Picture:
    """Which entries of a batch of images share their statistics: those that move when one input does."""
    x, one = np.random.default_rng(9).normal(size=(2, 4, 5, 3)), (0, 0, 0, 0)
    layers = layers_on_images(x.shape[1])
    moved = x.copy()
    moved[one] += 0.5
    return family({name: np.abs(layer(moved) - layer(x)) > 1e-12 for name, layer in layers.items()}, one)


FIGURES: dict[str, Callable[[], Picture]] = {
    "algorithm": lambda: algorithm(layer(), DIMS),
    "circuit": circuit,
    "gate": gate,
    "closed_form": closed_form,
    "projection": lambda: three_rows([1, 5, 2], [0.2, 2.2, -0.6]),
    "axes": axes,
    "roofline": lambda: roofline(*forms_of_this_machine()),
    **{f"step_{number}": step(name) for number, name in STEPS.items()},
}


def made(name: str) -> str:
    """A figure as SVG text, with its alternative text as its <title>."""
    seen = FIGURES[name]()
    svg = enlarged(seen.svg[seen.svg.index("<svg") :])
    if 'role="img"' not in svg[: svg.index(">")]:
        svg = svg.replace("<svg ", '<svg role="img" ', 1)
    return svg if "<title>" in svg[: svg.index(">") + 20] else with_title(svg, seen.alt)


def enlarged(svg: str) -> str:
    """The SVG at the size at which its smallest text has `TEXT` pixels: it can then be shown at half of it."""
    size = {name: re.search(rf'\s{name}="([\d.]+)(pt)?"', svg) for name in ("width", "height")}
    pixels = {name: float(found[1]) * (4 / 3 if found[2] else 1) for name, found in size.items() if found}
    unit = pixels["width"] / float(re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+)', svg)[1])
    smallest = min(float(text) for text in re.findall(r'font-size[:=]\s?"?([\d.]+)', svg)) * unit
    for name, before in pixels.items():
        svg = svg.replace(size[name][0], f' {name}="{before * TEXT / smallest:.0f}"', 1)
    return svg


def main() -> None:
    """Write the named figures, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*FIGURES, "flow", []], help="which figures (otherwise all)"
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="where to write them")
    options = parser.parse_args()
    for name in options.names or [*FIGURES, "flow"]:
        if name == "flow":
            title = "The gradient flows back through batch normalization"
            print(played().save_html(options.folder / "flow.html", title).name)
        else:
            (options.folder / f"{name}.svg").write_text(made(name), encoding="utf-8")
            print(f"{name}.svg")


if __name__ == "__main__":
    main()
