const TICKS = "ticks:";

export default function ({ data, parentElement, setTriggerValue }) {
  const root = mount(parentElement, "pa-turn");
  // Nodes outlive a call, so they reach the page through the root.
  root.send = (value) => setTriggerValue("action", value);
  const send = (value) => root.send(value);
  const part = (name, value, build) => patch(root.slots, root, name, value, build);
  root.refs = new Map(data.refs.map((ref) => [ref.n, ref]));
  root.dataset.state = data.state;

  part("question", [data.question, data.asked], () => question(data, send));
  part("strip", data.strip, strip);
  part("status", [data.status, data.state], () => status(data, send));
  part("reason", data.reason, (text) => text && el("p", { class: "pa-reason" }, text));
  part("choices", data.choices, (items) => items.length && choices(items, send));
  part("blocks", [data.blocks, data.open], () => blocks(root, data, data.blocks, true));
  part("draft", data.draft, (text) => text && draft(text));
  part("escalation", [data.escalation, data.open], () => data.escalation && escalation(root, data));
  part("notes", data.notes, (notes) => notes.map((note) => el("p", { class: "pa-note" }, icon("alert"), el("span", {}, note))));
  part("evidence", [data.evidence, data.open], () => data.evidence && evidence(root, data));
  part("refs", [data.refs, data.open], () => references(root, data));
  part("closest", data.closest, (hits) => hits.length && closest(data, send));
  part("withheld", data.withheld, (items) => items.length && withheld(root, items));
  part("tools", [data.copy, data.feedback, data.meta, data.state], () => tools(root, data, send));
  part("next", data.next, (items) => items.length && next(items, send));
  root.dataset.newest = String(data.live);
  if (data.download && root.saved !== data.download.key) save(root, data.download);
  if (data.live && !root.seen) requestAnimationFrame(() => root.scrollIntoView({ block: "start" }));
  root.seen = true;
  const idle = document.activeElement === document.body || document.activeElement.closest(".pa-source");
  if (root.open && !data.open && idle) focusMark(root, root.open);
  root.open = data.open;
}

// Where the reader was before the source lay open.
function focusMark(root, n) {
  const mark = [...root.querySelectorAll(".pa-cite")].find((button) => button.textContent === String(n));
  if (mark) mark.focus({ preventScroll: true });
}

function question(data, send) {
  return el("div", { class: "pa-question" },
    el("h2", {}, data.question),
    el("button", { class: "pa-quiet", type: "button", "aria-label": "Edit this question", title: "Edit and ask again",
      onclick: () => { send({ type: "edit" }); toQuestionBox(); } }, icon("pen")));
}

// The words come from the server a moment later; the caret waits for them at their end.
function toQuestionBox() {
  const box = document.querySelector('[data-testid="stChatInputTextArea"]');
  if (box) box.focus();
}

// What the question may mean: the clarifying question, answered with one press.
function choices(items, send) {
  return el("section", { class: "pa-which" }, el("h3", {}, "Which do you mean?"),
    el("ul", {}, items.map((item) => el("li", {}, el("button", { class: "pa-chip", type: "button",
      onclick: () => send({ type: "choose", n: item.n }) }, item.label)))));
}

function strip(items) {
  return items.length && el("p", { class: "pa-strip" }, items.map((item, i) => [i ? " · " : "", el(item.set ? "strong" : "span", {}, item.text)]).flat());
}

function status(data, send) {
  if (!data.status) return null;
  const live = data.state === "live";
  return el("div", { class: `pa-status pa-is-${data.status.kind}`, role: "status" },
    live ? el("span", { class: "pa-pulse", "aria-hidden": "true" }) : icon({ ok: "check", near: "page" }[data.status.kind] || "alert"),
    el("span", {}, el("strong", {}, data.status.text), data.status.detail ? ` ${data.status.detail}` : ""),
    live && el("button", { class: "pa-tool", type: "button", onclick: () => send({ type: "stop" }) }, icon("stop"), "Stop"));
}

