// What a frame says.

function shapeOf(array) {
  return array.shape.length ? `(${array.shape.join(", ")}${array.shape.length === 1 ? "," : ""})` : "a number";
}

function minus(text) {
  return text.replace(/-(?=[\d.i])/g, "\u2212");
}

function summary(array) {
  const odd = array.odd ? `${array.odd} ${array.odd === 1 ? "entry is" : "entries are"} ${array.oddly}` : "";
  if (array.norm === undefined) return [shapeOf(array), odd || "empty"].join(" · ");
  if (!array.shape.length) return minus(array.low);
  const range = array.low === array.high ? `all ${array.low}` : `${array.low} to ${array.high}`;
  return [shapeOf(array), minus(range), `norm ${array.norm}`, odd].filter(Boolean).join(" · ");
}

function negative(text) {
  return text.startsWith("-") ? `(${minus(text)})` : text;
}

// What came back to a single number, in numbers.
function addedUp(piece, index) {
  const { arrived } = piece.nodes[index];
  const sent = piece.sentTo[index].map((i) => piece.edges[i]);
  sent.sort((one, other) => arrived.indexOf(one.name) - arrived.indexOf(other.name));
  const parts = sent.map((edge) => (edge.cut ?? edge).value);
  const total = piece.nodes[index].cut ?? piece.nodes[index].gradient;
  if (total.shape.length || piece.seeds.includes(index) || parts.some((part) => part.odd)) return null;
  return `${parts.map((part) => negative(part.low)).join(" + ")} = ${minus(total.low)}`;
}

function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

// Where one step's piece starts: what is here, and what will be done with it.
function opening(piece, frame) {
  const { nodes, edges } = piece;
  const node = nodes[frame.node];
  const onward = piece.frames.filter((one) => one.kind === "back").map((one) => nodes[edges[one.edge].parent].name);
  const several = node.arrived.length > 1;
  const acts = !several ? "sends it" : onward.length ? "adds them up, then sends the sum" : "adds them up";
  return {
    kicker: `${stepOf(node)}back through ${node.name}`,
    head: node.op ? `${node.name} = ${node.op}` : node.name,
    figures: several ? `${listed(node.arrived)} have arrived.` : `d${node.name} has arrived: ${summary(node.gradient)}.`,
    note: `Next ${acts}${onward.length ? ` on to ${listed(onward)}` : ""}.`,
    array: several ? null : node.gradient,
  };
}

function stepOf(node) {
  return node.number === undefined || node.number === null ? "" : `Step ${node.number} · `;
}

// A frame as { kicker, head, figures, product, note }: `product` where it is upstream times local derivative.
function wordsOf(piece, frame, step) {
  const { nodes, edges, frames } = piece;
  if (!frame)
    return {
      kicker: "Before the start",
      head: "Press Play, or go step by step",
      note: "The values come in from the left. Then the gradient comes back from the right, one contribution at a time.",
    };
  if (frame.kind === "start") return opening(piece, frame);
  if (frame.kind === "back") {
    const edge = edges[frame.edge];
    const shown = edge.cut ?? edge;
    const user = nodes[edge.user];
    return {
      kicker: `${stepOf(user)}back through ${user.name} to ${nodes[edge.parent].name}`,
      head: `${edge.name} = ${edge.formula}`,
      product: edge.local === undefined ? null : { up: `d${user.name}`, local: edge.local, axes: edge.axes, is: edge.name, wrt: [user.name, nodes[edge.parent].name], numbers: shown.numbers },
      figures: shown.numbers.is === undefined ? "" : `${edge.name}${shown.numbers.at} = ${minus(shown.numbers.is)}`,
      note: shown.value.shape.length || shown.numbers.up === undefined ? summary(shown.value) : "",
      array: shown.value,
    };
  }
  const node = nodes[frame.node];
  const gradient = node.cut ?? node.gradient;
  if (frame.kind === "forward")
    return { kicker: node.op ? "Forward" : "Forward · comes in from outside", head: node.op ? `${node.name} = ${node.op}` : node.name, note: summary(node.value), array: node.value };
  if (frame.kind === "seed")
    return {
      kicker: "Backward · from outside",
      head: `d${node.name}`,
      figures: `How much the loss changes with each entry of ${node.name}.`,
      note: summary(gradient),
      array: gradient,
    };
  const added = addedUp(piece, frame.node);
  return {
    kicker: `${stepOf(node)}${node.name} was used more than once`,
    head: `d${node.name} = ${node.arrived.join(" + ")}`,
    figures: added ?? "What came back along its edges adds up.",
    note: added ? "" : summary(gradient),
    array: gradient,
  };
}

// The same in one or two sentences, for those who listen.
function spoken(words) {
  const numbers = words.product?.numbers;
  const more = numbers?.more ? `, and ${numbers.more} more such products` : "";
  const figures = numbers?.up === undefined ? words.figures : `${numbers.up} from above times ${numbers.local}${more}, makes ${numbers.is} at ${numbers.at || "the entry"}.`;
  return [`${words.kicker}: ${words.head}.`, figures, words.note].filter(Boolean).join(" ");
}
