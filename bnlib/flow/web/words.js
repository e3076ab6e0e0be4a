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

// A frame as { kicker, head, figures, product, note }: `product` where it is upstream times local derivative.
function wordsOf(piece, frame, step) {
  const { nodes, edges, frames } = piece;
  if (!frame)
    return {
      kicker: "Before the start",
      head: "Press Play, or go step by step",
      note: "The values come in from the left. Then the gradient comes back from the right, one contribution at a time.",
    };
  if (frame.kind === "back") {
    const edge = edges[frame.edge];
    const shown = edge.cut ?? edge;
    const user = nodes[edge.user];
    const number = user.number === undefined || user.number === null ? "" : `Step ${user.number} · `;
    return {
      kicker: `${number}back through ${user.name} to ${nodes[edge.parent].name}`,
      head: `${edge.name} = ${edge.formula}`,
      product: edge.local === undefined ? null : { up: `d${user.name}`, local: edge.local, axes: edge.axes, is: edge.name, wrt: [user.name, nodes[edge.parent].name], numbers: shown.numbers },
      figures: shown.numbers.is === undefined ? "" : `${edge.name}${shown.numbers.at} = ${minus(shown.numbers.is)}`,
      note: summary(shown.value),
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
  const number = node.number === undefined || node.number === null ? "" : `Step ${node.number} · `;
  return {
    kicker: `${number}${node.name} was used more than once`,
    head: `d${node.name} = ${node.arrived.join(" + ")}`,
    figures: addedUp(piece, frame.node) ?? "What came back along its edges adds up.",
    note: summary(gradient),
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