// Only the answer's own steps are a checklist; the passages it was written from are to be read.
function blocks(root, data, items, tickable) {
  const out = [];
  items.forEach((item, position) => {
    const last = out[out.length - 1];
    if (item.kind === "step") {
      const list = last && last.tagName === "OL" && last.dataset.of === item.of ? last : el("ol", { class: "pa-steps", "data-of": item.of });
      if (list !== last) out.push(list);
      list.append(tickable ? step(root, data, item, position) : el("li", {}, el("div", {}, item.text, proof(root, data, item))));
    } else if (item.kind === "row") {
      const table = last && last.headKey === JSON.stringify(item.head) ? last : tableFor(item);
      if (table !== last) out.push(table);
      table.querySelector("tbody").append(row(root, data, item));
    } else if (item.kind === "check") out.push(el("p", { class: "pa-statement pa-check" }, el("span", { class: "pa-tag" }, "Check"), item.text, proof(root, data, item)));
    else out.push(el("p", { class: `pa-statement ${tickable && position === 0 ? "pa-lead" : ""}` }, item.text, proof(root, data, item)));
  });
  const steps = items.filter((item) => item.kind === "step");
  if (tickable && steps.length > 1) out.splice(out.findIndex((node) => node.tagName === "OL"), 0, stepsHead(root, steps));
  return out;
}

function stepsHead(root, steps) {
  const done = el("span", { class: "pa-done", "aria-live": "polite" });
  const copy = el("button", { class: "pa-tool", type: "button" }, icon("copy"), el("span", {}, "Copy steps"));
  copy.addEventListener("click", () => copyText(steps.map((item) => `☐ ${item.text}`).join("\n")).then((ok) => flash(copy, ok ? "Copied" : "Not copied")));
  const head = el("div", { class: "pa-steps-head" }, done, copy);
  root.count = () => {
    const boxes = [...root.querySelectorAll(".pa-slot-blocks .pa-steps input")];
    const ticked = boxes.filter((box) => box.checked).length;
    const shown = root.querySelector(".pa-done");
    if (shown) shown.textContent = ticked ? `${ticked} of ${boxes.length} steps done` : `${boxes.length} steps`;
  };
  queueMicrotask(root.count);
  return head;
}

function step(root, data, item, position) {
  const key = `${TICKS}${data.id}:${position}`;
  const box = el("input", { type: "checkbox", id: `${data.id}-${position}` });
  box.checked = sessionStorage.getItem(key) === "1";
  box.addEventListener("change", () => { sessionStorage.setItem(key, box.checked ? "1" : "0"); root.count(); });
  const numbered = /^(step\s+)?\(?\d+(\.\d+)*[.):]?\s/i.test(item.text);
  return el("li", {}, box,
    el("div", {}, el("label", { for: box.id }, numbered ? "" : el("span", { class: "pa-number" }, `${position + 1}.`), item.text),
      proof(root, data, item)));
}

function tableFor(item) {
  const table = el("div", { class: `pa-table ${item.head ? "pa-rows-of-values" : ""}`, tabindex: "0", role: "group", "aria-label": "Table rows" },
    el("table", {}, item.head && el("thead", {}, el("tr", {}, item.head.map((cell) => el("th", { scope: "col" }, cell)))),
      el("tbody", {})));
  table.headKey = JSON.stringify(item.head);
  return table;
}

function row(root, data, item) {
  const cells = item.cells.map((cell, i) => el("td", { "data-name": item.head && item.head[i] }, cell));
  cells[cells.length - 1].append(...proof(root, data, item));
  return el("tr", {}, cells);
}

// A statement's marks and, where another document in force says otherwise, which one.
function proof(root, data, item) {
  const differs = item.differs ? [el("span", { class: "pa-flag" }, `differs from ${item.differs}`)] : [];
  return [...marks(root, data, item.marks), ...differs];
}

function marks(root, data, numbers) {
  return numbers.map((n) => {
    const ref = root.refs.get(n);
    const button = el("button", { class: "pa-cite", type: "button", "aria-pressed": String(data.open === n),
      "aria-label": `Source ${n}: ${ref.title}, ${ref.where}. Open it` }, n);
    button.addEventListener("click", () => { hideTip(root); root.send({ type: "open", n }); });
    button.addEventListener("mouseenter", () => showTip(root, button, ref));
    button.addEventListener("focus", () => button.matches(":focus-visible") && showTip(root, button, ref));
    for (const leave of ["mouseleave", "blur"]) button.addEventListener(leave, () => hideTip(root));
    button.addEventListener("keydown", (event) => event.key === "Escape" && hideTip(root));
    return button;
  });
}

