// The animation. `show` builds it into an element from a piece (layout, nodes, edges, frames) and needs no kernel;
// `render` at the end is what anywidget calls, and only hands the step and the cuts to and fro.

const SPEEDS = { slow: 1800, normal: 1000, fast: 450 };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// JupyterLab and Notebook act on plain keys while a control in an output has the focus; this keeps them out.
function ours(control) {
  control.dataset.lmSuppressShortcuts = "true";
  return control;
}

// ---- what a frame means -------------------------------------------------------------------------------------

function lines(piece, frame) {
  if (!frame) return ["Press Play or Next to start.", "First the values, from left to right, then the gradient, from right to left.", ""];
  if (frame.kind === "forward") {
    const node = piece.nodes[frame.node];
    return [node.input ? `${node.name} comes in` : `Forward: ${node.name} = ${node.op}`, size(node.value), ""];
  }
  if (frame.kind === "seed") {
    const node = piece.nodes[frame.node];
    return [`d${node.name} comes from outside`, "It says how much the loss changes with each entry.", size(node.gradient)];
  }
  if (frame.kind === "sum") {
    const node = piece.nodes[frame.node];
    const parts = piece.edges.filter((edge) => edge.parent === frame.node && edge.name).map((edge) => edge.name).sort();
    return [`Step ${node.number}: d${node.name} = ${parts.join(" + ")}`, "It was used more than once, so what came back adds up.", size(node.gradient)];
  }
  const edge = piece.edges[frame.edge];
  return [`Step ${piece.nodes[edge.user].number}: ${edge.name} = ${edge.formula}`, edge.numbers, size(edge.value)];
}

function size(array) {
  const shape = `(${array.shape.join(", ")}${array.shape.length === 1 ? "," : ""})`;
  const odd = array.odd ? `, ${array.odd} of its entries not finite` : "";
  if (!array.shape.length) return `a number: ${array.odd ? "not finite" : array.low}`;
  return `shape ${shape}, from ${array.low} to ${array.high}, norm ${array.norm}${odd}`;
}

function phase(frame) {
  return !frame ? "start" : frame.kind === "forward" ? "forward" : "backward";
}

// ---- arrays as small pictures -------------------------------------------------------------------------------

function shade(byte, kind) {
  if (byte === 0) return null;
  const t = (byte - 128) / 127;
  const [r, g, b] = t < 0 ? [33, 102, 172] : [178, 24, 43];
  const a = Math.abs(t);
  return `rgb(${Math.round(255 - (255 - r) * a)},${Math.round(255 - (255 - g) * a)},${Math.round(255 - (255 - b) * a)})`;
}

function heat(array, title) {
  const bytes = Uint8Array.from(atob(array.data), (c) => c.charCodeAt(0));
  const columns = bytes.length / array.rows || 0;
  const table = element("table", { class: "flow-heat" });
  table.append(element("caption", {}, `${title}: ${size(array)}`));
  for (let i = 0; i < array.rows; i++) {
    const row = element("tr");
    for (let j = 0; j < columns; j++) {
      const byte = bytes[i * columns + j];
      const cell = element("td", {}, array.numbers && array.numbers.length === array.rows ? array.numbers[i][j] : "");
      const colour = shade(byte);
      if (colour) cell.style.background = colour;
      else cell.className = "flow-odd";
      if (Math.abs(byte - 128) > 70 && colour) cell.style.color = "#fff";
      row.append(cell);
    }
    table.append(row);
  }
  if (array.sums && array.rows > 1) {
    const row = element("tr", { class: "flow-sums" });
    row.append(...array.sums.map((sum) => element("td", {}, sum)));
    table.append(row);
  }
  return table;
}

// ---- the whole ----------------------------------------------------------------------------------------------

