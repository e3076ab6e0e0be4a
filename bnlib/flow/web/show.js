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

  const root = ours(
    element("section", {
      class: "bnlib-flow",
      role: "group",
      tabindex: "0",
      "aria-label": `The flow of ${piece.function}. Arrow right and left step, space plays, arrow down goes to the nodes.`,
    })
  );
  const home = () => root.focus({ preventScroll: true });
  const picture = draw(piece);
  const marks = marksOf(piece, picture);
  const card = cardOf();
  const code = codeOf(piece);
  const movers = mover(picture, still);
  const cuts = cutsOf(piece, link, redraw, home);
  const panel = panelOf(piece, picture, cuts, home);
  let step = 0;
  let timer = null;
  let starting = 0;
  let phase = "";
  // One step's piece has something to show before its first frame.
  const frame = () => (step ? frames[step - 1] : piece.start);

  function go(wanted, { silent = false } = {}) {
    const before = step;
    step = Math.max(0, Math.min(frames.length, Math.round(wanted)));
    const now = frame();
    marks.move(before, step, now);
    const kind = !now ? "start" : now.kind === "forward" ? "forward" : "backward";
    if (kind !== phase) root.dataset.phase = phase = kind;
    const words = wordsOf(piece, now, step);
    card.say(words);
    root.dataset.step = String(step);
    bar.set(step, `${step} of ${frames.length}. ${words.kicker}: ${words.head}`);
    code.mark(now);
    offerCut();
    point();
    // Scrolling makes the browser lay everything out, so it comes last, and once.
    if (view.follow(now)) point();
    code.reveal();
    cancelAnimationFrame(starting);
    // Here a drawing that moves is another matter: it starts with the next frame.
    const lasts = Math.min(750, (timer ? SPEEDS[bar.speed()] : 1500) * 0.5);
    if (step === before + 1 && !still.matches) starting = requestAnimationFrame(() => movers.play(piece, now, lasts));
    else movers.stop();
    if (timer && step === frames.length) pause();
    if (!silent && step !== before) link.onStep(step);
  }

  // The card over the place where it happens, and the line that leads there.
  function point() {
    const now = frame();
    const place = marks.pointAt(now);
    const wide = card.width(view.width());
    const room = view.width() - wide;
    const x = place ? view.across(place[0]) : 0;
    card.made.style.transform = `translateX(${Math.round(Math.max(0, Math.min(x - wide / 2, room)))}px)`;
    const node = !now ? null : picture.boxes[now.kind === "back" ? edges[now.edge].parent : now.node];
    const { pointer, halo } = picture;
    halo.setAttribute("visibility", node ? "visible" : "hidden");
    if (node) for (const [name, value] of Object.entries(node.around)) halo.setAttribute(name, value);
    pointer.setAttribute("visibility", place ? "visible" : "hidden");
    if (place) for (const [name, value] of [["x1", place[0]], ["x2", place[0]], ["y2", place[1]]]) pointer.setAttribute(name, value);
  }

  // ---- cutting the edge of this step ----
  const snip = button("Cut this edge", () => {
    const now = frame();
    if (now?.kind !== "back") return;
    cuts.toggle(now.edge);
    if (cuts.isCut(now.edge)) panel.openEdge(now.edge);
  }, { class: "flow-snip", "aria-pressed": "false", hidden: "" });
  card.made.append(snip);
  function offerCut() {
    const now = frame();
    const on = cuts.able && now?.kind === "back";
    // Hiding what has the focus would lose it, and the next key would reach the notebook.
    if (!on && snip === document.activeElement) home();
    if (snip.hidden === on) snip.hidden = !on;
    if (!on) return;
    const cut = cuts.isCut(now.edge);
    write(snip, cut ? "Put it back" : "Cut this edge");
    snip.setAttribute("aria-pressed", String(cut));
  }

  function redraw(number) {
    showChanges(piece, picture);
    card.say(wordsOf(piece, frame(), step));
    offerCut();
    panel.refresh();
    root.dataset.cut = String(number);
  }

  // ---- playing ----
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
  const toggle = () => (timer ? pause() : play());
  const goTo = (to) => {
    pause();
    go(to);
  };

  // ---- the window, the controls, the keys ----
  const stage = element("div", { class: "flow-stage" }, picture.svg);
  const view = windowOn(piece, picture, stage, point);
  const bar = barOf(piece, { go: goTo, by: (by) => goTo(step + by), toggle });
  const zoom = (name, factor) => button(name, () => view.set(factor, frame()));
  const zooms = element("div", { class: "flow-zooms" }, zoom("Smaller", 0.8), zoom("Larger", 1.25), zoom("Whole graph", "fit"), zoom("Follow", 0));
  const walk = nodesByKey(picture, view);
  picture.boxes.forEach((box, i) => box.group.addEventListener("click", () => { walk.reach(i); panel.openNode(i); }));
  picture.back.forEach((line, i) => line?.groups.forEach((group) => group.addEventListener("click", () => panel.openEdge(i))));
  const keys = {
    ArrowRight: () => goTo(step + 1),
    ArrowLeft: () => goTo(step - 1),
    Home: () => goTo(0),
    End: () => goTo(frames.length),
    ArrowDown: () => walk.neighbour(1),
    ArrowUp: () => walk.neighbour(-1),
    Escape: panel.close,
  };
  listen(root, keys, toggle, () => panel.openNode(walk.current()));

  root.append(
    bar.made,
    element("div", { class: "flow-view" }, element("div", { class: "flow-band" }, card.made), stage),
    element("div", { class: "flow-under" }, legend(piece), zooms),
    cuts.told,
    panel.made,
    code.made,
    ...(piece.start ? [] : [cuts.list()])
  );
  // How wide it will be is asked while there is nothing in it that would have to be laid out.
  const room = element("div", { class: "bnlib-flow" });
  host.append(room);
  let wide = room.clientWidth - 8;
  room.remove();
  view.resize(frame(), wide);
  go(link.step, { silent: true });
  host.append(root);
  code.attached();
  if (frame()) view.resize(frame(), wide);
  const observer = new ResizeObserver(() => {
    if (!stage.clientWidth || stage.clientWidth === wide) return;
    wide = stage.clientWidth;
    view.resize(frame(), wide);
    point();
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
