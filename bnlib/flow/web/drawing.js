// The picture of the graph, made once; later only classes change. Coordinates are those of the layout.

const SLOT = 19;
const APART = 10.5;
const CHIP = 18;
const HEAD = 7;

// A cubic spline's points moved across, with room for an arrowhead at its end.
function lineOf(points, down, room) {
  const moved = points.map(([x, y]) => [x, y + down]);
  const [tip, before] = [moved[moved.length - 1], moved[moved.length - 2]];
  const [dx, dy] = [tip[0] - before[0], tip[1] - before[1]];
  const long = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / long, dy / long];
  const end = [tip[0] - ux * room, tip[1] - uy * room];
  const spline = [...moved.slice(0, -1), end];
  if (long < room) spline[spline.length - 2] = [before[0] - ux * room, before[1] - uy * room];
  return { points: spline, tip, ux, uy };
}

function tenth(value) {
  return Math.round(value * 10) / 10;
}

function pathOf(points) {
  const [first, ...rest] = points.map(([x, y]) => `${tenth(x)},${tenth(y)}`);
  return `M${first}C${rest.join(" ")}`;
}

function headOf({ tip: [x, y], ux, uy }, long, wide) {
  const corner = (side) => `${tenth(x - ux * long - uy * side)},${tenth(y - uy * long + ux * side)}`;
  return `M${tenth(x)},${tenth(y)}L${corner(wide)} ${corner(-wide)}Z`;
}

// A place on a spline, at a part t of its pieces.
function along(points, t) {
  const pieces = (points.length - 1) / 3;
  const piece = Math.min(Math.floor(t * pieces), pieces - 1);
  const s = t * pieces - piece;
  const [a, b, c, d] = points.slice(3 * piece, 3 * piece + 4);
  const mix = (k) => (1 - s) ** 3 * a[k] + 3 * s * (1 - s) ** 2 * b[k] + 3 * s * s * (1 - s) * c[k] + s ** 3 * d[k];
  return [mix(0), mix(1)];
}

// How far up and down the two edges of a pair are moved: further where they are steep.
function aside(points) {
  const [first, last] = [points[0], points[points.length - 1]];
  const long = Math.hypot(last[0] - first[0], last[1] - first[1]) || 1;
  return 4 / Math.max(Math.abs(last[0] - first[0]) / long, 0.5);
}

function drawNode(node, [x, y, width, height]) {
  const middle = width / 2;
  const value = tile(node.value, SLOT, "flow-value");
  const gradient = tile(node.gradient, SLOT, "flow-gradient");
  const single = node.value.data === undefined;
  const apart = single ? width / 4 : APART;
  value.setAttribute("transform", `translate(${middle - apart} ${height - 18})`);
  gradient.setAttribute("transform", `translate(${middle + apart} ${height - 18})`);
  const group = ours(
    drawn(
      "g",
      { class: `flow-node${node.op ? "" : " flow-input"}`, transform: `translate(${x} ${y})`, role: "button", tabindex: "-1" },
      drawn("rect", { class: "flow-box", width, height, rx: node.op ? 7 : 16 }),
      drawn("text", { class: "flow-name", x: middle, y: 16 }, node.name),
      value,
      gradient
    )
  );
  group.setAttribute("aria-label", `${node.name}, ${shapeOf(node.value)}: open its arrays`);
  let bare = true;
  const settle = () => {
    settleTile(value);
    if (!bare) return;
    bare = false;
    const shape = node.value.shape.length ? shapeOf(node.value) : node.op.length < 18 ? node.op : "";
    if (shape) group.append(drawn("text", { class: "flow-shape", x: middle, y: 30 }, shape));
  };
  const number = node.number ?? null;
  const badge = 11 + 7 * String(number).length;
  if (number !== null)
    group.append(
      drawn("rect", { class: "flow-badge", x: width - 2 - badge / 2, y: -12, width: badge, height: 18, rx: 9 }),
      drawn("text", { class: "flow-number", x: width - 2, y: 1 }, String(number))
    );
  const slot = (side) => [x + middle + side * apart, y + height - 18];
  return { group, settle, changed: [middle, height + 15], value, gradient, slots: { value: slot(-1), gradient: slot(1) }, centre: [x + middle, y + height / 2], around: { x: x - 5, y: y - 5, width: width + 10, height: height + 10 }, top: y };
}

