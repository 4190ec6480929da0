// Reports what is clicked in a table drawn by the server, and does what needs no server: unfolding, ticks, tooltips.
// Runs as the body of a function of (element, trigger, props, server, upload, watch).
const MOST_COMPARED = 4;
const ticked = new Set();
let focused = null;

// what is asked of the board stays in the browser; other tables ask the server
function ask(asked) {
  window.boardAsked = asked;
  trigger("click", asked);
}

function compareButton() {
  const button = element.querySelector("[data-compare]");
  if (!button) return;
  for (const box of element.querySelectorAll("[data-tick]")) box.checked = ticked.has(box.dataset.tick);
  button.disabled = ticked.size < 2 || ticked.size > MOST_COMPARED;
  button.textContent =
    ticked.size === 0 ? "Compare ticked models"
    : ticked.size > MOST_COMPARED ? `${ticked.size} ticked, at most ${MOST_COMPARED} are compared`
    : `Compare ${ticked.size} ticked`;
}

function unfold(button) {
  const shown = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(shown));
  for (const id of button.dataset.unfold.split(" ")) document.getElementById(id).hidden = !shown;
}

element.addEventListener("click", (event) => {
  const target = event.target.closest(
    "[data-sort], [data-page], [data-id], [data-run], [data-unfold], [data-compare], [data-show-all]",
  );
  if (!target || !element.contains(target)) return;
  const { sort, page, id, run } = target.dataset;
  if (sort !== undefined) ask({ sort });
  else if (page !== undefined) ask({ page });
  else if ("showAll" in target.dataset) ask({ show: "all" });
  else if ("unfold" in target.dataset) unfold(target);
  else if ("compare" in target.dataset) {
    const runs = [...ticked];
    history.pushState(null, "", "?compare=" + runs.map(encodeURIComponent).join(","));
    trigger("select", { compare: runs });
  } else if (id !== undefined) trigger("select", { id });
  else if (!event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    // a plain click opens the page in place; a new tab or window follows the link
    event.preventDefault();
    history.pushState(null, "", target.href);
    trigger("select", { run });
  }
});

element.addEventListener("change", (event) => {
  const { tick, column } = event.target.dataset;
  if (tick !== undefined) {
    if (event.target.checked) ticked.add(tick);
    else ticked.delete(tick);
    compareButton();
  } else if (column !== undefined) {
    const boxes = element.querySelectorAll("[data-column]:checked");
    trigger("click", { columns: [...boxes].map((box) => box.dataset.column) });
  }
});

// a tooltip stands below its heading, over everything, as long as pointer or focus is in one of the two
function place(heading) {
  const tip = heading.querySelector('[role="tooltip"]');
  if (!tip) return;
  tip.classList.add("on");
  const at = heading.getBoundingClientRect();
  const width = tip.offsetWidth;
  tip.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
  tip.style.top = `${at.bottom - 2}px`;
}

function hideTips() {
  for (const tip of element.querySelectorAll(".tip.on")) tip.classList.remove("on");
}

element.addEventListener("pointerover", (event) => {
  const heading = event.target.closest("th");
  if (heading && heading.querySelector(".tip.on")) return;
  hideTips();
  if (heading && event.pointerType !== "touch") place(heading);
});
element.addEventListener("pointerleave", hideTips);
element.addEventListener("focusin", (event) => {
  hideTips();
  const heading = event.target.closest("th");
  if (heading && event.target.matches(":focus-visible")) place(heading);
  focused = event.target.dataset.sort ?? null;
});
element.addEventListener("focusout", (event) => { if (event.relatedTarget) focused = null; });
element.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTips(); });
element.addEventListener("scroll", hideTips, true);

watch("value", () => {
  // gradio has put the new table in place by the next frame
  requestAnimationFrame(() => {
    compareButton();
    const sort = focused;
    if (sort !== null && !element.contains(document.activeElement)) {
      const heading = [...element.querySelectorAll("[data-sort]")].find((button) => button.dataset.sort === sort);
      if (heading) heading.focus({ preventScroll: true });
      hideTips();
    }
  });
});
