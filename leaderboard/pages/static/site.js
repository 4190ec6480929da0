// What gradio's own markup lacks for people who use a keyboard or a screen reader. Runs once, before the page is drawn.
(() => {
  const TABLIST = '[role="tablist"]';
  const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), textarea, select, [tabindex='0']";

  function isShown(element) {
    return element.getClientRects().length > 0;
  }

  function addSkipLink() {
    const link = document.createElement("a");
    link.className = "skip";
    link.href = "#pages";
    link.textContent = "Skip to content";
    link.addEventListener("click", (event) => {
      // in place: an address with another fragment would be a page to go back from
      event.preventDefault();
      const panel = [...document.querySelectorAll('[role="tabpanel"]')].find(isShown);
      if (!panel) return;
      panel.tabIndex = -1;
      panel.focus();
    });
    document.body.prepend(link);
  }

  // Tabs: the list is one stop of the Tab key, and arrows, Home and End go through it.
  function moveThroughTabs(event) {
    const list = event.target.closest(TABLIST);
    if (!list) return;
    const more = list.parentElement.querySelector(".overflow-menu > button");
    const tabs = [...list.querySelectorAll('[role="tab"]'), ...(more ? [more] : [])].filter(isShown);
    const at = tabs.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    tabs[(to + tabs.length) % tabs.length].focus();
  }

  // The menu of tabs that do not fit: arrows go through it, Escape closes it.
  function useTabMenu(event) {
    const menu = event.target.closest(".overflow-menu");
    if (!menu) return;
    const button = menu.querySelector(":scope > button");
    const entries = [...menu.querySelectorAll(".overflow-dropdown button")].filter(isShown);
    if (event.key === "Escape" && entries.length) {
      button.click();
      button.focus();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && entries.length) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = entries.indexOf(event.target);
      event.preventDefault();
      entries[at < 0 ? (step > 0 ? 0 : entries.length - 1) : (at + step + entries.length) % entries.length].focus();
    }
  }

  function mend() {
    for (const tab of document.querySelectorAll(`${TABLIST} [role="tab"]`)) {
      const stop = tab.getAttribute("aria-selected") === "true" ? 0 : -1;
      if (tab.tabIndex !== stop) tab.tabIndex = stop;
    }
    for (const menu of document.querySelectorAll(".overflow-menu")) {
      const opened = String(!menu.querySelector(".overflow-dropdown")?.classList.contains("hide"));
      const button = menu.querySelector(":scope > button");
      if (button && button.getAttribute("aria-expanded") !== opened) button.setAttribute("aria-expanded", opened);
    }
    const selected = document.querySelector(`#pages ${TABLIST} [aria-selected="true"]`);
    for (const panel of document.querySelectorAll("#pages > [role=tabpanel]")) {
      const name = isShown(panel) && selected ? selected.textContent.trim() : null;
      if (name && panel.getAttribute("aria-label") !== name) panel.setAttribute("aria-label", name);
    }
    // a name on an element of no role is not read
    for (const empty of document.querySelectorAll("div.empty[aria-label]:not([role])")) empty.setAttribute("role", "img");
    // gradio names each option of a choice otherwise, so that to the browser they are not one choice
    for (const choice of document.querySelectorAll("fieldset")) {
      const [first, ...others] = choice.querySelectorAll('input[type="radio"]');
      for (const other of others) if (other.name !== first.name) other.name = first.name;
    }
    // a long list of options would be a stop of its own, whose focus is lost when the list closes
    for (const list of document.querySelectorAll('ul[role="listbox"]:not([tabindex])')) list.tabIndex = -1;
    for (const box of document.querySelectorAll(".scroll, .periodic")) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
      const reachable = [...box.querySelectorAll(FOCUSABLE)].some(isShown);
      if (scrolls && !reachable && box.tabIndex < 0) box.tabIndex = 0;
    }
  }

  // Blocks of code are copied by a button, and whoever does not see it hears that they were.
  async function copyCode(event) {
    const block = event.target.closest("button.copy")?.closest(".code-block");
    if (!block) return;
    const said = block.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      said.textContent = "Copied";
    } catch {
      // without permission the text is selected, so that a key copies it
      getSelection().selectAllChildren(block.querySelector("code"));
      said.textContent = "Selected: press Ctrl+C to copy";
    }
    setTimeout(() => { said.textContent = ""; }, 4000);
  }

  let waiting = false;
  function mendSoon() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; mend(); }, 150);
  }

  function start() {
    addSkipLink();
    document.addEventListener("keydown", moveThroughTabs);
    document.addEventListener("keydown", useTabMenu);
    document.addEventListener("click", copyCode);
    const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "aria-selected", "style"] };
    new MutationObserver(mendSoon).observe(document.body, watched);
    window.addEventListener("resize", mendSoon);
    mend();
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
