// Making elements. Nothing here knows what is shown.

const SVG = "http://www.w3.org/2000/svg";

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function element(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return dress(document.createElementNS(SVG, tag), attributes, children);
}

// JupyterLab and Notebook act on plain keys while something in an output has the focus: `d d` deletes the cell.
// They leave alone what bears this mark, and only the element itself counts: every one that can have the focus
// needs it.
function ours(control) {
  control.dataset.lmSuppressShortcuts = "true";
  return control;
}

// A button that is off keeps the focus: a disabled one would lose it, and the next key would reach the notebook.
function button(label, action, attributes = {}) {
  const made = ours(element("button", { type: "button", ...attributes }, label));
  made.addEventListener("click", () => made.getAttribute("aria-disabled") !== "true" && action());
  return made;
}

// Writing what stands there already would make the browser lay it out again.
function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
