// The whole, built into an element from a piece, with no kernel needed. `link` is what the surroundings want: the
// step to start at, to be told of each step, and, where there is a kernel, whom to ask about cuts.

function show(host, piece, link) {
  const { nodes, edges, frames } = piece;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  piece.usedBy = nodes.map(() => []);
  piece.sentTo = nodes.map(() => []);
  edges.forEach((edge, i) => {
    piece.usedBy[edge.user].push(i);
    if (edge.name) piece.sentTo[edge.parent].push(i);
  });

  const picture = draw(piece);
  const card = cardOf();
  const code = codeOf(piece);
  const movers = mover(picture, still);
  const cuts = cutsOf(piece, link, redraw, () => root.focus({ preventScroll: true }));
  let step = 0;
  let timer = null;

  // ---- what each frame switches on: a step forward does it, a step back undoes it ----
  const summed = new Set(frames.filter((frame) => frame.kind === "sum").map((frame) => frame.node));
  const marks = frames.map((frame) => {
    if (frame.kind === "forward") return [[picture.boxes[frame.node].group, "flow-lit", picture.boxes[frame.node].settle], ...piece.usedBy[frame.node].map((i) => [picture.forth[i].group, "flow-lit"])];
    const lit = (line, name = "flow-lit") => line.groups.map((group) => [group, name, line.settle]);
    const reached = (node) => [picture.boxes[node].group, "flow-reached", () => settleTile(picture.boxes[node].gradient)];
    if (frame.kind === "back") {
      const edge = edges[frame.edge];
      return [...lit(picture.back[frame.edge]), ...(summed.has(edge.parent) ? [] : [reached(edge.parent)])];
    }
    if (frame.kind === "seed") return [...lit(picture.seed[piece.seeds.indexOf(frame.node)]), ...(summed.has(frame.node) ? [] : [reached(frame.node)])];
    return [reached(frame.node), ...piece.sentTo[frame.node].flatMap((i) => lit(picture.back[i], "flow-summed"))];
  });

  function targets(frame) {
    if (!frame) return [];
    if (frame.kind === "back") return [...picture.back[frame.edge].groups, picture.boxes[edges[frame.edge].parent].group];
    if (frame.kind === "seed") return [...picture.seed[piece.seeds.indexOf(frame.node)].groups, picture.boxes[frame.node].group];
    return [picture.boxes[frame.node].group];
  }

  // Where the card's line leads: to the contribution at its edge, or to the node.
  function pointAt(frame) {
    if (!frame) return null;
    if (frame.kind === "back") return picture.back[frame.edge].at;
    const box = picture.boxes[frame.node];
    return [box.centre[0], box.top];
  }

  let current = [];
  let starting = 0;
  let phase = "";
  function go(wanted, { silent = false } = {}) {
    const next = Math.max(0, Math.min(frames.length, Math.round(wanted)));
    const before = step;
    for (let i = step; i < next; i++)
      for (const [group, name, settle] of marks[i]) {
        group.classList.add(name);
        settle?.();
      }
    for (let i = step - 1; i >= next; i--) for (const [group, name] of marks[i]) group.classList.remove(name);
    step = next;
    const frame = frames[step - 1];
    for (const group of current) group.classList.remove("flow-now");
    current = targets(frame);
    for (const group of current) group.classList.add("flow-now");
    const now = !frame ? "start" : frame.kind === "forward" ? "forward" : "backward";
    if (now !== phase) root.dataset.phase = phase = now;
    const words = wordsOf(piece, frame, step);
    card.say(words);
    root.dataset.step = String(step);
    bar.set(step, `${step} of ${frames.length}. ${words.kicker}: ${words.head}`);
    code.mark(frame);
    offerCut(frame);
    point(frame);
    // Scrolling makes the browser lay everything out, so it comes last, and once.
    if (view.follow(frame)) point(frame);
    code.reveal();
    cancelAnimationFrame(starting);
    // Here a drawing that moves is another matter: it starts with the next frame.
    if (step === before + 1 && !still.matches) starting = requestAnimationFrame(() => movers.play(piece, frame, Math.min(750, (timer ? SPEEDS[bar.speed()] : 1500) * 0.5)));
    else movers.stop();
    if (timer && step === frames.length) pause();
    if (!silent && step !== before) link.onStep(step);
  }

  function point(frame) {
    const place = pointAt(frame);
    const wide = card.width(view.width());
    const room = view.width() - wide;
    const x = place ? view.across(place[0]) : 0;
    card.made.style.transform = `translateX(${Math.round(Math.max(0, Math.min(x - wide / 2, room)))}px)`;
    const node = !frame ? null : picture.boxes[frame.kind === "back" ? edges[frame.edge].parent : frame.node];
    picture.halo.setAttribute("visibility", node ? "visible" : "hidden");
    if (node) for (const [name, value] of Object.entries(node.around)) picture.halo.setAttribute(name, value);
    if (!place) return picture.pointer.setAttribute("visibility", "hidden");
    const { pointer } = picture;
    pointer.setAttribute("visibility", "visible");
    pointer.setAttribute("x1", place[0]);
    pointer.setAttribute("x2", place[0]);
    pointer.setAttribute("y2", place[1]);
  }

  // ---- cutting the edge of this step ----
  const snip = button("Cut this edge", () => {
    const frame = frames[step - 1];
    if (frame?.kind !== "back") return;
    cuts.toggle(frame.edge);
    if (cuts.isCut(frame.edge)) openEdge(frame.edge);
  }, { class: "flow-snip", "aria-pressed": "false", hidden: "" });
  function offerCut(frame) {
    const on = cuts.able && frame?.kind === "back";
    // Hiding what has the focus would lose it, and the next key would reach the notebook.
    if (!on && snip === document.activeElement) root.focus({ preventScroll: true });
    if (snip.hidden === on) snip.hidden = !on;
    if (!on) return;
    const cut = cuts.isCut(frame.edge);
    write(snip, cut ? "Put it back" : "Cut this edge");
    snip.setAttribute("aria-pressed", String(cut));
  }
  card.made.append(snip);

  // After a cut: what is another number now is drawn anew, and says so.
  function redraw(number) {
    nodes.forEach((node, i) => {
      const box = picture.boxes[i];
      const was = box.group.classList.contains("flow-other");
      if (!node.cut && !was) return;
      fillTile(box.gradient, node.cut ?? node.gradient, SLOT);
      box.group.classList.toggle("flow-other", Boolean(node.cut));
      if (node.cut && !was) box.group.append(drawn("text", { class: "flow-changed", x: box.changed[0], y: box.changed[1] }, "\u2260 changed"));
      if (!node.cut) box.group.querySelector(".flow-changed")?.remove();
    });
    edges.forEach((edge, i) => {
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
    card.say(wordsOf(piece, frames[step - 1], step));
    offerCut(frames[step - 1]);
    if (opened) opened();
    root.dataset.cut = String(number);
  }

  // ---- arrays ----
  const panel = element("div", { class: "flow-panel", hidden: "" });
  const panelTitle = element("h3", {});
  const panelBody = element("div", {});
  let picked = null;
  let opened = null;
  function close() {
    if (panel.hidden) return;
    // The focus goes back to where the panel was opened from, never to the page.
    const inside = panel.contains(document.activeElement);
    panel.hidden = true;
    picked?.classList.remove("flow-picked");
    if (inside) (picked?.getAttribute("role") === "button" ? picked : root).focus({ preventScroll: true });
    picked = opened = null;
    delete panel.dataset.shows;
  }
  panel.append(element("div", { class: "flow-panel-head" }, panelTitle, button("Close", close)), panelBody);
  function fill(title, group, shows, content, extra = []) {
    picked?.classList.remove("flow-picked");
    picked = group;
    group.classList.add("flow-picked");
    write(panelTitle, title);
    const arrays = element("div", { class: "flow-arrays" });
    panelBody.replaceChildren(arrays, ...extra);
    panel.hidden = false;
    panel.dataset.shows = shows;
    opened = () => arrays.replaceChildren(...content());
    opened();
  }
  const withCut = (name, whole, cut) => (cut ? [heat(whole, name), heat(cut, `${name} with the cut`)] : [heat(whole, name)]);
  function openNode(index) {
    const node = nodes[index];
    fill(node.op ? `${node.name} = ${node.op}` : node.name, picture.boxes[index].group, node.name, () => [heat(node.value, node.name), ...withCut(`d${node.name}`, node.gradient, node.cut)]);
  }
  function openEdge(index) {
    const edge = edges[index];
    fill(
      `${edge.name} = ${edge.formula}`,
      picture.back[index].groups[0],
      edge.name,
      () => withCut(edge.name, edge.value, edge.cut?.value),
      cuts.able ? [element("p", { class: "flow-note" }, "Leave out of the backward pass:"), cuts.switches(index)] : []
    );
  }
  picture.boxes.forEach((box, i) => box.group.addEventListener("click", () => { reach(i); openNode(i); }));
  picture.back.forEach((line, i) => line?.groups.forEach((group) => group.addEventListener("click", () => openEdge(i))));

  // ---- the window, the controls ----
  const stage = element("div", { class: "flow-stage" }, picture.svg);
  const view = windowOn(piece, picture, stage, () => point(frames[step - 1]));
  const bar = barOf(piece, { go: (to) => { pause(); go(to); }, by: (by) => { pause(); go(step + by); }, toggle: () => (timer ? pause() : play()) });
  const zooms = element(
    "div",
    { class: "flow-zooms" },
    button("Smaller", () => view.set(0.8, frames[step - 1])),
    button("Larger", () => view.set(1.25, frames[step - 1])),
    button("Whole graph", () => view.set("fit", frames[step - 1])),
    button("Follow", () => view.set(0, frames[step - 1]))
  );

  function play() {
    if (step === frames.length) go(0);
    bar.playing(true);
    root.classList.add("flow-plays");
    card.heard.setAttribute("aria-live", "off");
    const next = () => {
      go(step + 1);
      if (timer) timer = setTimeout(next, SPEEDS[bar.speed()]);
    };
    timer = setTimeout(next, 120);
  }
  function pause() {
    if (!timer) return;
    clearTimeout(timer);
    timer = null;
    bar.playing(false);
    root.classList.remove("flow-plays");
    card.heard.setAttribute("aria-live", "polite");
  }

  // ---- the keyboard ----
  // One node can be reached with Tab; the arrows up and down go from node to node.
  let reachable = 0;
  function reach(index) {
    picture.boxes[reachable].group.setAttribute("tabindex", "-1");
    reachable = (index + nodes.length) % nodes.length;
    picture.boxes[reachable].group.setAttribute("tabindex", "0");
  }
  function neighbour(by) {
    const inside = picture.svg.contains(document.activeElement);
    reach(inside ? reachable + by : reachable);
    picture.boxes[reachable].group.focus({ preventScroll: true });
    view.focus(reachable);
  }
  const keys = {
    ArrowRight: () => { pause(); go(step + 1); },
    ArrowLeft: () => { pause(); go(step - 1); },
    Home: () => { pause(); go(0); },
    End: () => { pause(); go(frames.length); },
    ArrowDown: () => neighbour(1),
    ArrowUp: () => neighbour(-1),
    Escape: close,
  };
  const root = ours(
    element("section", {
      class: "bnlib-flow",
      role: "group",
      tabindex: "0",
      "aria-label": `The flow of ${piece.function}. Arrow right and left step, space plays, arrow down goes to the nodes.`,
    })
  );
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const control = event.target.closest("button, input, select, summary, pre, [role=button]");
    if (control?.matches("input, select, pre") && event.key !== "Escape") return;
    if (event.key === " " || event.key === "Enter") {
      if (control?.getAttribute("role") === "button") openNode(reachable);
      else if (control || event.key === "Enter") return;
      else if (timer) pause();
      else play();
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });

  root.append(
    bar.made,
    element("div", { class: "flow-view" }, element("div", { class: "flow-band" }, card.made), stage),
    element("div", { class: "flow-under" }, legend(), zooms),
    cuts.told,
    panel,
    code.made,
    cuts.list()
  );
  // How wide it will be is asked while there is nothing in it that would have to be laid out.
  const room = element("div", { class: "bnlib-flow" });
  host.append(room);
  let wide = room.clientWidth - 24;
  room.remove();
  view.resize(frames[0], wide);
  reach(0);
  go(link.step, { silent: true });
  host.append(root);
  if (step) view.resize(frames[step - 1], wide);
  const observer = new ResizeObserver(() => {
    if (!stage.clientWidth || stage.clientWidth === wide) return;
    wide = stage.clientWidth;
    view.resize(frames[step - 1], wide);
    point(frames[step - 1]);
  });
  observer.observe(stage);
  return {
    go: (to) => to !== step && go(to, { silent: true }),
    answered: cuts.answered,
    stop() {
      pause();
      observer.disconnect();
      cancelAnimationFrame(starting);
      movers.stop();
      root.remove();
    },
  };
}
