// Reports clicks on the buttons of a table drawn by the server.
// Runs as the body of a function of (element, trigger, props, server, upload, watch).
element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-sort], [data-page], [data-id], [data-run]");
  if (!target || !element.contains(target)) return;
  const { sort, page, id, run } = target.dataset;
  if (sort !== undefined) trigger("click", { sort });
  else if (page !== undefined) trigger("click", { page });
  else if (id !== undefined) trigger("select", { id });
  else if (!event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    // a plain click opens the page in place; a new tab or window follows the link
    event.preventDefault();
    history.pushState(null, "", target.href);
    trigger("select", { run });
  }
});
