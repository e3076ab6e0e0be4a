// Cutting: which contributions are left out, who is asked what comes of it, and what is said about it.

function cutsOf(piece, link, redraw, home) {
  const { nodes, edges } = piece;
  const cuts = new Map();
  let asked = 0;
  let waiting = null;
  let answer = null;
  const offline = piece.answers ?? null;
  // One step's piece tells nothing of what comes after it, where a cut would show.
  const able = Boolean(link.ask || offline) && !piece.start;
  const boxes = new Map();
  const verdict = element("div", { class: "flow-verdict", role: "status" });
  const restore = button("Put everything back", () => {
    cuts.clear();
    // It hides itself, and must not lose the focus to the page: the next key would reach the notebook.
    home();
    ask();
  });
  const told = element("div", { class: "flow-told", hidden: "" }, verdict, restore);

  const keyOf = (cut) => cut.join("\n");
  const wholeOf = (index) => [nodes[edges[index].user].name, nodes[edges[index].parent].name];
  const partOf = (index, part) => [...wholeOf(index), nodes[part.origin].name];

  function set(cut, on) {
    if (on && offline) cuts.clear(); // a page has the answer for one cut at a time
    if (on) cuts.set(keyOf(cut), cut);
    else cuts.delete(keyOf(cut));
    ask();
  }

  function ask() {
    asked += 1;
    clearTimeout(waiting);
    for (const [key, inputs] of boxes) for (const input of inputs) input.checked = cuts.has(key);
    told.hidden = !cuts.size;
    if (!cuts.size) return answered({ number: asked, nodes: {}, edges: {}, errors: [] });
    if (offline) return answered({ number: asked, ...offline[[...cuts.keys()][0]] });
    write(verdict, "Working it out …");
    waiting = setTimeout(() => write(verdict, "There is no answer. Cutting needs a running kernel: restart it, and run the cell again. Everything else works without one."), 4000);
    try {
      link.ask({ number: asked, cuts: [...cuts.values()] });
    } catch {
      write(verdict, "There is no answer. Cutting needs a running kernel: restart it, and run the cell again.");
    }
  }

  function answered(reply) {
    if (!reply || reply.number !== asked) return;
    clearTimeout(waiting);
    answer = reply;
    nodes.forEach((node, i) => (node.cut = reply.nodes[i]));
    edges.forEach((edge, i) => {
      edge.cut = reply.edges[i];
      edge.severed = Boolean(edge.name) && cuts.has(keyOf(wholeOf(i)));
      edge.partly = (edge.parts ?? []).some((part) => cuts.has(keyOf(partOf(i, part))));
    });
    verdict.replaceChildren(...(cuts.size ? sayWhat(reply) : []));
    redraw(reply.number);
  }

  function describe(cut) {
    const index = edges.findIndex((edge, i) => edge.name && wholeOf(i)[0] === cut[0] && wholeOf(i)[1] === cut[1]);
    const edge = edges[index];
    if (cut.length === 2) return { index, edge, says: `${edge.name} is cut: as if ${cut[0]} did not depend on ${cut[1]}.` };
    const part = edge.parts.find((one) => nodes[one.origin].name === cut[2]);
    return { index, edge, part, says: `The part of ${edge.name} that is made of ${part.name} is cut.` };
  }

  function sayWhat(reply) {
    const described = [...cuts.values()].map(describe);
    const lines = described.map(({ says, edge, part }) => {
      const others = part ? [] : nodes[edge.parent].arrived.filter((name) => name !== edge.name);
      const overwritten = others.length ? ` The same happens with = where += belongs: d${nodes[edge.parent].name} = ${others.join(" + ")}.` : "";
      return element("p", {}, says + overwritten);
    });
    const moved = Object.keys(reply.nodes).map((i) => `d${nodes[i].name}`);
    if (!moved.length) {
      const names = described.map(({ part, edge }) => (part ?? edge).name);
      lines.push(
        element("p", { class: "flow-why" }, `Nothing changes, in no gradient at all. Why can ${names.join(" and ")} be left out here? Look at the sums of ${names.length > 1 ? "their" : "its"} columns.`)
      );
    } else {
      const errors = reply.errors.map((one) => element("tr", {}, element("th", { scope: "row" }, one.name), element("td", {}, one.now), element("td", {}, one.whole)));
      lines.push(
        element("p", {}, `Changed: ${moved.join(", ")}.`),
        element("p", { class: "flow-errors-head" }, "Error against the numeric gradient, as a part of its largest entry:"),
        element(
          "table",
          { class: "flow-errors", "aria-label": "Errors" },
          element("thead", {}, element("tr", {}, element("td"), element("th", { scope: "col" }, "with the cut"), element("th", { scope: "col" }, "without"))),
          element("tbody", {}, ...errors)
        )
      );
    }
    return lines;
  }

  function box(label, cut, mark) {
    const input = ours(element("input", { type: "checkbox", "data-cut": cut.join(" ") }));
    input.checked = cuts.has(keyOf(cut));
    input.addEventListener("change", () => set(cut, input.checked));
    const key = keyOf(cut);
    boxes.set(key, [...(boxes.get(key) ?? []).filter((other) => other.isConnected), input]);
    return element("label", { class: mark }, input, ` ${label}`);
  }

  // The switches of one edge: the whole, and each arrived contribution that it carries on.
  function switches(index) {
    const edge = edges[index];
    const [user, parent] = wholeOf(index);
    const made = element("div", { class: "flow-switches" }, box(`${edge.name}, from ${user} to ${parent}`, [user, parent], "flow-whole"));
    for (const part of edge.parts ?? []) made.append(box(`only what ${part.name} puts into it`, partOf(index, part), "flow-part"));
    return made;
  }

  function list() {
    const made = element("details", { class: "flow-cuts" }, ours(element("summary", {}, "Cut an edge")));
    const lead = !able
      ? "Cutting needs a running kernel, and this page has none. Run the notebook to try it."
      : `Leave a contribution out of the backward pass and see which gradients change.${offline ? " Here one at a time; in the notebook, any number." : ""}`;
    made.append(element("p", {}, lead));
    if (able) {
      // Made when it is opened: a large graph has hundreds of switches.
      const all = element("div", { class: "flow-list" });
      made.append(all);
      made.addEventListener("toggle", () => made.open && !all.children.length && all.append(...edges.flatMap((edge, i) => (edge.name ? [switches(i)] : []))));
    }
    return made;
  }

  return { told, list, switches, able, answered, isCut: (index) => cuts.has(keyOf(wholeOf(index))), toggle: (index) => set(wholeOf(index), !cuts.has(keyOf(wholeOf(index)))), answer: () => answer };
}
