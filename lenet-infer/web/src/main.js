// Joins the sources of pictures, the engine and the view.

import { $ } from "./dom.js";
import { Drawing } from "./drawing.js";
import { compile } from "./engine.js";
import { Camera, decode, save, Sheet } from "./pictures.js";
import { readColors } from "./planes.js";
import {
  Stopwatch,
  eraseNetwork,
  sentence,
  showBars,
  showBoxes,
  showModel,
  showNetwork,
  showQuality,
  showReading,
  showSteps,
  showVerdict,
} from "./view.js";

const HINTS = {
  keyboard: "Arrow keys move the pen, Space puts it down or lifts it, digit keys write.",
  draw: "Write one digit or several.",
  picture: "Drop or paste another picture at any time.",
  camera: "Hold a written digit in front of the camera.",
};
const ANNOUNCE_MS = 600;
const SHIPPED = "The shipped model";
const TOO_OLD =
  "This browser is too old for this page. It runs from Chrome or Edge 91, Firefox 89 and Safari 16.4 on, with WebAssembly.";

const module = Uint8Array.from(atob($("module").textContent), (char) => char.charCodeAt(0));
const newEngine = await compile(module).catch((error) => {
  $("prompt").hidden = false;
  $("prompt-text").textContent = TOO_OLD;
  $("prompt-action").hidden = true;
  throw error;
});
let engine = await newEngine();

let source = "draw";
let selected = 0;
let digits = [];
let reason = "none";
let size = { width: 1, height: 1 };
let hasPicture = false;
let frame = 0;
let announcement = 0;
const prepareTime = new Stopwatch("prepare-time");
const classifyTime = new Stopwatch("classify-time");

// Looking at a picture.

/** Looks at the picture before the next frame is shown. */
function refresh() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    look();
  });
}

function look() {
  const pixels = currentPixels();
  digits = [];
  reason = "none";
  if (pixels) {
    size = { width: pixels.width, height: pixels.height };
    const found = engine.find(pixels);
    reason = found.reason;
    digits = found.digits.map((digit) => ({ ...digit, answer: engine.classify(digit.index) }));
    if (source === "draw") selected = nearest(drawing.lastPoint);
    prepareTime.show(found.milliseconds);
    digits.forEach(({ answer }) => classifyTime.show(answer.milliseconds));
  }
  show();
}

/** The digit to which a point of the picture is nearest. */
function nearest({ x, y }) {
  const beyond = (at, low, high) => Math.max(low - at, 0, at - high);
  const distances = digits.map(({ rect }) => Math.hypot(beyond(x, rect.left, rect.right), beyond(y, rect.top, rect.bottom)));
  return Math.max(distances.indexOf(Math.min(...distances)), 0);
}

function currentPixels() {
  if (source === "draw") return drawing.isEmpty ? null : drawing.pixels();
  const shown = source === "picture" ? hasPicture : camera.isOn;
  return shown ? sheets[source].pixels() : null;
}

function show() {
  selected = Math.min(selected, Math.max(digits.length - 1, 0));
  const names = engine.model.classNames;
  const answer = digits[selected]?.answer;
  showReading(digits, selected, names, select);
  showVerdict(answer, names, reason);
  showBars(answer);
  showBoxes(digits, selected, names, size, select);
  showQuality(digits[selected]);
  if (answer) {
    showSteps(engine.steps(selected), digits[selected].image);
    showNetwork(digits[selected], engine.maps(selected), names);
  } else {
    eraseNetwork();
  }
  clearTimeout(announcement);
  announcement = setTimeout(announce, ANNOUNCE_MS);
}

function announce() {
  const text = sentence(digits, selected, engine.model.classNames, reason);
  if ($("live").textContent !== text) $("live").textContent = text;
}

function select(index) {
  selected = index;
  show();
}

// Sources of pictures.

const drawing = new Drawing($("drawing"), refresh);
const sheets = { picture: new Sheet($("picture")), camera: new Sheet($("picture")) };
const camera = new Camera(sheets.camera, () => {
  fit($("picture").width, $("picture").height);
  refresh();
});

/** Gives the sheet the proportions of the picture, as large as the stage allows. */
function fit(width, height) {
  const sheet = $("sheet");
  sheet.style.setProperty("--aspect", `${width} / ${height}`);
  sheet.classList.toggle("wide", width * 3 >= height * 4);
  sheet.classList.toggle("tall", width * 3 < height * 4);
}

