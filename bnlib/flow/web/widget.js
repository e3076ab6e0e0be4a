// What anywidget calls: it hands the piece in, and the step and the cuts to and fro.

async function unpack(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

async function render({ model, el }) {
  const piece = await unpack(model.get("_piece"));
  const save = () => {
    // Where the kernel is gone nobody has to know of the step.
    try {
      model.save_changes();
    } catch (error) {
      console.debug("the flow goes on without a kernel", error);
    }
  };
  let telling = 0;
  const player = show(el, piece, {
    step: model.get("step"),
    // The picture first: telling the kernel, which costs as much as drawing the step, comes after it.
    onStep(step) {
      clearTimeout(telling);
      telling = setTimeout(() => {
        if (model.get("step") === step) return;
        model.set("step", step);
        save();
      });
    },
    ask(asked) {
      model.set("_ask", asked);
      model.save_changes();
    },
  });
  const onStep = () => player.go(model.get("step"));
  const onAnswer = () => player.answered(model.get("_answer"));
  model.on("change:step", onStep);
  model.on("change:_answer", onAnswer);
  return () => {
    model.off("change:step", onStep);
    model.off("change:_answer", onAnswer);
    clearTimeout(telling);
    player.stop();
  };
}

export default { render };
