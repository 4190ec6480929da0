// Reports which structure or page was clicked in HTML drawn by the server, and brings the panel to the visitor.
// Runs as the body of a function of (element, trigger, props, server, upload, watch).
const TABLE = "table.structures";

// rows of the table of the same section, whichever of its parts this is
function section() {
  return element.closest(".structures-section") || document;
}

function mark(id) {
  for (const link of section().querySelectorAll(`${TABLE} a[data-id]`)) {
    const isChosen = link.dataset.id === id;
    link.closest("tr").classList.toggle("chosen", isChosen);
    if (isChosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function isPlain(event) {
  return !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && event.button === 0;
}

element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-page], [data-id], [data-back]");
  if (!target || !element.contains(target)) return;
  if (target.dataset.page !== undefined) {
    trigger("click", { page: target.dataset.page });
  } else if (target.dataset.back !== undefined) {
    const row = section().querySelector(`${TABLE} tr.chosen a`) || section().querySelector(`${TABLE} a`);
    if (!row) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  } else if (isPlain(event)) {
    // a plain click opens the structure in place; a new tab or window follows the link
    event.preventDefault();
    mark(target.dataset.id);
    section().dataset.awaits = target.dataset.id;
    trigger("select", { id: target.dataset.id });
    askAgain(target.dataset.id, 4);
  }
});

// of quick clicks gradio may lose the last one: it is asked for until its panel is there
function askAgain(id, times) {
  setTimeout(() => {
    if (section().dataset.awaits !== id || times === 0) return;
    trigger("select", { id });
    askAgain(id, times - 1);
  }, 2000);
}

// the panel stands below the table where both do not fit side by side: then it comes to whoever chose a structure
function isBelow() {
  const table = section().querySelector(TABLE);
  return table && element.getBoundingClientRect().left < table.parentElement.getBoundingClientRect().right - 1;
}

new MutationObserver(() => {
  const heading = element.querySelector("h3.structure");
  if (!heading) return;
  element.classList.toggle("below", isBelow());
  if (heading.dataset.id !== section().dataset.awaits) return;
  delete section().dataset.awaits;
  if (!isBelow()) return;
  heading.focus({ preventScroll: true });
  element.scrollIntoView({ block: "start" });
}).observe(element, { childList: true, subtree: true });
