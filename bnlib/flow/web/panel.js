// The panel in which a node's or an edge's arrays are opened.

function panelOf(piece, picture, cuts, home) {
  const { nodes, edges } = piece;
  const made = element("div", { class: "flow-panel", hidden: "" });
  const title = element("h3", {});
  const body = element("div", {});
  let picked = null;
  let filled = null;

  function close() {
    if (made.hidden) return;
    // The focus goes back to where the panel was opened from, never to the page.
    const inside = made.contains(document.activeElement);
    made.hidden = true;
    picked?.classList.remove("flow-picked");
    if (inside) picked?.getAttribute("role") === "button" ? picked.focus({ preventScroll: true }) : home();
    picked = filled = null;
    delete made.dataset.shows;
  }
  made.append(element("div", { class: "flow-panel-head" }, title, button("Close", close)), body);

  function fill(says, group, shows, content, extra = []) {
    picked?.classList.remove("flow-picked");
    picked = group;
    group.classList.add("flow-picked");
    write(title, says);
    const arrays = element("div", { class: "flow-arrays" });
    body.replaceChildren(arrays, ...extra);
    made.hidden = false;
    made.dataset.shows = shows;
    filled = () => arrays.replaceChildren(...content());
    filled();
  }

  const withCut = (name, whole, cut) => (cut ? [heat(whole, name), heat(cut, `${name} with the cut`)] : [heat(whole, name)]);

  function openNode(index) {
    const node = nodes[index];
    const { group } = picture.boxes[index];
    // One step's piece doesn't tell what has not arrived yet.
    const known = !piece.start || group.classList.contains("flow-reached");
    const gradient = () => (known ? withCut(`d${node.name}`, node.gradient, node.cut) : []);
    fill(node.op ? `${node.name} = ${node.op}` : node.name, group, node.name, () => [heat(node.value, node.name), ...gradient()]);
  }

  function openEdge(index) {
    const edge = edges[index];
    const switches = cuts.able ? [element("p", { class: "flow-note" }, "Leave out of the backward pass:"), cuts.switches(index)] : [];
    fill(`${edge.name} = ${edge.formula}`, picture.back[index].groups[0], edge.name, () => withCut(edge.name, edge.value, edge.cut?.value), switches);
  }

  return { made, close, openNode, openEdge, refresh: () => filled?.() };
}
