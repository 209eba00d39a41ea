// What the page shows of an answer: digits, verdict, logits, times, steps and feature maps.

import { $, make } from "./dom.js";
import { erase, paint } from "./planes.js";

/** The steps of the preparation: a title, what the step does, and the look of its plane. */
const STEPS = {
  gray: ["Gray", "Reduced to the work grid: each cell is the mean of its pixels.", "gray"],
  ink: ["Ink", "Uneven light removed: what differs from the paper around it.", "stretchedInk"],
  gaussian: ["Gaussian", "A 3×3 Gaussian filter takes out the noise of paper and camera.", "stretchedInk"],
  sobel: ["Sobel", "The edges of strokes. Halfway up an edge, ink begins.", "edge"],
  parts: ["Parts", "Ink that touches is one part. Parts are joined to digits.", "part"],
  image: ["Image", "20 pixels tall, centered by mass, strokes as wide as MNIST’s.", "ink"],
};
const REASONS = {
  none: "Nothing to read yet.",
  "no-ink": "No ink found. Write a digit, large and dark.",
  "too-small": "The digit is too small. Come closer.",
  "too-large": "The digit leaves the picture. Step back.",
  "too-many": "There is too much in the picture.",
};
const CONFIDENCE_STEPS = 256;
/** The largest letters of the digits that were read, in pixels. */
const LARGEST = 84;
/** The space between a digit and its box, in pixels. */
const SPACE = 4;
/** The times of which the median is shown. */
const TIMES = 21;


/** A whole number as people read it. */
export function thousands(number) {
  return number.toLocaleString("en").replace("-", "\u2212");
}

/** The odds that a confidence stands for, rounded to two digits. */
function odds(confidence) {
  const found = Math.exp(confidence / CONFIDENCE_STEPS);
  if (found >= 1e6) return "over a million to 1";
  return `${found < 10 ? found.toFixed(1) : thousands(Number(found.toPrecision(2)))} to 1`;
}

/** The index of the second largest logit. */
function runnerUp({ best, logits }) {
  const others = logits.map((_, index) => index).filter((index) => index !== best);
  return others.reduce((found, index) => (logits[index] > logits[found] ? index : found));
}

/** Shows the digits that were read, line by line, as buttons that select one. */
export function showReading(digits, selected, names, select) {
  const reading = $("reading");
  if (digits.length === 0) {
    reading.replaceChildren(make("span", { className: "none", ariaHidden: "true", textContent: "?" }));
  } else {
    reading.querySelector(".none")?.remove();
  }
  reading.style.setProperty("--size", `${readingSize(digits, names, reading.clientWidth)}px`);
  // Buttons are kept, so that the focus is.
  while (reading.children.length > Math.max(digits.length, 1)) reading.lastChild.remove();
  digits.forEach(({ line, answer }, index) => {
    const button = reading.children[index] ?? reading.appendChild(make("button", { onclick: () => select(index) }));
    const name = names[answer.best];
    const state = answer.confident ? "sure" : "unsure";
    button.textContent = name;
    button.className = state;
    button.style.gridRow = line + 1;
    button.ariaPressed = String(index === selected);
    button.ariaLabel = `Digit ${index + 1} of ${digits.length}: ${name}, ${state}`;
  });
}

/** The size of the letters at which the longest line fits in a width, in pixels. */
function readingSize(digits, names, width) {
  const lines = [];
  for (const { line, answer } of digits) lines[line] = (lines[line] ?? 0) + [...names[answer.best]].length;
  return Math.floor(Math.min(LARGEST, width / (0.9 * Math.max(...lines, 1)), (2 * LARGEST) / Math.max(lines.length, 1)));
}

/** Shows what the answer about a digit is worth, or why there is none. */
export function showVerdict(answer, names, reason) {
  const verdict = $("verdict");
  verdict.className = "verdict";
  if (!answer) {
    verdict.replaceChildren(make("span", { textContent: REASONS[reason] }));
    return;
  }
  const state = answer.confident ? "Sure" : "Not sure";
  const [best, second] = [names[answer.best], names[runnerUp(answer)]];
  const text = ` · ${best} rather than ${second}: odds of ${odds(answer.confidence)}`;
  verdict.classList.add(answer.confident ? "sure" : "unsure");
  verdict.replaceChildren(make("span", {}, make("b", { textContent: state }), text));
}

/** Shows what a model is, and makes a bar per class. */
export function showModel(name, { classes, weightBits, bytes, macs, ram, dataset, recipe, classNames }) {
  const facts = [`${classes} classes`, `int${weightBits} weights`, `${thousands(bytes)} bytes`];
  const trained = dataset ? ` Trained on ${dataset} with recipe ${recipe}.` : "";
  $("model-text").textContent = `${name}: ${facts.join(", ")}.${trained}`;
  $("cost").textContent = `${thousands(macs)} multiply-accumulates, in ${ram} bytes of RAM on a microcontroller.`;
  $("layers").textContent = `256, 120, 84, ${classes} logits`;
  makeBars(classNames);
}

