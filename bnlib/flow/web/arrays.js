// Arrays as small pictures: one byte an entry, orange below zero, purple above, white at zero.

const BELOW = [179, 88, 6];
const ABOVE = [84, 39, 136];
const NOT_A_NUMBER = [90, 90, 90];

function colour(byte) {
  if (byte === 0) return NOT_A_NUMBER;
  const t = (byte - 128) / 127;
  const [r, g, b] = t < 0 ? BELOW : ABOVE;
  const a = Math.abs(t);
  return [r, g, b].map((value) => Math.round(250 - (250 - value) * a));
}

const PALETTE = Array.from({ length: 256 }, (_, byte) => colour(byte));

function bytesOf(array) {
  return Uint8Array.from(atob(array.data ?? ""), (letter) => letter.charCodeAt(0));
}

// As a bitmap file in an address: made by hand, since a canvas takes ten times as long for each.
function bitmap(array) {
  const bytes = bytesOf(array);
  const rows = array.rows;
  const columns = bytes.length / rows;
  const stride = Math.ceil((columns * 3) / 4) * 4;
  const file = new Uint8Array(54 + stride * rows);
  const view = new DataView(file.buffer);
  file.set([66, 77]);
  view.setUint32(2, file.length, true);
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, columns, true);
  view.setInt32(22, -rows, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const [r, g, b] = PALETTE[bytes[i * columns + j]];
      file.set([b, g, r], 54 + i * stride + j * 3);
    }
  return { address: `data:image/bmp;base64,${btoa(String.fromCharCode(...file))}`, rows, columns };
}

// An array in a square of the picture: a bitmap, or the number itself, or the word for what is no number.
// It is made when it is first to be seen: hundreds of small images at once take their time.
function tile(array, size, kind) {
  const made = drawn("g", { class: `flow-tile ${kind}` });
  made.waits = [array, size];
  return made;
}

function settleTile(made) {
  if (!made.waits) return made;
  const [array, size] = made.waits;
  fillTile(made, array, size);
  return made;
}

function fillTile(made, array, size) {
  made.waits = null;
  made.replaceChildren();
  if (array.odd || array.data === undefined) {
    const text = array.odd ? array.oddly : array.norm === undefined ? "empty" : minus(array.low);
    made.append(drawn("text", { class: array.odd ? "flow-odd" : "", y: 4 }, text));
    return;
  }
  const { address, rows, columns } = (array.bitmap ??= bitmap(array));
  const unit = size / Math.max(rows, columns);
  const width = Math.max(columns * unit, 6);
  const height = Math.max(rows * unit, 6);
  const place = { x: -width / 2, y: -height / 2, width, height };
  made.append(
    drawn("image", { ...place, href: address, preserveAspectRatio: "none" }),
    drawn("rect", { ...place, class: "flow-frame" })
  );
}

// An array in full: a table with its numbers where it is small, a thumbnail where it is large.
function heat(array, title) {
  const table = element("table", { class: "flow-heat" });
  table.append(element("caption", {}, element("b", {}, title), element("br"), summary(array)));
  if (array.norm === undefined && !array.odd) return table;
  const bytes = array.data === undefined ? Uint8Array.of(array.odd ? 0 : 128) : bytesOf(array);
  const rows = array.rows ?? 1;
  const columns = bytes.length / rows;
  const whole = array.numbers && array.numbers.length === rows && array.numbers[0].length === columns;
  const body = element("tbody");
  for (let i = 0; i < rows; i++) {
    const row = element("tr");
    for (let j = 0; j < columns; j++) {
      const byte = bytes[i * columns + j];
      const [r, g, b] = PALETTE[byte];
      const cell = element("td", {}, whole ? minus(array.numbers[i][j]) : "");
      cell.style.background = `rgb(${r},${g},${b})`;
      // Whichever of black and white stands out more.
      cell.style.color = 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff";
      if (byte === 0) cell.className = "flow-nan";
      row.append(cell);
    }
    body.append(row);
  }
  table.append(body);
  if (array.sums && rows > 1 && array.sums.length === columns) {
    const cells = array.sums.map((sum) => element("td", {}, minus(sum)));
    const size = Math.max(1, Math.ceil(columns));
    table.append(
      element("tfoot", {}, element("tr", {}, ...cells), element("tr", {}, element("th", { colspan: size }, "sums of the columns")))
    );
  }
  if (!whole) table.classList.add("flow-coarse");
  return table;
}