function showTip(root, anchor, ref) {
  hideTip(root);
  const tip = el("div", { class: "pa-tip", role: "tooltip", id: `tip-${ref.n}` },
    el("q", {}, ref.short), el("p", {}, el("strong", {}, ref.title)),
    el("p", {}, [ref.document, ref.where, ref.effective].filter(Boolean).join(" · ")));
  root.append(tip);
  root.tip = tip;
  anchor.setAttribute("aria-describedby", tip.id);
  const from = root.getBoundingClientRect(), at = anchor.getBoundingClientRect();
  const left = Math.max(0, Math.min(at.left - from.left - 24, from.width - tip.offsetWidth));
  const above = at.top > tip.offsetHeight + 72;
  tip.style.left = `${left}px`;
  tip.style.top = above ? `${at.top - from.top - tip.offsetHeight - 8}px` : `${at.bottom - from.top + 8}px`;
}

function hideTip(root) {
  if (root.tip) root.tip.remove();
  root.tip = null;
}

function draft(text) {
  return el("div", { class: "pa-draft", "aria-hidden": "true" }, el("span", { class: "pa-tag" }, "Draft, not checked yet"), el("p", {}, text));
}

function escalation(root, data) {
  return el("div", { class: "pa-escalation" }, el("strong", {}, "Escalate"),
    el("p", {}, data.escalation.text, marks(root, data, data.escalation.marks)));
}

function evidence(root, data) {
  const inner = el("div", { class: "pa-evidence-body" }, blocks(root, data, data.evidence.blocks, false));
  if (data.evidence.open) return el("section", { class: "pa-evidence" }, el("h3", {}, data.evidence.title), inner);
  return el("details", { class: "pa-more" }, el("summary", {}, data.evidence.title), inner);
}

// Citations of one page or section stand together: title and place once, their numbers beside.
function references(root, data) {
  const groups = new Map();
  for (const ref of data.refs.filter((one) => one.listed)) {
    const key = JSON.stringify([ref.document, ref.title, ref.where]);
    groups.set(key, [...(groups.get(key) || []), ref]);
  }
  if (!groups.size) return null;
  return el("section", { class: "pa-refs" }, el("h3", {}, "Sources"),
    el("ol", {}, [...groups.values()].map((refs) => el("li", {}, reference(root, data, refs)))));
}

function reference(root, data, refs) {
  const [first] = refs;
  const open = refs.some((ref) => ref.n === data.open);
  return el("div", { class: `pa-ref ${open ? "pa-open" : ""}` },
    el("span", { class: "pa-ref-numbers" }, marks(root, data, refs.map((ref) => ref.n))),
    el("button", { class: "pa-ref-text", type: "button", onclick: () => root.send({ type: "open", n: first.n }) },
      el("span", { class: "pa-ref-title" }, first.title, first.flag && el("span", { class: "pa-flag" }, first.flag)),
      el("span", { class: "pa-ref-where" }, [first.document, first.where, first.effective].filter(Boolean).join(" · ")),
      refs.filter((ref) => ref.quoted).map((ref) => el("q", { class: "pa-ref-quote" }, ref.short))));
}

function closest(data, send) {
  return el("section", { class: "pa-refs" }, el("h3", {}, "Closest passages (they do not answer the question)"),
    el("ol", {}, data.closest.map((hit) => el("li", {}, el("div", { class: "pa-ref" },
      el("button", { class: "pa-ref-text", type: "button", onclick: () => send({ type: "hit", n: hit.n }) },
        el("span", { class: "pa-ref-title" }, hit.title),
        el("span", { class: "pa-ref-where" }, [hit.document, hit.where].filter(Boolean).join(" · ")),
        el("q", { class: "pa-ref-quote" }, hit.short)))))));
}