// A contribution on its way: thick where it is large, over three powers of ten. What is needed only when it can be
// seen is made then: text takes the browser longest, and a large graph has hundreds of these.
function drawBack(name, array, largest, points, down, several) {
  const power = array.size > 0 ? Math.log10(array.size / largest) : -3;
  const width = 1.2 + 3.4 * Math.max(0, 1 + power / 3);
  const head = HEAD + width;
  const line = lineOf([...points].reverse(), down, head - 1);
  const [x, y] = along(line.points, 0.5);
  const kind = `flow-back${several ? " flow-several" : ""}`;
  const group = drawn("g", { class: kind });
  const label = drawn("g", { class: kind });
  const made = { groups: [group, label], chip: null, label: null, points: line.points, at: [x, y], chipAt: [x, y + 28] };
  made.settle = () => {
    if (made.chip) return;
    // A single number stands behind its name; an array stands under it.
    made.chip = settleTile(tile(array, CHIP, `flow-chip${array.data === undefined && !array.odd ? " flow-single" : ""}`));
    made.chip.setAttribute("transform", `translate(${x.toFixed(1)} ${(y + 28).toFixed(1)})`);
    made.label = drawn("text", { class: "flow-label", x: x.toFixed(1), y: (y + 16).toFixed(1) }, labelOf(name, array));
    label.append(made.label, made.chip);
    const path = pathOf(line.points);
    const dashes = `${tenth(4.5 + width)} ${tenth(2 + width * 0.4)}`;
    group.append(
      drawn("path", { class: "flow-hit", d: path }),
      drawn("path", { class: "flow-line", d: path, "stroke-width": tenth(width), "stroke-dasharray": dashes }),
      drawn("path", { class: "flow-head", d: headOf(line, head, 2.8 + width * 0.6) })
    );
  };
  return made;
}

function labelOf(name, array) {
  return array.data === undefined && array.low !== undefined ? `${name} = ${minus(array.low)}` : name;
}

function drawForth(points, up) {
  const line = lineOf(points, -up, HEAD - 1);
  const group = drawn(
    "g",
    { class: "flow-forth" },
    drawn("path", { class: "flow-line", d: pathOf(line.points) }),
    drawn("path", { class: "flow-head", d: headOf(line, HEAD, 3.2) })
  );
  return { group, points: line.points };
}

function draw(piece) {
  const { nodes, edges, layout, seeds } = piece;
  const named = edges.filter((edge) => edge.name);
  const sizes = [...named.map((edge) => edge.value.size), ...seeds.map((i) => nodes[i].gradient.size)];
  const largest = Math.max(...sizes, 1e-300);
  const arriving = nodes.map((node) => node.arrived.length);
  const pointer = drawn("line", { class: "flow-pointer", y1: 0 });
  const halo = drawn("rect", { class: "flow-halo", rx: 13, visibility: "hidden" });
  const paths = drawn("g");
  const labels = drawn("g");
  const forth = [];
  const back = edges.map((edge, i) => {
    const points = layout.edges[i];
    const apart = edge.name ? aside(points) : 0;
    const there = drawForth(points, apart);
    forth.push(there);
    paths.append(there.group);
    if (!edge.name) return null;
    const made = drawBack(edge.name, edge.value, largest, points, apart, arriving[edge.parent] > 1);
    paths.append(made.groups[0]);
    labels.append(made.groups[1]);
    return made;
  });
  const seed = seeds.map((node, i) => {
    const made = drawBack(`d${nodes[node].name}`, nodes[node].gradient, largest, layout.edges[edges.length + i], 0, arriving[node] > 1);
    paths.append(made.groups[0]);
    labels.append(made.groups[1]);
    return made;
  });
  const boxes = nodes.map((node, i) => drawNode(node, layout.nodes[i]));
  const mover = drawn("g", { class: "flow-movers" });
  const svg = drawn(
    "svg",
    { class: "flow-svg", viewBox: `0 0 ${layout.width} ${layout.height}`, role: "group", "aria-label": `The graph: ${nodes.length} nodes. Arrow up and down go from one to the next.` },
    pointer,
    halo,
    paths,
    drawn("g", {}, ...boxes.map((box) => box.group)),
    labels,
    mover
  );
  return { svg, pointer, halo, forth, back, seed, boxes, mover, arriving };
}
