"""The flow in a real Chromium, in JupyterLab: a step, its bytes, the first picture, a cut; beside it the same
graph redrawn by the kernel for each step.

Needs Chromium and the requirements of the tests; without them it says so and measures what needs none.
"""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from report import Row, table
from window import ROOT, window

from bnlib import flow
from bnlib.flow.cut import Cutter
from bnlib.flow.layout import layout
from bnlib.flow.timeline import timeline

from layers import deep, graph_of  # isort: skip

if TYPE_CHECKING:
    from lab import Lab, Notebook
    from playwright.sync_api import Browser

# In seconds and bytes: the median of a step at so many nodes, what all but one in twenty stay below, and so on.
STEP = {12: 0.004, 200: 0.008}
FRAME, FIRST, CUT, LAYOUT = 0.016, 0.5, 0.1, 5.0
SENT, STATE = 6_000, 300_000

_GRAPHS = {12: "graph_of('batchnorm')", 200: "deep(200)"}
_SETUP = (
    f"import sys\nsys.path.insert(0, {str(ROOT / 'tests' / 'flow')!r})\n"
    "from layers import *\nfrom bnlib import draw, flow\nflow(graph_of('toy'))"
)
# One SVG after the other in an Output, as it would be done without the widget.
_REDRAWN = """\
import ipywidgets
graph = GRAPH
gradients = graph.backward(np.ones(graph[graph.result].shape))
names = [name for name in gradients.order if graph[name].parents]
slider, output = ipywidgets.IntSlider(max=len(names) - 1), ipywidgets.Output()
def show(change):
    with output:
        output.clear_output(wait=True)
        display(draw(graph, gradients, reached=names[slider.value]))
slider.observe(show, "value")
show(None)
display(slider, output)
"""