function show(host, piece, link) {
  const { nodes, edges, frames } = piece;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const largest = Math.max(...edges.filter((e) => e.name).map((e) => e.value.size), 1e-300);
  let step = 0;
  let timer = null;
  let moving = null;
  let picked = null;
  const cuts = new Map();

  const root = ours(element("section", { class: "bnlib-flow", tabindex: "0", "aria-label": `The flow of ${piece.function}: the graph forward and backward` }));
  const stage = element("div", { class: "flow-stage" });
  stage.innerHTML = piece.svg;
  const svg = stage.querySelector("svg");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", `Graph with ${nodes.length} nodes`);
  for (const title of svg.querySelectorAll("title")) title.remove();
  const box = svg.viewBox.baseVal;
  const whole = { x: box.x, y: box.y, width: box.width, height: box.height };
  const found = (id) => svg.querySelector(`[id="${id}"]`);

  // Nodes: four lines of text were laid out: name, shape, norm of the value, norm of the gradient.
  const drawn = nodes.map((node, index) => {
    const group = found(node.id);
    const text = [...group.querySelectorAll("text")];
    text[2].textContent = "";
    text[3].textContent = "";
    text[0].classList.add("flow-name");
    text[3].classList.add("flow-gradient");
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.setAttribute("aria-label", `${node.name}, shape ${node.value.shape.join(" by ") || "one number"}. Open its arrays.`);
    ours(group);
    group.addEventListener("click", () => open(index));
    return { group, value: text[2], gradient: text[3], box: group.getBBox ? null : null };
  });
  const back = edges.map((edge, index) => {
    const group = found(edge.back);
    if (!group || !edge.name) {
      if (group) group.classList.add("flow-none");
      return null;
    }
    const label = group.querySelector("text");
    label.textContent = edge.name;
    const path = group.querySelector("path");
    // The width says how large the contribution is, over six powers of ten.
    const power = edge.value.size > 0 ? Math.log10(edge.value.size / largest) : -6;
    group.style.setProperty("--wide", `${(1.2 + 3.3 * Math.max(0, 1 + power / 3)).toFixed(2)}px`);
    group.addEventListener("click", () => openEdge(index));
    return { group, path };
  });
  const forth = edges.map((edge) => found(edge.id));
  const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  dot.setAttribute("r", "6");
  dot.setAttribute("class", "flow-dot");
  svg.querySelector("g").append(dot);

  // What each frame switches on; a step forwards applies one entry, a step back takes it off.
  const marks = frames.map((frame) => {
    if (frame.kind === "forward") {
      const entry = [[drawn[frame.node].group, "lit"]];
      edges.forEach((edge, i) => edge.user === frame.node && forth[i] && entry.push([forth[i], "lit"]));
      return { classes: entry, text: [[drawn[frame.node].value, brief(nodes[frame.node].value)]] };
    }
    if (frame.kind === "back") {
      const edge = edges[frame.edge];
      const entry = { classes: [[back[frame.edge].group, "lit"]], text: [] };
      const several = edges.filter((other) => other.parent === edge.parent && other.name).length > 1;
      if (!several) arrive(entry, edge.parent);
      return entry;
    }
    const entry = { classes: [], text: [] };
    const alone = !frames.some((other) => other.kind === "sum" && other.node === frame.node);
    if (frame.kind === "sum" || alone) arrive(entry, frame.node);
    return entry;
  });
  function arrive(entry, node) {
    entry.classes.push([drawn[node].group, "reached"]);
    entry.text.push([drawn[node].gradient, brief(nodes[node].gradient)]);
  }
  function brief(array) {
    if (array.odd) return "NaN or inf";
    return array.shape.length ? `‖${array.norm}‖` : array.low;
  }

  // ---- words and code ----
  const caption = element("p", { class: "flow-caption" });
  const detail = element("p", { class: "flow-detail" });
  const sizes = element("p", { class: "flow-sizes" });
  const words = element("div", { class: "flow-words", "aria-live": "polite", role: "status" }, caption, detail, sizes);
  const blocks = piece.code.map((block) => {
    const rows = block.lines.map((text) => element("span", { class: "flow-line" }, text || " "));
    const made = element("div", { class: "flow-block" }, element("div", { class: "flow-title" }, block.title), element("pre", {}, ...rows));
    return { made, rows };
  });
  const code = element("div", { class: "flow-code" }, ...blocks.map((block) => block.made));
  let marked = [];
  function mark(frame) {
    for (const row of marked) row.classList.remove("now");
    marked = [];
    const backward = blocks.slice(1);
    let second = -1;
    const places = [];
    if (frame) {
      const edge = frame.kind === "back" ? edges[frame.edge] : null;
      const node = edge ? edge.user : frame.node;
      if (nodes[node].at) places.push(nodes[node].at);
      if (edge && edge.at) places.push(edge.at);
      second = edge && edge.at ? edge.at[0] : piece.code.findIndex((block) => block.node && block.node === nodes[node].name);
      if (frame.kind === "forward") second = -1;
    }
    backward.forEach((block, i) => block.made.hidden !== (i + 1 !== second) && (block.made.hidden = i + 1 !== second));
    for (const [block, line] of places) {
      const row = blocks[block].rows[line];
      if (!row) continue;
      row.classList.add("now");
      marked.push(row);
      const pre = row.parentElement;
      if (row.offsetTop < pre.scrollTop || row.offsetTop + row.offsetHeight > pre.scrollTop + pre.clientHeight)
        pre.scrollTop = row.offsetTop - pre.clientHeight / 2;
    }
  }

  // ---- moving through the frames ----
  let current = [];
  function go(wanted, { from = "hand" } = {}) {
    const next = Math.max(0, Math.min(frames.length, wanted));
    const forwards = next > step;
    for (let i = step; i < next; i++) apply(marks[i], true);
    for (let i = step - 1; i >= next; i--) apply(marks[i], false);
    const one = next - step;
    step = next;
    const frame = frames[step - 1];
    for (const group of current) group.classList.remove("now");
    current = now(frame);
    for (const group of current) group.classList.add("now");
    const [first, second, third] = lines(piece, frame);
    caption.textContent = first;
    detail.textContent = second;
    sizes.textContent = third;
    root.dataset.phase = phase(frame);
    root.dataset.step = String(step);
    range.value = String(step);
    range.setAttribute("aria-valuetext", `${step} of ${frames.length}: ${first}`);
    count.textContent = `${step} / ${frames.length}`;
    firstButton.disabled = previousButton.disabled = step === 0;
    nextButton.disabled = step === frames.length;
    mark(frame);
    follow(frame);
    travel(frame, forwards && one === 1);
    if (step === frames.length) pause();
    if (from !== "model") link.onStep(step);
  }
  function apply(entry, on) {
    for (const [group, name] of entry.classes) group.classList.toggle(name, on);
    for (const [text, value] of entry.text) text.textContent = on ? value : "";
  }
  function now(frame) {
    if (!frame) return [];
    if (frame.kind === "back") return [back[frame.edge].group, drawn[edges[frame.edge].parent].group];
    return [drawn[frame.node].group];
  }
  function travel(frame, wanted) {
    cancelAnimationFrame(moving);
    dot.classList.remove("on");
    if (!wanted || still.matches || !frame || frame.kind !== "back") return;
    const path = back[frame.edge].path;
    const length = path.getTotalLength();
    const start = performance.now();
    const lasts = timer ? Math.min(600, SPEEDS[speed.value] * 0.6) : 450;
    // Graphviz draws the path from parent to user; the gradient goes the other way.
    const tick = (time) => {
      const t = Math.min(1, (time - start) / lasts);
      const at = path.getPointAtLength(length * (1 - t * t * (3 - 2 * t)));
      dot.setAttribute("cx", at.x);
      dot.setAttribute("cy", at.y);
      dot.classList.toggle("on", t < 1);
      if (t < 1) moving = requestAnimationFrame(tick);
    };
    moving = requestAnimationFrame(tick);
  }

  // ---- the window on the graph ----
  let zoom = 0; // 0: fit, or as near as text stays legible; else a factor.
  const places = new Map();
  const origin = () => svg.querySelector("g").transform.baseVal.consolidate().matrix;
  function centre(index) {
    if (!places.has(index)) {
      const b = drawn[index].group.getBBox();
      const m = origin();
      places.set(index, { x: b.x + b.width / 2 + m.e, y: b.y + b.height / 2 + m.f });
    }
    return places.get(index);
  }
  function scale() {
    const width = stage.clientWidth || 900;
    const fit = width / whole.width;
    // One of Graphviz's points at 13 a letter: below 0.75 nobody reads it.
    const least = 0.8;
    return zoom ? zoom : Math.max(fit > 1.35 ? 1.35 : fit, least);
  }
  let pan = null;
  let seen = "";
  function follow(frame) {
    const width = stage.clientWidth || 900;
    const s = scale();
    const height = Math.min(whole.height * s, 460);
    const view = { width: width / s, height: height / s };
    let x = whole.x + (whole.width - view.width) / 2;
    let y = whole.y + (whole.height - view.height) / 2;
    if (view.width < whole.width || view.height < whole.height) {
      const target = pan || (frame ? focus(frame) : { x: whole.x, y: whole.y + whole.height / 2 });
      const clamp = (value, low, room, span) => (room >= span ? low + (span - room) / 2 : Math.max(low, Math.min(value - room / 2, low + span - room)));
      x = clamp(target.x, whole.x, view.width, whole.width);
      y = clamp(target.y, whole.y, view.height, whole.height);
    }
    const wanted = `${x.toFixed(1)} ${y.toFixed(1)} ${view.width.toFixed(1)} ${view.height.toFixed(1)}`;
    if (wanted === seen) return;
    seen = wanted;
    svg.setAttribute("viewBox", wanted);
    const tall = `${height.toFixed(0)}px`;
    if (stage.style.height !== tall) stage.style.height = tall;
  }
  function focus(frame) {
    if (frame.kind !== "back") return centre(frame.node);
    const a = centre(edges[frame.edge].user);
    const b = centre(edges[frame.edge].parent);
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  // ---- arrays and cuts ----
  const panel = element("div", { class: "flow-panel", hidden: "" });
  function close() {
    panel.hidden = true;
    picked?.classList.remove("picked");
    picked = null;
  }
  function fill(title, group, ...content) {
    picked?.classList.remove("picked");
    picked = group;
    group.classList.add("picked");
    const shut = ours(element("button", { type: "button", class: "flow-shut", onclick: () => { close(); root.focus(); } }, "Close"));
    panel.replaceChildren(element("div", { class: "flow-title" }, title, shut), ...content);
    panel.hidden = false;
  }
  function open(index) {
    const node = nodes[index];
    const changed = answer?.nodes?.[index];
    const arrays = element("div", { class: "flow-arrays" }, heat(node.value, node.name), heat(changed || node.gradient, changed ? `d${node.name} with the cut` : `d${node.name}`));
    fill(node.input ? node.name : `${node.name} = ${node.op}`, drawn[index].group, arrays, element("p", { class: "flow-note" }, "The last row, where there is one, holds the sums of the columns."));
    panel.dataset.node = node.name;
  }
  function openEdge(index) {
    const edge = edges[index];
    const content = [element("p", {}, `${edge.name} = ${edge.formula}`), element("p", {}, edge.numbers), heat(edge.value, edge.name)];
    if (link.ask) content.push(switches(index));
    fill(`${edge.name}: from ${nodes[edge.user].name} back to ${nodes[edge.parent].name}`, back[index].group, ...content);
  }
  function switches(index) {
    const edge = edges[index];
    const names = [nodes[edge.user].name, nodes[edge.parent].name];
    const made = element("div", { class: "flow-switches" });
    const add = (label, cut) => {
      const key = cut.join("\u0000");
      const input = ours(element("input", { type: "checkbox", "data-cut": cut.join(" ") }));
      input.checked = cuts.has(key);
      input.addEventListener("change", () => {
        input.checked ? cuts.set(key, cut) : cuts.delete(key);
        ask();
      });
      made.append(element("label", {}, input, ` ${label}`));
    };
    add(`Cut ${edge.name} (${names[0]} to ${names[1]})`, names);
    for (const part of edge.parts || []) add(`Cut only what came from ${part.name}`, [...names, nodes[part.origin].name]);
    return made;
  }
  let answer = null;
  let asked = 0;
  let waiting = null;
  const verdict = element("p", { class: "flow-verdict", role: "status" });
  function ask() {
    asked += 1;
    clearTimeout(waiting);
    if (!cuts.size) {
      answered({ number: asked, nodes: {}, edges: [], errors: [] });
      return;
    }
    verdict.textContent = "Working it out again …";
    waiting = setTimeout(() => (verdict.textContent = "No answer: cutting needs a running kernel. Run the cell again."), 4000);
    link.ask({ number: asked, cuts: [...cuts.values()] });
  }
  function answered(reply) {
    if (!reply || reply.number !== asked) return;
    clearTimeout(waiting);
    answer = reply;
    drawn.forEach((node, i) => node.group.classList.toggle("changed", Boolean(reply.nodes[i])));
    back.forEach((edge, i) => edge && edge.group.classList.toggle("changed", reply.edges.includes(i)));
    const whole = new Set([...cuts.values()].filter((cut) => cut.length === 2).map((cut) => cut.join("\u0000")));
    back.forEach((edge, i) => edge && edge.group.classList.toggle("cut", whole.has([nodes[edges[i].user].name, nodes[edges[i].parent].name].join("\u0000"))));
    const names = Object.keys(reply.nodes).map((i) => `d${nodes[i].name}`);
    if (!cuts.size) verdict.textContent = "";
    else if (!names.length) verdict.textContent = "Nothing changes. Why can this part be left out? Look at the sums of the columns.";
    else verdict.textContent = `Changed: ${names.join(", ")}. Error against the numeric gradient: ${reply.errors.map((e) => `${e.name} ${e.error}`).join(", ")}.`;
    root.dataset.cut = String(reply.number);
    if (panel.dataset.node && !panel.hidden && picked) {
      const index = drawn.findIndex((node) => node.group === picked);
      if (index >= 0) open(index);
    }
  }

  // ---- controls ----
  const button = (label, action, more = {}) => ours(element("button", { type: "button", ...more, onclick: action }, label));
  const firstButton = button("First", () => { pause(); go(0); });
  const previousButton = button("Previous", () => { pause(); go(step - 1); });
  const playButton = button("Play", () => (timer ? pause() : play()), { class: "flow-play" });
  const nextButton = button("Next", () => { pause(); go(step + 1); });
  const range = ours(element("input", { type: "range", min: "0", max: String(frames.length), value: "0", "aria-label": "Step" }));
  range.addEventListener("input", () => { pause(); go(Number(range.value)); });
  const count = element("span", { class: "flow-count" });
  const speed = ours(element("select", { "aria-label": "Speed" }, ...Object.keys(SPEEDS).map((name) => element("option", { value: name }, name))));
  speed.value = "normal";
  const controls = element("div", { class: "flow-controls" }, firstButton, previousButton, playButton, nextButton, range, count, speed);
  const zooms = element(
    "div",
    { class: "flow-zooms" },
    button("Larger", () => { zoom = Math.min(3, scale() * 1.25); follow(frames[step - 1]); }),
    button("Smaller", () => { zoom = Math.max(0.2, scale() / 1.25); follow(frames[step - 1]); }),
    button("Fit", () => { zoom = Math.min(1.35, (stage.clientWidth || 900) / whole.width); pan = null; follow(frames[step - 1]); }),
    button("Follow", () => { zoom = 0; pan = null; follow(frames[step - 1]); })
  );
  function play() {
    if (step === frames.length) go(0);
    playButton.textContent = "Pause";
    words.setAttribute("aria-live", "off");
    const next = () => {
      go(step + 1);
      if (timer) timer = setTimeout(next, SPEEDS[speed.value]);
    };
    timer = setTimeout(next, 150);
  }
  function pause() {
    clearTimeout(timer);
    timer = null;
    if (playButton.textContent === "Play") return;
    playButton.textContent = "Play";
    words.setAttribute("aria-live", "polite");
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const control = event.target.closest("button, input, select, summary, [role=button]");
    const keys = {
      ArrowRight: () => go(step + 1),
      ArrowLeft: () => go(step - 1),
      Home: () => go(0),
      End: () => go(frames.length),
      Escape: () => close(),
      ArrowDown: () => neighbour(1),
      ArrowUp: () => neighbour(-1),
    };
    event.stopPropagation();
    if (control && control.matches("input, select") && event.key !== "Escape") return;
    if (event.key === " " || event.key === "Enter") {
      if (control && control.getAttribute("role") === "button") open(drawn.findIndex((node) => node.group === control));
      else if (control) return;
      else if (event.key === " ") timer ? pause() : play();
      event.preventDefault();
    } else if (keys[event.key]) {
      if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") pause();
      keys[event.key]();
      event.preventDefault();
    }
  });
  // One node can be reached with Tab; the arrows up and down go from node to node.
  let reachable = 0;
  function neighbour(by) {
    drawn[reachable].group.setAttribute("tabindex", "-1");
    reachable = (reachable + by + drawn.length) % drawn.length;
    drawn[reachable].group.setAttribute("tabindex", "0");
    drawn[reachable].group.focus();
    pan = centre(reachable);
    follow(frames[step - 1]);
    pan = null;
  }
  drawn[0].group.setAttribute("tabindex", "0");

  // Dragging moves the window on a graph that is larger than it.
  let dragged = null;
  stage.addEventListener("pointerdown", (event) => {
    dragged = { x: event.clientX, y: event.clientY, view: svg.getAttribute("viewBox").split(" ").map(Number) };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const s = scale();
    const [x, y, width, height] = dragged.view;
    pan = { x: x + width / 2 - (event.clientX - dragged.x) / s, y: y + height / 2 - (event.clientY - dragged.y) / s };
    follow(frames[step - 1]);
  });
  for (const name of ["pointerup", "pointerleave"]) stage.addEventListener(name, () => { dragged = null; pan = null; });

  const edgesList = element("details", { class: "flow-cuts" }, ours(element("summary", {}, "Cut an edge")));
  if (link.ask) {
    edgesList.append(element("p", { class: "flow-note" }, "Leave a contribution out of the backward pass and see which gradients change."));
    edges.forEach((edge, i) => edge.name && edgesList.append(switches(i)));
  } else {
    edgesList.append(element("p", { class: "flow-note" }, "Cutting needs a running kernel, which this page does not have. Open the notebook to try it."));
  }

  root.append(controls, stage, zooms, words, verdict, code, panel, edgesList);
  host.append(root);
  for (const block of blocks.slice(1)) block.made.hidden = true;
  go(link.step, { from: "model" });
  const observer = new ResizeObserver(() => { seen = ""; follow(frames[step - 1]); });
  observer.observe(stage);
  return { go, answered, stop() { pause(); observer.disconnect(); cancelAnimationFrame(moving); root.remove(); } };
}

async function unpack(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

async function render({ model, el }) {
  const piece = await unpack(model.get("_piece"));
  const link = {
    step: model.get("step"),
    onStep(step) {
      if (model.get("step") === step) return;
      model.set("step", step);
      model.save_changes();
    },
    ask(cuts) {
      model.set("_ask", cuts);
      model.save_changes();
    },
  };
  const player = show(el, piece, link);
  const onStep = () => player.go(model.get("step"), { from: "model" });
  const onAnswer = () => player.answered(model.get("_answer"));
  model.on("change:step", onStep);
  model.on("change:_answer", onAnswer);
  return () => {
    model.off("change:step", onStep);
    model.off("change:_answer", onAnswer);
    player.stop();
  };
}

export default { render };
