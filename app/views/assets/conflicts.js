export default function ({ data, parentElement, setTriggerValue }) {
  const root = mount(parentElement, "pa-conflicts");
  root.send = (value) => setTriggerValue("action", value);
  const list = (items) => el("ul", {}, items.map((item) => el("li", {}, pair(root, item))));
  patch(root.slots, root, "list", data.items, (items) => {
    const rest = items.slice(data.few);
    return [list(items.slice(0, data.few)),
      rest.length > 0 && el("details", { class: "pa-more" }, el("summary", {}, `${rest.length} more, less sure`), list(rest))];
  });
  const shown = data.open === null ? null : root.querySelector(`[data-side="${data.open}"]`);
  const left = root.open !== null && root.open !== undefined && data.open === null;
  // Where the reader was before the source lay open.
  const idle = document.activeElement === document.body || document.activeElement.closest(".pa-source");
  if (left && idle) root.querySelector(`[data-side="${root.open}"]`).focus({ preventScroll: true });
  for (const button of root.querySelectorAll("[data-side]")) button.setAttribute("aria-pressed", String(button === shown));
  root.open = data.open;
}

function pair(root, item) {
  return el("article", { class: "pa-conflict" }, el("h3", {}, item.kind),
    el("div", { class: "pa-sides" }, item.sides.map((side) => el("div", { class: "pa-side" },
      el("q", { class: "pa-side-quote" }, side.quote),
      el("p", { class: "pa-small" }, el("strong", {}, side.title)),
      el("p", { class: "pa-small" }, side.facts.join(" · ")),
      el("p", { class: "pa-small" }, side.owner ? `Owner: ${side.owner}` : "No owner named"),
      el("button", { class: "pa-tool", type: "button", "data-side": side.n, "aria-label": `Open ${side.title}, ${side.facts.join(", ")}`,
        onclick: () => root.send({ type: "open", n: side.n }) }, icon("page"), "Open the passage")))));
}