/** Makes a bar per class. */
function makeBars(names) {
  const bars = names.map((name) => {
    const track = make("span", { className: "track" }, make("span", { className: "bar" }));
    const label = make("span", { className: "name", textContent: name, title: name });
    return make("li", {}, label, track, make("span", { className: "value" }));
  });
  $("bars").replaceChildren(...bars);
  $("bars").classList.toggle("many", names.length > 10);
  if (names.length > 10) $("bars").tabIndex = 0;
  else $("bars").removeAttribute("tabindex");
}

/** Shows the logits as bars from the middle: to the right above 0, to the left below. */
export function showBars(answer) {
  const largest = answer ? Math.max(...answer.logits.map(Math.abs), 1) : 1;
  [...$("bars").children].forEach((item, index) => {
    const logit = answer?.logits[index];
    const first = answer !== undefined && index === answer.best;
    item.className = first ? (answer.confident ? "first" : "first unsure") : "";
    item.querySelector(".bar").style.setProperty("--length", (logit ?? 0) / largest);
    item.querySelector(".value").textContent = logit === undefined ? "" : thousands(logit);
  });
}

/** A time that is shown as the median of the last ones: the first ones are slow, and a browser's clock is coarse. */
export class Stopwatch {
  #element;
  #times = [];

  constructor(id) {
    this.#element = $(id);
  }

  show(milliseconds) {
    this.#times = [...this.#times, milliseconds].slice(-TIMES);
    const median = this.#times.toSorted((a, b) => a - b)[this.#times.length >> 1];
    // Less than one tick of the clock.
    this.#element.textContent = median < 0.05 ? "< 0.1 ms" : `${median.toFixed(median < 10 ? 2 : 0)} ms`;
  }
}

/** Shows how well a digit can be seen. */
export function showQuality(digit) {
  $("contrast").textContent = digit ? `${digit.contrast} of 255` : "–";
  $("stroke").textContent = digit ? `${digit.strokeWidth.toFixed(1)} px` : "–";
}

/** Shows the steps of the preparation of a digit, up to its image. */
export function showSteps(planes, image) {
  const steps = [...planes, { name: "image", ...image }];
  const list = $("steps");
  if (list.children.length === 0) {
    const items = steps.map(({ name }) => {
      const [title, text] = STEPS[name];
      const canvas = make("canvas", { role: "img", ariaLabel: `The picture after the step ${title}` });
      return make("li", {}, make("div", { className: "frame" }, canvas), make("p", {}, make("b", { textContent: title }), text));
    });
    list.append(...items);
  }
  steps.forEach((step, index) => {
    const canvas = list.children[index].querySelector("canvas");
    canvas.parentElement.classList.toggle("tall", step.height > step.width);
    paint(canvas, step, STEPS[step.name][2]);
  });
}

/** Shows the image, the feature maps and the class of a digit. */
export function showNetwork({ image, answer }, maps, names) {
  const outcome = $("outcome");
  outcome.textContent = names[answer.best];
  outcome.classList.toggle("unsure", !answer.confident);
  outcome.classList.toggle("long", names[answer.best].length > 2);
  paint($("image"), image, "ink");
  for (const layer of ["conv1", "conv2"]) {
    const folder = $(layer);
    while (folder.children.length < maps[layer].length) folder.append(make("canvas"));
    maps[layer].forEach((map, index) => paint(folder.children[index], map, "activation"));
  }
}

/** Empties the steps' pictures, the image and the feature maps. */
export function eraseNetwork() {
  document.querySelectorAll("#steps canvas, #image, .maps canvas").forEach(erase);
  $("outcome").textContent = "";
}

/** Draws a box around each digit of a picture of the given size. */
export function showBoxes(digits, selected, names, size, select) {
  const place = (part, whole, more) => `calc(${(100 * part) / whole}% + ${more}px)`;
  const boxes = digits.map(({ rect, answer }, index) => {
    const box = make("div", { className: "box", onclick: () => select(index) });
    box.append(make("span", { textContent: names[answer.best] + (answer.confident ? "" : "?") }));
    box.classList.toggle("selected", index === selected);
    box.classList.toggle("high", rect.top < 0.08 * size.height);
    Object.assign(box.style, {
      left: place(rect.left, size.width, -SPACE),
      top: place(rect.top, size.height, -SPACE),
      width: place(rect.right - rect.left, size.width, 2 * SPACE),
      height: place(rect.bottom - rect.top, size.height, 2 * SPACE),
    });
    return box;
  });
  $("boxes").replaceChildren(...boxes);
}

/** The answer in a sentence, for who listens to the page. */
export function sentence(digits, selected, names, reason) {
  if (digits.length === 0) return REASONS[reason];
  const read = digits.map(({ answer }) => names[answer.best]).join(" ");
  const { answer } = digits[selected];
  const state = answer.confident ? "sure" : "not sure";
  if (digits.length === 1) return `Read ${read}, ${state}.`;
  return `Read ${read}. Digit ${selected + 1}: ${names[answer.best]}, ${state}.`;
}
