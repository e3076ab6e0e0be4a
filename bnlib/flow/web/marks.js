// What each frame switches on in the picture: a step forward does it, a step back undoes it.

function marksOf(piece, picture) {
  const { nodes, edges } = piece;
  const several = (node) => nodes[node].arrived.length > 1;
  const lit = (line, name = "flow-lit") => line.groups.map((group) => [group, name, line.settle]);
  const reached = (node) => [picture.boxes[node].group, "flow-reached", () => settleTile(picture.boxes[node].gradient)];
  const seedOf = (node) => picture.seed[piece.seeds.indexOf(node)];

  // Each as [group, class, what has to be drawn first].
  function of(frame) {
    const { kind, node } = frame;
    if (kind === "forward") return [[picture.boxes[node].group, "flow-lit", picture.boxes[node].settle], ...piece.usedBy[node].map((i) => [picture.forth[i].group, "flow-lit"])];
    if (kind === "back") {
      const { parent } = edges[frame.edge];
      return [...lit(picture.back[frame.edge]), ...(several(parent) ? [] : [reached(parent)])];
    }
    if (kind === "seed") return [...lit(seedOf(node)), ...(several(node) ? [] : [reached(node)])];
    return [reached(node), ...piece.sentTo[node].flatMap((i) => lit(picture.back[i], "flow-summed"))];
  }

  // Where the eye should be.
  function targets(frame) {
    if (!frame) return [];
    if (frame.kind === "back") return [...picture.back[frame.edge].groups, picture.boxes[edges[frame.edge].parent].group];
    if (frame.kind === "seed") return [...seedOf(frame.node).groups, picture.boxes[frame.node].group];
    return [picture.boxes[frame.node].group];
  }

  // Where the card's line leads: to the contribution at its edge, or to the node.
  function pointAt(frame) {
    if (!frame) return null;
    if (frame.kind === "back") return picture.back[frame.edge].at;
    const box = picture.boxes[frame.node];
    return [box.centre[0], box.top];
  }

  const made = piece.frames.map(of);
  let current = [];

  function on(marks) {
    for (const [group, name, settle] of marks) {
      group.classList.add(name);
      settle?.();
    }
  }
  for (const frame of piece.before ?? []) on(of(frame));

  return {
    pointAt,
    // From one step to another, with the frame that is shown there.
    move(from, to, frame) {
      for (let i = from; i < to; i++) on(made[i]);
      for (let i = from - 1; i >= to; i--) for (const [group, name] of made[i]) group.classList.remove(name);
      for (const group of current) group.classList.remove("flow-now");
      current = targets(frame);
      for (const group of current) group.classList.add("flow-now");
    },
  };
}

// After a cut: what is another number now is drawn anew, and says so.
function showChanges(piece, picture) {
  piece.nodes.forEach((node, i) => {
    const box = picture.boxes[i];
    const was = box.group.classList.contains("flow-other");
    if (!node.cut && !was) return;
    fillTile(box.gradient, node.cut ?? node.gradient, SLOT);
    box.group.classList.toggle("flow-other", Boolean(node.cut));
    if (node.cut && !was) box.group.append(drawn("text", { class: "flow-changed", x: box.changed[0], y: box.changed[1] }, "\u2260 changed"));
    if (!node.cut) box.group.querySelector(".flow-changed")?.remove();
  });
  piece.edges.forEach((edge, i) => {
    const line = picture.back[i];
    if (!line) return;
    const cut = edge.severed ? " cut" : edge.partly ? " cut in part" : "";
    if (edge.cut || cut || line.marked) {
      line.marked = Boolean(edge.cut || cut);
      line.settle();
      fillTile(line.chip, (edge.cut ?? edge).value, CHIP);
      write(line.label, labelOf(edge.name, (edge.cut ?? edge).value) + cut);
    }
    for (const group of line.groups) {
      group.classList.toggle("flow-other", Boolean(edge.cut));
      group.classList.toggle("flow-severed", Boolean(edge.severed || edge.partly));
    }
  });
}
