"""What goes wrong in 1.4 when everything is computed and right, and the cache is packed wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collect import Mistakes
from .whole_forward import NAMES, Step, as_asked, forward

mistake = Mistakes()


def add(slug: str, says: str, pack: Step) -> None:
    """A mistake of 1.4 in the cache, made by `pack` from all arrays by their names."""
    mistake.add("1.4", slug, says, forward(pack=pack))


def packed(**instead: Callable[[dict[str, Any]], Any]) -> Step:
    """A cache in which some entries are others; each is made from all arrays by their names."""
    return lambda made: tuple(instead[name](made) if name in instead else made[name] for name in NAMES)


for first, second in (("ivar", "sqrtvar"), ("sqrtvar", "var"), ("xhat", "xmu")):
    add(
        "cache-order",
        f"In `cache`, `{first}` and `{second}` have changed places. Whoever unpacks it goes by the order alone, so "
        "what will the backward pass take for what?",
        pack=packed(**{first: lambda c, of=second: c[of], second: lambda c, of=first: c[of]}),
    )
add(
    "eps-stored",
    "`var` in the cache has `eps` added to it. Step 5 of the backward pass adds `eps` itself: what would come "
    "of that?",
    pack=packed(var=lambda c: c["var"] + c["eps"]),
)
add(
    "std-stored",
    "The cache holds a standard deviation under the name of `var`. Which step has the root, and has it a "
    "name of its own?",
    pack=packed(var=lambda c: np.sqrt(c["var"])),
)
add(
    "input-for-xmu",
    "Where `xmu` belongs, the cache holds `x` with its means still in it. What does step 3 need on the way "
    "back?",
    pack=packed(xmu=lambda c: c["x"]),
)
add(
    "beta-for-gamma",
    "The cache has `beta` in the place of `gamma`. An addition needs neither of its inputs to go backward. "
    "And a product?",
    pack=packed(gamma=lambda c: c["beta"]),
)
add(
    "gammax-for-xhat",
    "The first entry of the cache is already scaled by `gamma`. The gradient of `gamma` needs what `gamma` was "
    "multiplied with: which name is that?",
    pack=packed(xhat=lambda c: c["gamma"] * c["xhat"]),
)
add(
    "not-inverted",
    "`ivar` in the cache equals `sqrtvar`. What did step 6 do to it, and has the result a name?",
    pack=packed(ivar=lambda c: c["sqrtvar"]),
)
add(
    "cache-order",
    "The cache is in the order in which the steps made its arrays. The backward pass unpacks another one: which order "
    "does the TODO ask for?",
    pack=lambda c: tuple(c[name] for name in ("xmu", "var", "sqrtvar", "ivar", "xhat", "gamma", "eps")),
)
add(
    "cache-order",
    "The seven entries of the cache stand in reverse. Which one does the TODO name first?",
    pack=lambda c: as_asked(c)[::-1],
)
for left_out, needs in (("eps", "step 5"), ("gamma", "step 8"), ("var", "step 5")):
    add(
        "cache-short",
        f"The cache holds six entries, and `{left_out}` is the one that is missing. What will {needs} of the backward "
        "pass do without it?",
        pack=lambda c, left_out=left_out: tuple(c[name] for name in NAMES if name != left_out),
    )
add(
    "list-wrapped",
    "The cache is a list. Its seven entries are right, but a list can be changed by whoever holds it: which brackets, "
    "or none, make a tuple?",
    pack=lambda c: list(as_asked(c)),
)
