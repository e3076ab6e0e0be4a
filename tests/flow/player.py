"""The flow in a page, as a test speaks of it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect


class Player:
    """One flow, found by its element."""

    def __init__(self, page: Page, root: Locator):
        self.page = page
        self.root = root
        root.wait_for()

    @property
    def step(self) -> int:
        """The step that is shown."""
        return int(self.root.get_attribute("data-step") or -1)

    @property
    def last(self) -> int:
        """The number of the last step."""
        return int(self.root.locator("input[type=range]").get_attribute("max") or -1)

    def at(self, step: int) -> None:
        """Wait until that step is shown."""
        expect(self.root).to_have_attribute("data-step", str(step))

    def go(self, step: int) -> None:
        """Go to a step by the slider."""
        self.root.locator("input[type=range]").fill(str(step))
        self.at(step)

    def at_each_step(self, look: str) -> list[Any]:
        """What `look`, a function of the root, finds at each step from first to last.

        The slider is moved in the page, as `go` does, without a message to and fro for each step.
        """
        found: list[Any] = self.root.evaluate(
            f"""root => {{
                const [slider, look, found] = [root.querySelector('input[type=range]'), {look}, []];
                for (let step = 0; step <= Number(slider.max); step++) {{
                    slider.value = step;
                    slider.dispatchEvent(new Event('input', {{bubbles: true}}));
                    const now = root.dataset.step;
                    if (now !== String(step)) throw new Error(`step ${{now}} is shown, not ${{step}}`);
                    found.push(look(root));
                }}
                return found;
            }}"""
        )
        assert len(found) == self.last + 1
        return found

    def click(self, name: str) -> None:
        """Press a button by its word."""
        self.root.get_by_role("button", name=name, exact=True).click()

    @property
    def says(self) -> str:
        """What a screen reader gets."""
        return self.root.locator(".flow-heard").inner_text()

    def node(self, name: str) -> Locator:
        """A node's group in the picture."""
        return self.root.get_by_role("button", name=re.compile(rf"^{re.escape(name)}, "))

    def seen(self) -> dict[str, Any]:
        """Which values, contributions and gradients are to be seen, by name, and which lines are marked."""
        return self.root.evaluate(
            """root => {
                const visible = part => getComputedStyle(part).visibility === 'visible';
                const name = group => group.querySelector('.flow-name').textContent;
                const nodes = [...root.querySelectorAll('.flow-node')];
                return {
                    values: nodes.filter(n => visible(n.querySelector('.flow-value'))).map(name),
                    gradients: nodes.filter(n => visible(n.querySelector('.flow-gradient'))).map(name),
                    contributions: [...root.querySelectorAll('.flow-label')].filter(visible)
                        .map(label => label.textContent.split(' ')[0]),
                    lines: [...root.querySelectorAll('.flow-code-line.flow-now')].map(l => l.textContent.trim()),
                };
            }"""
        )

    def table(self, title: str) -> list[list[float]]:
        """An open array's numbers, read from the page, by its title."""
        rows: list[list[float]] = self.root.locator(".flow-heat").evaluate_all(
            """(tables, title) => [...tables.find(t => t.caption.querySelector('b').textContent === title)
                .tBodies[0].rows].map(row => [...row.cells]
                .map(cell => Number(cell.textContent.replace('\\u2212', '-'))))""",
            title,
        )
        return rows
