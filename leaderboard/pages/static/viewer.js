// Draws props.value (a scene of leaderboard/pages/parts/viewer.py) with 3Dmol.js and redraws when it changes.
// Runs as the body of a function of (element, trigger, props, server, upload, watch), after a line that states
// libraryAddress.
const canvas = element.querySelector(".canvas");
let drawing = null;

function loadLibrary() {
  // one script for all viewers of the page, fetched when the first one has something to draw
  if (!window.crystalViewerLibrary) {
    window.crystalViewerLibrary = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = libraryAddress;
      script.onload = () => resolve(window.$3Dmol);
      script.onerror = () => reject(new Error("3Dmol.js could not be loaded"));
      document.head.appendChild(script);
    });
  }
  return window.crystalViewerLibrary;
}

const NO_WEBGL =
  "This browser draws no WebGL, so the structure is not shown in 3D; its CIF can be downloaded.";
const STEP_DEGREES = 10;
const TURNS = {
  ArrowLeft: ["y", -STEP_DEGREES], ArrowRight: ["y", STEP_DEGREES],
  ArrowUp: ["x", -STEP_DEGREES], ArrowDown: ["x", STEP_DEGREES],
};

function say(message) {
  canvas.textContent = message;
  canvas.classList.add("failed");
  canvas.removeAttribute("role");
  canvas.removeAttribute("aria-label");
  canvas.removeAttribute("tabindex");
}

function drawsWebGL() {
  // asked first: where there is none, 3Dmol.js throws a text, or nothing that says so
  try {
    const probe = document.createElement("canvas");
    const context = probe.getContext("webgl2") || probe.getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return Boolean(context);
  } catch {
    return false;
  }
}

canvas.addEventListener("keydown", (event) => {
  const turn = TURNS[event.key];
  if (!turn || !drawing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  drawing.rotate(turn[1], turn[0]);
  drawing.render();
});

function drawAtoms(scene) {
  const model = drawing.addModel();
  const neighbours = scene.positions.map(() => []);
  for (const [first, second] of scene.bonds) {
    neighbours[first].push(second);
    neighbours[second].push(first);
  }
  model.addAtoms(
    scene.positions.map(([x, y, z], index) => ({
      elem: scene.elements[scene.kinds[index]],
      x, y, z,
      serial: index,
      index,
      bonds: neighbours[index],
      bondOrder: neighbours[index].map(() => 1),
      properties: { kind: scene.kinds[index] },
    })),
  );
  scene.elements.forEach((symbol, kind) => {
    const color = scene.colours[kind];
    model.setStyle(
      { properties: { kind } },
      { sphere: { radius: 0.22 + 0.26 * scene.radii[kind], color }, stick: { radius: 0.08, color } },
    );
  });
}

function drawCell(scene) {
  for (const [start, end] of scene.edges) {
    const [a, b] = [start, end].map(([x, y, z]) => ({ x, y, z }));
    drawing.addCylinder({ start: a, end: b, radius: 0.025, color: "#8a8f98", fromCap: 1, toCap: 1 });
  }
  scene.axes.forEach(([x, y, z], axis) => {
    const length = Math.hypot(x, y, z);
    const beyond = (length + 0.6) / length;
    drawing.addLabel("abc"[axis], {
      position: { x: x * beyond, y: y * beyond, z: z * beyond },
      fontSize: 13, fontColor: "#6b7280", backgroundOpacity: 0, inFront: true, alignment: "center",
    });
  });
}

function fit() {
  drawing.zoomTo();
  // zoomTo fits the crystal to the width with a wide margin, whatever the height
  drawing.zoom((2 * Math.min(canvas.clientWidth, canvas.clientHeight)) / Math.max(canvas.clientWidth, 1));
  drawing.render();
}

async function draw() {
  const scene = props.value;
  if (!scene || !scene.positions) {
    if (drawing) { drawing.clear(); drawing.removeAllLabels(); drawing.render(); }
    canvas.removeAttribute("tabindex");
    return;
  }
  if (!drawing && !drawsWebGL()) return say(NO_WEBGL);
  try {
    const library = await loadLibrary();
    if (!drawing) {
      drawing = library.createViewer(canvas, { backgroundAlpha: 0, antialias: true, orthographic: true });
      if (!drawing) return say(NO_WEBGL);
      new ResizeObserver(() => { drawing.resize(); fit(); }).observe(canvas);
    }
    drawing.clear();
    drawing.removeAllLabels();
    drawAtoms(scene);
    drawCell(scene);
    drawing.setView([0, 0, 0, 0, 0, 0, 0, 1]);
    drawing.rotate(-80, "x");
    drawing.rotate(18, "y");
    drawing.rotate(8, "x");
    fit();
    canvas.dataset.drawn = scene.title;
  } catch (error) {
    // 3Dmol.js throws texts too
    say(`The structure could not be drawn in 3D: ${error?.message || error || "3Dmol.js does not say why"}.`);
  }
}

// to draw takes a second where there is no graphics card: nobody waits for what is not in sight
let isInSight = false;
let isDrawn = false;

function renew() {
  const scene = props.value;
  isDrawn = false;
  delete canvas.dataset.drawn;
  canvas.dataset.atoms = String(scene?.positions?.length ?? 0);
  if (scene?.positions && !canvas.classList.contains("failed")) {
    canvas.setAttribute("tabindex", "0");
    const label = `3D drawing of ${scene.formula}, ${scene.title}; drag it or press arrow keys to turn it`;
    canvas.setAttribute("aria-label", label);
  }
  drawInSight();
}

function drawInSight() {
  if (!isInSight || isDrawn) return;
  isDrawn = true;
  draw();
}

new IntersectionObserver((entries) => {
  isInSight = entries[entries.length - 1].isIntersecting;
  drawInSight();
}, { rootMargin: "200px" }).observe(canvas);

watch("value", renew);
renew();
