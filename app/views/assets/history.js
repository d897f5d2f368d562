export default function ({ data, parentElement, setTriggerValue }) {
  const root = mount(parentElement, "pa-history");
  root.send = (value) => setTriggerValue("action", value);
  patch(root.slots, root, "head", "", () => [el("h3", {}, "Your conversations"), searchBox(root, data.search)]);
  patch(root.slots, root, "list", data.items, () => (data.items.length
    ? el("ul", {}, data.items.map((item) => el("li", {}, row(root, item))))
    : el("p", { class: "pa-small" }, "None found.")));
}

function searchBox(root, text) {
  const box = el("input", { type: "search", class: "pa-search", "aria-label": "Search your conversations", placeholder: "Search", maxlength: "100" });
  box.value = text;
  let timer = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => root.send({ type: "search", text: box.value }), 250);
  });
  return box;
}

function row(root, item) {
  const line = el("div", { class: "pa-history-row", "data-current": item.current ? "true" : null });
  const menu = () => line.replaceChildren(...ordinary(root, item, line, menu));
  menu();
  return line;
}

function ordinary(root, item, line, back) {
  return [
    el("button", { class: "pa-row", type: "button", "aria-current": item.current ? "true" : null, title: item.label,
      onclick: () => { root.send({ type: "open", id: item.id }); uncover(); } }, el("span", {}, item.label), el("small", {}, item.detail)),
    el("span", { class: "pa-history-tools" },
      el("button", { class: "pa-quiet", type: "button", "aria-label": `Rename ${item.label}`, title: "Rename",
        onclick: () => rename(root, item, line, back) }, icon("pen")),
      el("button", { class: "pa-quiet", type: "button", "aria-label": `Delete ${item.label}`, title: "Delete",
        onclick: () => confirmDelete(root, item, line, back) }, icon("bin"))),
  ];
}

// On a narrow screen the list lies over what was chosen from it.
function uncover() {
  const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
  if (close && window.innerWidth < 768) close.click();
}

function rename(root, item, line, back) {
  const box = el("input", { class: "pa-search", "aria-label": "New name", maxlength: "120" });
  box.value = item.label;
  const form = el("form", { class: "pa-inline" }, box, el("button", { class: "pa-tool pa-primary", type: "submit" }, "Save"));
  form.addEventListener("submit", (event) => { event.preventDefault(); root.send({ type: "rename", id: item.id, name: box.value }); leave(line, back); });
  form.addEventListener("keydown", (event) => event.key === "Escape" && leave(line, back));
  line.replaceChildren(form);
  box.focus();
  box.select();
}

function confirmDelete(root, item, line, back) {
  const yes = el("button", { class: "pa-tool pa-danger", type: "button", onclick: () => { root.send({ type: "delete", id: item.id }); leave(line, back); } }, "Delete");
  const no = el("button", { class: "pa-tool", type: "button", onclick: () => leave(line, back) }, "Keep");
  const box = el("div", { class: "pa-inline", role: "group", "aria-label": `Delete ${item.label}?` },
    el("span", { class: "pa-small" }, "Take it off your list?"), yes, no);
  box.addEventListener("keydown", (event) => event.key === "Escape" && leave(line, back));
  line.replaceChildren(box);
  no.focus();
}

function leave(line, back) {
  back();
  line.querySelector("button").focus();
}
