// Gives a figure the sentence over it as its name: what is drawn says nothing to those who hear the page.
// Runs as the body of a function of (element, trigger, props, server, upload, watch).
function nameFigure() {
  const sentence = element.querySelector("[data-figure]");
  const figure = sentence && document.getElementById(sentence.dataset.figure);
  if (!figure) return;
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", sentence.textContent);
}
// the sentence is in the page, and the figure beside it, once this turn is over
const later = () => setTimeout(nameFigure, 0);
watch("value", later);
later();
