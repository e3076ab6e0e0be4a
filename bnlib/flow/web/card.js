// The card that says what happens now. It stands above the place where it happens and a thin line leads there.

const CARD = 560;

function cardOf() {
  const text = (name) => element("div", { class: name });
  const kicker = text("flow-kicker");
  const head = text("flow-head-line");
  const figures = text("flow-figures");
  const note = text("flow-note");
  // Upstream times local derivative: symbols, one entry's numbers, and what they are, under one another.
  const columns = ["up", "times", "local", "sum", "equals", "is"];
  const cells = {};
  const grid = element("div", { class: "flow-product", hidden: "" });
  for (const row of ["symbol", "number", "meaning"])
    for (const column of columns) grid.append((cells[`${row} ${column}`] = element("span", { class: `flow-${row} flow-col-${column}` })));
  const body = element("div", { class: "flow-card-body", "aria-hidden": "true" }, kicker, head, grid, figures, note);
  const heard = element("p", { class: "flow-heard", "aria-live": "polite", role: "status" });
  const image = element("img", { class: "flow-card-image", alt: "The array of this step in colours; its shape and range stand beside it", hidden: "" });
  const made = element("div", { class: "flow-card" }, body, image, heard);

  // The array that it is about, as large as there is room.
  const ROOM = 62;
  function picture(array) {
    const there = Boolean(array?.data) && !array.odd;
    if (image.hidden === there) image.hidden = !there;
    if (!there) return;
    const { address, rows, columns } = (array.bitmap ??= bitmap(array));
    const unit = ROOM / Math.max(rows, columns);
    image.src = address;
    image.style.width = `${Math.max(columns * unit, 8)}px`;
    image.style.height = `${Math.max(rows * unit, 8)}px`;
  }

  function say(words) {
    write(kicker, words.kicker);
    const { product } = words;
    const numbers = product?.numbers;
    const told = numbers?.up !== undefined;
    if (grid.hidden === Boolean(product)) grid.hidden = !product;
    if (head.hidden !== Boolean(product)) head.hidden = Boolean(product);
    if (figures.hidden !== told) figures.hidden = told;
    if (product) {
      const axes = product.axes ?? [];
      const put = (key, value) => write(cells[key], value);
      put("symbol up", product.up);
      put("symbol times", "\u00d7");
      put("symbol local", minus(product.local));
      put("symbol sum", axes.length ? `summed, axis ${axes.join(", ")}` : "");
      put("symbol equals", "=");
      put("symbol is", product.is);
      put("number up", told ? minus(numbers.up) : "");
      put("number times", told ? "\u00d7" : "");
      put("number local", told ? negative(numbers.local) : "");
      put("number sum", told && numbers.more > 0 ? `+ ${numbers.more} more` : "");
      put("number equals", told ? "=" : "");
      put("number is", told ? minus(numbers.is) : "");
      put("meaning up", "from above");
      put("meaning local", `d ${product.wrt[0]} / d ${product.wrt[1]}`);
      put("meaning is", `goes on${numbers.at ? `, at ${numbers.at}` : ""}`);
    } else write(head, words.head);
    if (!told) write(figures, words.figures ?? "");
    write(note, words.note);
    picture(words.array);
    write(heard, spoken(words));
  }

  return { made, say, heard, width: (room) => Math.min(CARD, room) };
}
