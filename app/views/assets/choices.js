export default function ({ data, parentElement, setTriggerValue }) {
  const root = mount(parentElement, "pa-choices");
  patch(root.slots, root, "list", data, () => [
    data.title && el("h3", {}, data.title),
    el("ul", { class: `pa-${data.look}` }, data.items.map((item) => el("li", {},
      el("button", { class: data.look === "chips" ? "pa-chip" : "pa-row", type: "button",
        "aria-current": item.current ? "true" : null, onclick: () => setTriggerValue("action", { id: item.id }) },
      el("span", {}, item.label), item.detail && el("small", {}, item.detail))))),
  ]);
}
