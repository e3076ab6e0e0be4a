// The keyboard. One node can be reached with Tab; the arrows up and down go from node to node.

function nodesByKey(picture, view) {
  const { boxes } = picture;
  let reachable = 0;
  function reach(index) {
    boxes[reachable].group.setAttribute("tabindex", "-1");
    reachable = (index + boxes.length) % boxes.length;
    boxes[reachable].group.setAttribute("tabindex", "0");
  }
  reach(0);
  return {
    reach,
    current: () => reachable,
    neighbour(by) {
      const inside = picture.svg.contains(document.activeElement);
      reach(inside ? reachable + by : reachable);
      boxes[reachable].group.focus({ preventScroll: true });
      view.focus(reachable);
    },
  };
}

// `acts` are what the keys do, by the key's name; `toggle` is for the space bar and `open` for a node.
function listen(root, acts, toggle, open) {
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const control = event.target.closest("button, input, select, summary, pre, [role=button]");
    if (control?.matches("input, select, pre") && event.key !== "Escape") return;
    if (event.key === " " || event.key === "Enter") {
      if (control?.getAttribute("role") === "button") open();
      else if (control || event.key === "Enter") return;
      else toggle();
    } else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  });
}
