// The controls above the picture and the legend below it.

// Milliseconds from one step to the next.
const SPEEDS = { slow: 3000, normal: 1700, fast: 800 };

// First, previous, play, next, the slider with the steps' numbers under it, and the speed.
function barOf(piece, acts) {
  const { frames, nodes, edges } = piece;
  const last = frames.length;
  const first = button("First", () => acts.go(0));
  const previous = button("Previous", () => acts.by(-1));
  const playing = button("Play", acts.toggle, { class: "flow-play" });
  const next = button("Next", () => acts.by(1));
  const range = ours(element("input", { type: "range", min: "0", max: String(last), value: "0", "aria-label": "Step" }));
  range.addEventListener("input", () => acts.go(Number(range.value)));
  const count = element("span", { class: "flow-count" });
  const speed = ours(element("select", { "aria-label": "Speed" }, ...Object.keys(SPEEDS).map((name) => element("option", { value: name }, name))));
  speed.value = "normal";
  const ticks = element("div", { class: "flow-ticks", "aria-hidden": "true" });
  const turn = frames.filter((frame) => frame.kind === "forward").length;
  const tick = (at, text, name = "") => {
    const made = element("span", { class: name }, text);
    made.style.left = `calc(8px + (100% - 16px) * ${at / last})`;
    ticks.append(made);
  };
  const numbered = [];
  frames.forEach((frame, i) => {
    if (frame.kind === "forward" || frame.kind === "seed") return;
    const number = nodes[frame.kind === "back" ? edges[frame.edge].user : frame.node].number ?? null;
    if (number !== null && number !== numbered[numbered.length - 1]?.[0]) numbered.push([number, i + 1]);
  });
  if (turn) tick(turn / 2, "forward", "flow-tick-forth");
  // One that would stand on the one before it is left out: by the stylesheet, where the slider is short.
  let [clear, wideClear] = [-1, -1];
  for (const [number, at] of numbered.length > 1 && numbered.length <= 24 ? numbered : []) {
    const place = at / last;
    if (place < clear) continue;
    tick(at, String(number), place < wideClear ? "flow-tick-back flow-tick-close" : "flow-tick-back");
    clear = place + 0.034;
    if (place >= wideClear) wideClear = place + 0.065;
  }
  if (turn && (numbered.length < 2 || numbered.length > 24)) tick((turn + last) / 2, "backward", "flow-tick-back");
  range.style.setProperty("--turn", turn ? `${((turn + 0.5) / last) * 100}%` : "0%");
  const made = element("div", { class: "flow-bar" }, element("div", { class: "flow-buttons" }, first, previous, playing, next), element("div", { class: "flow-slider" }, range, ticks), count, speed);
  return {
    made,
    speed: () => speed.value,
    playing: (on) => write(playing, on ? "Pause" : "Play"),
    set(step, said) {
      if (range.value !== String(step)) range.value = String(step);
      range.setAttribute("aria-valuetext", said);
      write(count, `${step} / ${last}`);
      for (const one of [first, previous]) one.setAttribute("aria-disabled", String(step === 0));
      next.setAttribute("aria-disabled", String(step === last));
    },
  };
}

function legend(piece) {
  const arrays = piece.nodes.some((node) => node.value.data !== undefined);
  return element(
    "p",
    { class: "flow-legend" },
    element("span", { class: "flow-key flow-key-forth" }),
    "values ",
    element("span", { class: "flow-key flow-key-back" }),
    "gradients, thicker where larger ",
    ...(arrays ? [element("span", { class: "flow-scale" }), "negative to positive"] : [])
  );
}