function choose(name) {
  if (source === "camera" && name !== "camera") camera.stop();
  source = name;
  selected = 0;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.dataset.source === name;
    tab.ariaSelected = String(chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  $("stage").setAttribute("aria-labeledby", `tab-${name}`);
  arrange();
  refresh();
}

/** Shows the surface and the controls of the source. */
function arrange(error = "") {
  const ready = { draw: true, picture: hasPicture, camera: camera.isOn }[source];
  $("drawing").hidden = source !== "draw";
  $("picture").hidden = source === "draw" || !ready;
  $("boxes").classList.toggle("clickable", source !== "draw");
  $("prompt").hidden = ready;
  const [text, action] = {
    draw: ["", ""],
    picture: ["Drop a picture of handwritten digits, paste one, or choose a file.", "Choose a picture"],
    camera: ["Show handwritten digits to the camera. Its frames stay in this page.", "Start the camera"],
  }[source];
  $("prompt-text").textContent = error || text;
  $("prompt-action").textContent = action;
  $("hint").textContent = ready ? HINTS[source] : "";
  for (const actions of document.querySelectorAll("[data-for]")) {
    actions.hidden = actions.dataset.for !== source || !ready;
  }
  $("hold").ariaPressed = String(camera.held);
  if (source === "draw") fit(4, 3);
  else if (ready) fit($("picture").width, $("picture").height);
}

async function openPicture(file) {
  try {
    const bitmap = await decode(file);
    if (source !== "picture") choose("picture");
    sheets.picture.draw(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    hasPicture = true;
    selected = 0;
    arrange();
    refresh();
  } catch (error) {
    if (source !== "picture") choose("picture");
    hasPicture = false;
    arrange(error.message);
    refresh();
  }
}

async function startCamera() {
  try {
    hasPicture = false; // The canvas now shows the camera.
    await camera.start();
    if (source !== "camera") camera.stop();
    arrange();
  } catch (error) {
    arrange(error.message);
  }
}

// Models.

async function useModel(file) {
  $("model-error").textContent = "";
  try {
    engine = await newEngine(file && new Uint8Array(await file.arrayBuffer()));
    $("shipped").hidden = !file;
    showModel(file?.name ?? SHIPPED, engine.model);
    look();
  } catch (error) {
    $("model-error").textContent = `${file.name}: ${error.message}.`;
  }
}

// Controls.

const tabs = [...document.querySelectorAll("[role=tab]")];
tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => choose(tab.dataset.source));
  tab.addEventListener("keydown", ({ key }) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!way) return;
    const next = tabs[(index + way + tabs.length) % tabs.length];
    next.focus();
    choose(next.dataset.source);
  });
});
$("drawing").onfocus = ({ target }) => {
  if (target.matches(":focus-visible")) $("hint").textContent = HINTS.keyboard;
};
$("drawing").onblur = () => arrange();
$("sample").onclick = () => drawing.sample();
$("undo").onclick = () => drawing.undo();
$("clear").onclick = () => drawing.clear();
$("choose").onclick = () => $("picture-file").click();
$("prompt-action").onclick = () => (source === "camera" ? startCamera() : $("picture-file").click());
$("hold").onclick = () => {
  camera.held = !camera.held;
  arrange();
};
$("stop").onclick = () => {
  camera.stop();
  arrange();
  refresh();
};
$("choose-model").onclick = () => $("model-file").click();
$("shipped").onclick = () => useModel();
for (const button of document.querySelectorAll(".save")) button.onclick = () => save(currentPixels(), `${source}.png`);
for (const [id, open] of [["picture-file", openPicture], ["model-file", useModel]]) {
  $(id).onchange = ({ target }) => {
    if (target.files[0]) open(target.files[0]);
    target.value = "";
  };
}

/** Opens a file that was dropped or pasted. */
function open(file) {
  if (!file) return;
  if (file.name.endsWith(".lenet")) useModel(file);
  else openPicture(file);
}

addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").hidden = !event.dataTransfer.types.includes("Files");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").hidden = true;
});
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  open(event.dataTransfer.files[0]);
});
addEventListener("paste", (event) => open(event.clipboardData.files[0]));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColors();
  drawing.show();
  show();
});

readColors();
showModel(SHIPPED, engine.model);
choose("draw");
drawing.sample();
