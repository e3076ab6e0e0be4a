// The learner's code: the traced function on the left, what belongs to the step back on the right.

function listingOf(block) {
  const rows = block.lines.map((line) => {
    const comment = line.search(/\s#(?![^"']*["'][^"']*$)/);
    const made = element("span", { class: "flow-code-line" });
    if (comment < 0) made.append(line || " ");
    else made.append(line.slice(0, comment), element("span", { class: "flow-comment" }, line.slice(comment)));
    return made;
  });
  const pre = ours(element("pre", { tabindex: "0", "aria-label": `Code: ${block.title}` }, ...rows));
  return { made: element("div", { class: "flow-block", hidden: "" }, element("div", { class: "flow-title" }, block.title), pre), rows, pre };
}

function codeOf(piece) {
  const HIGH = 19;
  const ROWS = Math.max(3, Math.min(piece.start ? 6 : 11, ...[Math.max(...piece.code.map((block) => block.lines.length), 0)]));
  const blocks = piece.code.map(listingOf);
  const made = element("div", { class: "flow-code" }, ...blocks.map((block) => block.made));
  made.style.setProperty("--rows", ROWS);
  if (piece.own) blocks[0].made.hidden = false;
  let right = null;
  let marked = [];
  let wanted = [];

  function open(index) {
    if (index === right) return;
    if (right !== null) blocks[right].made.hidden = true;
    right = index;
    if (right === null) return;
    blocks[right].made.hidden = false;
    // What was hidden is at its top again.
    blocks[right].first = 0;
  }

  function mark(frame) {
    for (const row of marked) row.classList.remove("flow-now");
    marked = [];
    wanted = [];
    const places = frame?.at ?? [];
    const other = places.find(([block]) => block >= piece.own);
    // Going forward the right side keeps what it shows, so that nothing jumps.
    if (other) open(other[0]);
    for (const [block, first, last] of places) {
      for (let i = first; i <= last; i++) {
        const row = blocks[block].rows[i];
        row.classList.add("flow-now");
        marked.push(row);
      }
      wanted.push([blocks[block], first, last]);
    }
  }

  // All lines are equally high, so where one is needs no question to the browser.
  function reveal() {
    for (const [block, first, last] of wanted) {
      block.first ??= 0;
      if (block.rows.length <= ROWS || (first >= block.first + 1 && last < block.first + ROWS - 1)) continue;
      block.first = Math.max(0, Math.min(first - 4, block.rows.length - ROWS));
      block.pre.scrollTop = block.first * HIGH;
    }
  }

  // What isn't in the page yet can't scroll.
  function attached() {
    for (const block of blocks) if (block.first) block.pre.scrollTop = block.first * HIGH;
  }

  return { made, mark, reveal, attached };
}