function withheld(root, items) {
  const title = items.length === 1 ? "1 statement withheld" : `${items.length} statements withheld`;
  return el("details", { class: "pa-withheld" }, el("summary", {}, icon("alert"), title),
    el("p", { class: "pa-small" }, "The model wrote these, but they could not be proved from the procedures. They are not answers."),
    el("ul", {}, items.map((item) => el("li", {}, el("p", { class: "pa-withheld-text" }, item.text),
      el("p", { class: "pa-small" }, el("strong", {}, "Withheld: "), item.problem)))));
}

function tools(root, data, send) {
  if (data.state !== "done") return null;
  const tool = (name, label, title, act) => {
    const button = el("button", { class: "pa-tool", type: "button", title }, icon(name), el("span", {}, label));
    button.addEventListener("click", () => act(button));
    return button;
  };
  const again = tool("again", "Ask again", "Ask the same question again", () => send({ type: "again" }));
  if (!data.copy) return [el("div", { class: "pa-tools" }, again)];
  const copy = (text) => (button) => copyText(text).then((done) => flash(button, done ? "Copied" : "Not copied"));
  const address = `${location.origin}${location.pathname.replace(/[^/]*$/, "")}?answer=${encodeURIComponent(data.link)}`;
  const bar = el("div", { class: "pa-tools" },
    tool("copy", "Copy", "Copy the answer with its references", copy(data.copy)),
    data.link && tool("link", "Link", "Copy a link to this answer", copy(address)),
    tool("down", "PDF", "Save as PDF", () => send({ type: "export", format: "pdf" })),
    tool("down", "Markdown", "Save as Markdown", () => send({ type: "export", format: "md" })),
    tool("print", "Print", "Print this answer", () => printOnly(root)),
    again,
    el("span", { class: "pa-meta" }, data.meta));
  return data.rate ? [bar, feedback(root, data, send)] : [bar];
}

function next(items, send) {
  return el("section", { class: "pa-next" }, el("h3", {}, "Also in these procedures"),
    el("ul", {}, items.map((item) => el("li", {}, el("button", { class: "pa-chip", type: "button",
      onclick: () => send({ type: "next", n: item.n }) }, item.label)))));
}

// The style sheet hides all other turns while this one is marked.
function printOnly(root) {
  root.dataset.print = "yes";
  document.body.dataset.print = "one";
  window.addEventListener("afterprint", () => { delete root.dataset.print; delete document.body.dataset.print; }, { once: true });
  window.print();
}

function flash(button, text) {
  const label = button.querySelector("span"), before = label.textContent;
  label.textContent = text;
  setTimeout(() => { label.textContent = before; }, 1600);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { style: { position: "fixed", opacity: "0" } });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function save(root, file) {
  root.saved = file.key;
  const bytes = Uint8Array.from(atob(file.content), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: file.mime }));
  el("a", { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  root.send({ type: "saved" });
}

function feedback(root, data, send) {
  if (data.feedback) return el("p", { class: "pa-small pa-thanks", role: "status" }, data.feedback);
  const form = el("form", { class: "pa-feedback", hidden: true },
    el("fieldset", {}, el("legend", {}, "What is wrong?"), data.reasons.map(([value, text], i) =>
      el("label", {}, el("input", { type: "radio", name: `reason-${data.id}`, value, checked: i === 0 }), text))),
    el("label", { class: "pa-comment" }, "Comment (optional)", el("textarea", { rows: "2", maxlength: "1000" })),
    el("button", { class: "pa-tool pa-primary", type: "submit" }, "Send"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = form.querySelector("input:checked").value;
    send({ type: "feedback", verdict: "down", reason, comment: form.querySelector("textarea").value });
  });
  const show = () => { form.hidden = !form.hidden; if (!form.hidden) { form.querySelector("input").focus({ preventScroll: true }); form.scrollIntoView({ block: "nearest" }); } };
  return el("div", { class: "pa-rate" }, el("span", { class: "pa-small" }, "Was this right?"),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Right", onclick: () => send({ type: "feedback", verdict: "up" }) }, icon("up"), "Yes"),
    el("button", { class: "pa-tool", type: "button", "aria-label": "Not right", onclick: show }, icon("off"), "No"), form);
}
