const ZOOMS = [1, 1.25, 1.5, 2, 3];

export default function ({ data, parentElement, setTriggerValue }) {
  const root = mount(parentElement, "pa-source");
  root.send = (value) => setTriggerValue("action", value);
  const send = (value) => root.send(value);
  const fresh = root.key !== data.key;
  // A whole page on a telephone is too small to be read.
  if (fresh) root.zoom = root.zoom || (window.innerWidth < 600 ? 2 : 1);
  root.key = data.key;
  root.data = data;
  const held = root.contains(document.activeElement); // turning a page replaces what had the keyboard
  patch(root.slots, root, "head", data.head, (head) => header(head, send));
  patch(root.slots, root, "bar", [data.page, data.pages, data.label, data.quotePages, data.kind], () => bar(root));
  patch(root.slots, root, "body", [data.key, data.page, data.image, data.lines, data.boxes], () => body(root));
  applyZoom(root);
  if (held && !root.contains(document.activeElement)) root.viewer.focus({ preventScroll: true });
  if (fresh) requestAnimationFrame(() => { toMark(root); if (!root.contains(document.activeElement)) root.viewer.focus({ preventScroll: true }); });
  else requestAnimationFrame(() => toMark(root));
  if (!root.keys) root.addEventListener("keydown", (event) => keys(root, event));
  root.keys = true;
}

function header(head, send) {
  return el("header", { class: "pa-source-head" },
    el("div", {}, el("h2", {}, head.title), el("p", { class: "pa-ref-where" }, head.facts.join(" · ")),
      head.section && el("p", { class: "pa-ref-where" }, head.section),
      head.warnings.map((text) => el("p", { class: "pa-note" }, icon("alert"), el("span", {}, text)))),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Close the source", onclick: () => send({ type: "close" }) }, icon("close")));
}

function bar(root) {
  const { data } = root;
  if (data.kind !== "page") return null;
  const turn = (by) => () => root.send({ type: "page", page: data.page + by });
  const zoom = (by) => () => { step(root, by); };
  const away = data.quotePages.length && !data.quotePages.includes(data.page);
  return el("div", { class: "pa-bar", role: "toolbar", "aria-label": "Page" },
    el("button", { class: "pa-tool", type: "button", "aria-label": "Previous page", disabled: data.page <= 1, onclick: turn(-1) }, icon("left")),
    el("span", { class: "pa-page" }, `Page ${data.page} of ${data.pages}`, data.label && data.label !== String(data.page) ? ` (printed ${data.label})` : ""),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Next page", disabled: data.page >= data.pages, onclick: turn(1) }, icon("right")),
    away && el("button", { class: "pa-tool", type: "button", onclick: () => root.send({ type: "page", page: data.quotePages[0] }) }, "Back to the quote"),
    el("span", { class: "pa-grow" }),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Zoom out", onclick: zoom(-1) }, icon("minus")),
    el("output", { class: "pa-zoom" }, `${Math.round(root.zoom * 100)} %`),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Zoom in", onclick: zoom(1) }, icon("plus")));
}

function body(root) {
  const { data } = root;
  root.viewer = el("div", { class: `pa-viewer pa-viewer-${data.kind}`, tabindex: "0", role: "region", "aria-label": `Source: ${data.head.title}` },
    data.kind === "page" ? sheet(data) : text(data.lines));
  return root.viewer;
}

function sheet(data) {
  const percent = (value) => `${(value * 100).toFixed(3)}%`;
  return el("div", { class: "pa-sheet", style: { aspectRatio: `${data.width} / ${data.height}` } },
    el("img", { src: data.image, alt: `Page ${data.page} of ${data.head.title}`, width: data.width, height: data.height }),
    data.boxes.map((box) => el("mark", { class: "pa-box", style: { left: percent(box.x0), top: percent(box.y0),
      width: percent(box.x1 - box.x0), height: percent(box.y1 - box.y0) } }, box.text)));
}

function runs(items) {
  return items.map((run) => (run.marked ? el("mark", {}, run.text) : run.text));
}

function text(lines) {
  const out = [];
  for (const line of lines) {
    const last = out[out.length - 1];
    if (line.kind === "table") {
      const table = last && last.isTable ? last : el("div", { class: "pa-table", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {}, el("tbody", {})));
      if (table !== last) out.push(table);
      table.isTable = true;
      const rows = table.querySelector("tbody");
      const tag = rows.children.length ? "td" : "th";
      rows.append(el("tr", {}, line.cells.map((cell) => el(tag, {}, runs(cell)))));
    } else if (line.kind === "heading") out.push(el("h3", {}, runs(line.cells[0])));
    else out.push(el("p", { class: `pa-line pa-line-${line.kind}` }, runs(line.cells[0])));
  }
  return out;
}

function step(root, by) {
  const at = ZOOMS.indexOf(root.zoom);
  root.zoom = ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + by))];
  applyZoom(root);
}

function applyZoom(root) {
  const sheetNode = root.querySelector(".pa-sheet"), shown = root.querySelector(".pa-zoom");
  if (sheetNode) sheetNode.style.width = `${root.zoom * 100}%`;
  if (shown) shown.textContent = `${Math.round(root.zoom * 100)} %`;
}

// Scrolls the viewer only; scrollIntoView would move the whole page under the reader.
function toMark(root) {
  const mark = root.viewer.querySelector("mark");
  if (!mark) return void (root.viewer.scrollTop = 0);
  const view = root.viewer.getBoundingClientRect(), at = mark.getBoundingClientRect();
  root.viewer.scrollTop += at.top - view.top - view.height / 3;
  if (at.right > view.right || at.left < view.left) root.viewer.scrollLeft += at.left - view.left - 24;
}

function keys(root, event) {
  const { data } = root;
  if (event.key === "Escape") root.send({ type: "close" });
  else if (event.key.startsWith("Arrow") && root.zoom > 1) return; // the arrows scroll an enlarged page
  else if (data.kind !== "page" || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === "ArrowRight" && data.page < data.pages) root.send({ type: "page", page: data.page + 1 });
  else if (event.key === "ArrowLeft" && data.page > 1) root.send({ type: "page", page: data.page - 1 });
  else if (event.key === "+" || event.key === "=") step(root, 1);
  else if (event.key === "-") step(root, -1);
  else return;
  event.preventDefault();
}
