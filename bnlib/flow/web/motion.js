// Small pictures that travel: a value along its edge to the right, a contribution to the left, and at a fan-out
// from the edges into the node.

const SAMPLES = 14;

function mover(picture, still) {
  let running = [];

  function stop() {
    for (const one of running) one.cancel();
    running = [];
    picture.mover.replaceChildren();
  }

  // Each of `flights` is [array, class, places, what it becomes].
  function start(flights, lasts) {
    stop();
    if (still.matches) return;
    for (const [array, kind, places, becomes] of flights) {
      const made = settleTile(tile(array, 20, `flow-moving ${kind}`));
      picture.mover.append(made);
      const frames = places.map(([x, y]) => ({ transform: `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)` }));
      const flight = made.animate(frames, { duration: lasts, easing: "cubic-bezier(0.45, 0, 0.3, 1)" });
      flight.onfinish = () => made.remove();
      running.push(flight);
      if (becomes) running.push(becomes.animate([{ opacity: 0 }, { opacity: 0, offset: 0.9 }, { opacity: 1 }], { duration: lasts }));
    }
  }

  const sampled = (points) => Array.from({ length: SAMPLES + 1 }, (_, i) => along(points, i / SAMPLES));

  // What moves when a frame is entered from the one before it.
  function play(piece, frame, lasts) {
    const { nodes, edges } = piece;
    if (frame.kind === "forward") {
      const uses = piece.usedBy[frame.node];
      const box = picture.boxes[frame.node];
      start(
        uses.slice(0, 4).map((i) => [nodes[edges[i].parent].value, "flow-value", [...sampled(picture.forth[i].points), box.slots.value], box.value]),
        lasts
      );
    } else if (frame.kind === "back") {
      const edge = edges[frame.edge];
      const line = picture.back[frame.edge];
      const several = picture.arriving[edge.parent] > 1;
      const box = picture.boxes[edge.parent];
      const places = sampled(line.points).slice(0, several ? SAMPLES / 2 + 1 : undefined);
      const from = picture.boxes[edge.user].slots.gradient;
      const end = several ? line.chipAt : box.slots.gradient;
      start([[(edge.cut ?? edge).value, "flow-gradient", [from, ...places, end], several ? line.chip : box.gradient]], lasts);
    } else if (frame.kind === "seed") {
      const line = picture.seed[piece.seeds.indexOf(frame.node)];
      const several = picture.arriving[frame.node] > 1;
      const box = picture.boxes[frame.node];
      const places = several ? sampled(line.points).slice(0, SAMPLES / 2 + 1) : sampled(line.points);
      start([[nodes[frame.node].gradient, "flow-gradient", [...places, several ? line.chipAt : box.slots.gradient], several ? line.chip : box.gradient]], lasts);
    } else {
      const box = picture.boxes[frame.node];
      const from = piece.sentTo[frame.node].map((i) => [(edges[i].cut ?? edges[i]).value, "flow-gradient", [picture.back[i].chipAt, box.slots.gradient], box.gradient]);
      start(from, lasts);
    }
  }

  return { play, stop };
}
