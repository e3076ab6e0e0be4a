// The window on the graph: all of it where it fits, else as much as stays legible, and then it follows the step.

const LEGIBLE = 0.82;
const LARGEST = 1.3;
const TALLEST = 430;

function windowOn(piece, picture, stage, moved) {
  const { layout } = piece;
  let zoom = 0; // 0: chosen here
  let scale = 1;
  // Kept here, because asking the browser would make it lay the page out.
  const seen = { left: 0, top: 0, width: 900, height: 200 };

  function fit() {
    return seen.width / layout.width;
  }

  function resize(frame, width = seen.width) {
    seen.width = width > 0 ? width : 900;
    const wanted = zoom || (fit() < LEGIBLE ? 1 : Math.min(fit(), LARGEST));
    scale = Math.max(0.01, Math.min(wanted, 3));
    picture.svg.setAttribute("width", (layout.width * scale).toFixed(0));
    picture.svg.setAttribute("height", (layout.height * scale).toFixed(0));
    seen.height = Math.min(layout.height * scale, TALLEST);
    stage.style.height = `${Math.ceil(seen.height) + (layout.width * scale > seen.width + 1 ? 14 : 0)}px`;
    follow(frame, true);
  }

  function placesOf(frame) {
    if (!frame) return [[0, layout.height / 2]];
    if (frame.kind !== "back") return [picture.boxes[frame.node].centre];
    const edge = piece.edges[frame.edge];
    return [picture.boxes[edge.parent].centre, picture.boxes[edge.user].centre];
  }

  // Scroll along one axis only when what matters is near the border, so that the picture keeps still otherwise.
  function wanted(low, high, start, room, whole, margin) {
    if (whole <= room + 1) return 0;
    const inside = low - margin >= start && high + margin <= start + room;
    const middle = high - low + 2 * margin > room ? low + room / 2 - margin : (low + high) / 2;
    return inside ? start : Math.max(0, Math.min(middle - room / 2, whole - room));
  }

  function follow(frame, atOnce = false) {
    const places = placesOf(frame).map(([x, y]) => [x * scale, y * scale]);
    const xs = places.map(([x]) => x);
    const ys = places.map(([, y]) => y);
    const left = wanted(Math.min(...xs), Math.max(...xs), seen.left, seen.width, layout.width * scale, 110);
    const top = wanted(Math.min(...ys), Math.max(...ys), seen.top, seen.height, layout.height * scale, 60);
    if (left === seen.left && top === seen.top) return false;
    // Far away, nobody could follow the picture with the eye.
    const far = Math.abs(left - seen.left) > 1.5 * seen.width || Math.abs(top - seen.top) > 1.5 * seen.height;
    seen.left = left;
    seen.top = top;
    stage.scrollTo({ left, top, behavior: atOnce || far || motionless.matches ? "instant" : "smooth" });
    return true;
  }

  const motionless = window.matchMedia("(prefers-reduced-motion: reduce)");
  // While it scrolls by itself, where it will end is what counts.
  let settling = 0;
  stage.addEventListener("scroll", () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      seen.left = stage.scrollLeft;
      seen.top = stage.scrollTop;
      moved();
    }, 120);
  }, { passive: true });

  // Dragging moves a graph that is larger than its window.
  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) drag = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    stage.scrollLeft = drag.left - (event.clientX - drag.x);
    stage.scrollTop = drag.top - (event.clientY - drag.y);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) stage.addEventListener(name, () => (drag = null));

  return {
    resize,
    follow,
    // Where a place of the picture is in the window, in pixels from its left.
    across: (x) => x * scale - seen.left,
    width: () => seen.width,
    set(factor, frame) {
      zoom = factor === "fit" ? Math.min(fit(), LARGEST) : factor ? Math.max(0.01, Math.min(scale * factor, 3)) : 0;
      resize(frame);
    },
    focus(index) {
      const [x, y] = picture.boxes[index].centre.map((v) => v * scale);
      seen.left = wanted(x, x, seen.left, seen.width, layout.width * scale, 60);
      seen.top = wanted(y, y, seen.top, seen.height, layout.height * scale, 40);
      stage.scrollTo({ left: seen.left, top: seen.top, behavior: "instant" });
    },
  };
}