# From the event to styles and layout, and from there to the frame after the one in which it was painted.
_STEPS = """async count => {
    const root = document.querySelector('.bnlib-flow');
    const button = word => [...root.querySelectorAll('button')].find(one => one.textContent === word);
    const [first, next] = [button('First'), button('Next')];
    const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const found = { layout: [], paint: [] };
    for (let i = 0; i < count; i++) {
        if (next.getAttribute('aria-disabled') === 'true') first.click();
        await frame();
        const start = performance.now();
        next.click();
        document.body.offsetHeight;
        root.querySelector('.flow-stage').getBoundingClientRect();
        const laid = performance.now();
        await frame();
        found.layout.push((laid - start) / 1000);
        found.paint.push((performance.now() - laid) / 1000);
    }
    return found;
}"""
# From the key on the kernel's slider to the new picture, laid out.
_WATCH_OUTPUT = """() => {
    window.redrawn = [];
    let start = 0;
    addEventListener('keydown', () => { start = performance.now(); }, true);
    const look = new MutationObserver(() => {
        const image = document.querySelector('.widget-output img');
        if (!image || !start || image.src === window.before) return;
        window.before = image.src;
        image.decode().then(() => {
            document.body.offsetHeight;
            window.redrawn.push((performance.now() - start) / 1000);
        });
    });
    window.before = document.querySelector('.widget-output img').src;
    const all = { childList: true, subtree: true, attributes: true, attributeFilter: ['src'] };
    look.observe(document.querySelector('.jp-Notebook'), all);
}"""
_FIRST = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = index;
    for (const old of document.querySelectorAll('.bnlib-flow')) old.dataset.old = 'yes';
    const shown = new Promise(done => {
        const look = new MutationObserver(() => {
            if (!document.querySelector('.bnlib-flow[data-step]:not([data-old])')) return;
            look.disconnect();
            document.body.offsetHeight;
            done(performance.now());
        });
        look.observe(document.body, { childList: true, subtree: true });
    });
    const start = performance.now();
    jupyterapp.commands.execute('notebook:run-cell');
    return (await shown - start) / 1000;
}"""
_CUT = """async name => {
    const root = document.querySelector('.bnlib-flow');
    const box = [...root.querySelectorAll('[data-cut]')].find(one => one.dataset.cut === name);
    const found = [];
    for (let i = 0; i < 20; i++) {
        const answered = new Promise(done => {
            const look = new MutationObserver(() => {
                look.disconnect();
                document.body.offsetHeight;
                done(performance.now());
            });
            look.observe(root, { attributes: true, attributeFilter: ['data-cut'] });
        });
        const start = performance.now();
        box.click();
        const end = await answered;
        if (box.checked) found.push((end - start) / 1000);
    }
    return found;
}"""


def rows(full: bool = False) -> list[Row]:
    """What needs no browser, then what does; without a browser, a word on standard error."""
    found = python_rows()
    with window("the flow in a browser") as here:
        if here is not None:
            for nodes, graph in _GRAPHS.items():
                found += _browser_rows(*here, nodes, graph)
    return found


def python_rows() -> list[Row]:
    """The state's size, a cut's answer, the layout of a large graph, and how the rest grows."""
    found = [Row("flow: state sent, 200 nodes of 64 x 32", len(flow(deep(200))._piece), STATE, "B")]
    graph = graph_of("batchnorm")
    gradients = graph.backward(graph["out"].value)
    cutter = Cutter(graph, gradients)
    found.append(
        Row(
            "flow: a cut answered, the layer, the first one",
            _once(lambda: cutter.answer([("sq", "xmu")])),
            CUT,
        )
    )
    costs = {}
    for nodes in (200, 1000):
        large = deep(nodes, (64, 32))
        back = large.backward(large[large.result].value)
        size = len(large.nodes) + len(large.edges)
        timeline(large, back)
        costs[nodes] = min(_once(lambda g=large, b=back: timeline(g, b)) for _ in range(3)) / size
        if nodes == 1000:
            found.append(
                Row("flow: layout, 1000 nodes", _once(lambda g=large: layout(g, [g.result])), LAYOUT)
            )
    found.append(Row("flow: all but layout, a node or edge at 1000 nodes", costs[1000]))
    # Twice as much would be growth with the square's root already.
    return [*found, Row("flow: the same as at 200 nodes", costs[1000] / costs[200], 1.5, "x")]


def _once(function: Any) -> float:
    started = perf_counter()
    function()
    return perf_counter() - started


class _Heard:
    """A browser that notes the length of every message over the websockets of its pages, from their start."""

    def __init__(self, browser: Browser, traffic: list[int]):
        self._browser = browser
        self._traffic = traffic

    def new_context(self, **options: Any) -> Any:
        context = self._browser.new_context(**options)
        context.on("page", lambda page: page.on("websocket", self._listen))
        return context

    def _listen(self, socket: Any) -> None:
        for name in ("framesent", "framereceived"):
            socket.on(name, lambda frame: self._traffic.append(len(frame)))


def _browser_rows(lab: Lab, browser: Browser, nodes: int, graph: str) -> list[Row]:
    from conftest import notebook_of  # the tests' own

    cells = notebook_of(layer=f"widget = flow({graph})\nwidget", redrawn=_REDRAWN.replace("GRAPH", graph))
    cells["cells"][0]["source"] = _SETUP
    file = lab.folder() / "flow.ipynb"
    file.write_text(json.dumps(cells))
    traffic: list[int] = []
    notebook = lab.open(cast("Browser", _Heard(browser, traffic)), file)
    notebook.run_cell("setup")
    try:
        return _measured(notebook, nodes, traffic)
    finally:
        notebook.close()


def _measured(notebook: Notebook, nodes: int, traffic: list[int]) -> list[Row]:
    page = notebook.page
    page.locator(".bnlib-flow").first.wait_for()
    firsts = []
    for _ in range(5):
        firsts.append(page.evaluate(_FIRST, 1))
        notebook.wait_until_idle()
    page.evaluate("document.querySelectorAll('.bnlib-flow')[0].closest('.jp-OutputArea-output').remove()")
    page.evaluate(_STEPS, 3)
    notebook.wait_until_idle()
    before = len(traffic)
    count = 200
    steps = page.evaluate(_STEPS, count)
    notebook.wait_until_idle()
    page.wait_for_timeout(300)
    sent = sum(traffic[before:]) / count
    found = [
        Row(f"flow: first picture, {nodes} nodes, median", median(firsts), FIRST),
        Row(
            f"flow: a step to styles and layout, {nodes} nodes, median", median(steps["layout"]), STEP[nodes]
        ),
        Row("flow: the same, 95 of 100", _percentile(steps["layout"], 95), FRAME),
        Row(f"flow: from there until painted, {nodes} nodes, median", median(steps["paint"])),
        Row(f"flow: sent and received a step, {nodes} nodes", sent, SENT, "B"),
    ]
    if nodes == 12:
        page.locator(".bnlib-flow summary").click()
        page.locator(".bnlib-flow .flow-list input").first.wait_for()
        cuts = page.evaluate(_CUT, "sq xmu")
        found.append(Row("flow: a cut, from the click to the marked picture, median", median(cuts), CUT))
    notebook.run_cell("redrawn")
    page.locator(".widget-output img").wait_for()
    page.evaluate(_WATCH_OUTPUT)
    handle = page.locator(".noUi-handle")
    before = len(traffic)
    rounds = 8
    for done in range(1, rounds + 1):
        handle.press("ArrowRight")
        page.wait_for_function("count => window.redrawn.length >= count", arg=done)
        notebook.wait_until_idle()
    redrawn = median(page.evaluate("window.redrawn"))
    return [
        *found,
        Row(f"redrawn by the kernel: a step, {nodes} nodes, median", redrawn),
        Row(
            f"redrawn by the kernel: sent and received a step, {nodes} nodes",
            sum(traffic[before:]) / rounds,
            None,
            "B",
        ),
        Row(f"redrawn / flow, a step, {nodes} nodes", redrawn / median(steps["layout"]), None, "x"),
    ]


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


if __name__ == "__main__":
    print(table(rows()))
