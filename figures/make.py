"""Make the figures in this folder: each is drawn from a traced graph, none by hand. Run by `make figures`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bnlib import Flow, Graph, Picture, draw, flow, trace
from bnlib.norms import staged

HERE = Path(__file__).parent
DIMS = {"N": 5, "D": 3}
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


FIGURES: dict[str, Callable[[], Picture]] = {
    "circuit": circuit,
    **{f"step_{number}": step(name) for number, name in STEPS.items()},
}


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
            print(FIGURES[name]().save(options.folder / f"{name}.svg").name)


if __name__ == "__main__":
    main()
