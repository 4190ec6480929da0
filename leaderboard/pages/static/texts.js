// Texts drawn by the server: links between sections and links within one.
// Runs as the body of a function of (element, trigger, props, server, upload, watch).
element.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-page], a[href^='#']");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (link && isPlain) {
    event.preventDefault();
    if (link.dataset.page !== undefined) {
      history.pushState(null, "", `?page=${link.dataset.page}`);
      trigger("select", { page: link.dataset.page });
      return;
    }
    const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place) return;
    // in place: following it would be a page to go back from
    history.replaceState(null, "", `${location.search}${link.hash}`);
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView();
  }
});
