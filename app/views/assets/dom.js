// Every text of a document, a model, the register or a reader reaches the page through textContent here:
// nothing in this project assigns innerHTML, so none of it can become markup.
const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  copy: "M9 9h10v11H9zM5 15V4h10",
  down: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  up: "M7 21V10l5-7 1 1-1 6h8l-2 11zM7 10H3v11h4",
  off: "M17 3v11l-5 7-1-1 1-6H4L6 3zM17 14h4V3h-4",
  check: "m5 12 5 5 9-10",
  close: "M6 6l12 12M18 6 6 18",
  left: "m15 5-7 7 7 7",
  right: "m9 5 7 7-7 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  alert: "M12 3 2 20h20zM12 10v4m0 3v.01",
  pen: "M4 20h4L19 9l-4-4L4 16z",
  again: "M4 12a8 8 0 1 1 2.5 5.8M4 20v-5h5",
  stop: "M6 6h12v12H6z",
  bin: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5m4-5v5",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  page: "M6 3h9l4 4v14H6zM9 12h7M9 16h7",
};

function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "pa-icon" }))
    svg.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// Builds a part only when its value changed, and keeps the nodes that stayed the same: streaming moves neither
// focus nor selection, and ticks stay.
function patch(slots, root, name, value, build) {
  const now = JSON.stringify(value === undefined ? null : value);
  let slot = slots.get(name);
  if (!slot) {
    slot = { node: el("div", { class: `pa-slot pa-slot-${name}` }), last: undefined };
    slots.set(name, slot);
    root.append(slot.node);
  }
  if (slot.last === now) return;
  slot.last = now;
  settle(slot.node, [build(value)].flat().filter(Boolean));
}

function settle(parent, nodes) {
  const before = [...parent.childNodes];
  nodes.forEach((node, i) => {
    const old = before[i];
    if (!old) parent.append(node);
    else if (old.isEqualNode(node)) return;
    else if (old.tagName === "OL" && node.tagName === "OL") settle(old, [...node.childNodes]);
    else old.replaceWith(node);
  });
  before.slice(nodes.length).forEach((old) => old.remove());
}

function mount(parent, className) {
  let root = parent.querySelector(`:scope > .${className}`);
  if (!root) {
    root = el("div", { class: className });
    root.slots = new Map();
    parent.append(root);
  }
  return root;
}
