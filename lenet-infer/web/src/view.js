// What the page shows of an answer: digits, verdict, logits, times, steps and feature maps.

import { $, make } from "./dom.js";
import { erase, paint } from "./planes.js";

const STEPS = {
  gray: ["Gray", "The picture on the work grid, each cell the mean of its pixels.", "gray"],
  smoothed: ["Gaussian", "A 3×3 Gaussian filter takes the noise of paper and camera away.", "ink"],
  gradient: ["Sobel", "The Sobel filter finds the edges of strokes.", "active"],
  ink: ["Ink", "The level at the edges parts ink from paper.", "ink"],
  mask: ["Digit", "The parts that belong to the digit; specks and rulings are dropped.", "ink"],
};
const REASONS = {
  "no-ink": "No ink found. Write a digit, large and dark.",
  "too-small": "The digit is too small. Come closer.",
  "too-large": "The digit leaves the picture. Step back.",
  "too-many": "There is too much in the picture.",
};
const CONFIDENCE_STEPS = 256;


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

/** Shows the digits that were read, as buttons that select one. */
export function showReading(digits, selected, names, select) {
  const reading = $("reading");
  const texts = digits.map(({ answer }) => names[answer.best]);
  const columns = texts.reduce((sum, text) => sum + [...text].length, 0);
  const size = columns <= 5 ? 84 : columns <= 9 ? 52 : 32;
  reading.style.setProperty("--size", `${size}px`);
  if (digits.length === 0) {
    reading.replaceChildren(make("span", { className: "none", ariaHidden: "true", textContent: "?" }));
    return;
  }
  // Buttons are kept, so that the focus is.
  while (reading.children.length > digits.length || reading.querySelector(".none")) reading.lastChild.remove();
  digits.forEach(({ answer }, index) => {
    const button = reading.children[index] ?? reading.appendChild(make("button", { onclick: () => select(index) }));
    const state = answer.confident ? "" : ", not sure";
    button.textContent = texts[index];
    button.className = answer.confident ? "sure" : "unsure";
    button.ariaPressed = String(index === selected);
    button.ariaLabel = `Digit ${index + 1} of ${digits.length}: ${texts[index]}${state}`;
  });
}

/** Shows what the answer about a digit is worth, or why there is none. */
export function showVerdict(answer, names, reason) {
  const verdict = $("verdict");
  verdict.className = "verdict";
  if (!answer) {
    verdict.replaceChildren(make("span", { textContent: REASONS[reason] ?? REASONS["no-ink"] }));
    return;
  }
  const state = answer.confident ? "Sure" : "Not sure";
  const [best, second] = [names[answer.best], names[runnerUp(answer)]];
  const text = ` · ${best} rather than ${second}: odds of ${odds(answer.confidence)}`;
  verdict.classList.add(answer.confident ? "sure" : "unsure");
  verdict.replaceChildren(make("span", {}, make("b", { textContent: state }), text));
}

/** Makes a bar per class. */
export function makeBars(names) {
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

/** A time that is shown as the mean of the last ones, because a browser's clock is coarse. */
export class Stopwatch {
  #element;
  #mean = NaN;

  constructor(id) {
    this.#element = $(id);
  }

  show(milliseconds) {
    this.#mean = Number.isNaN(this.#mean) ? milliseconds : 0.8 * this.#mean + 0.2 * milliseconds;
    this.#element.textContent = `${this.#mean.toFixed(2)} ms`;
  }
}

/** Shows the steps of the preparation of a digit. */
export function showSteps(steps) {
  const list = $("steps");
  const names = steps.map(({ name }) => name).join();
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    const items = steps.map(({ name }) => {
      const [title, text] = STEPS[name];
      const canvas = make("canvas", { role: "img", ariaLabel: `${title}: the picture after this step` });
      return make("li", {}, canvas, make("p", {}, make("b", { textContent: title }), text));
    });
    list.replaceChildren(...items);
  }
  steps.forEach((step, index) => paint(list.children[index].querySelector("canvas"), step, STEPS[step.name][2]));
}

/** Shows the image, the feature maps and the class of a digit. */
export function showNetwork({ image, answer }, maps, names) {
  const outcome = $("outcome");
  outcome.textContent = names[answer.best];
  outcome.classList.toggle("unsure", !answer.confident);
  outcome.classList.toggle("long", names[answer.best].length > 2);
  $("layers").textContent = `256, 120, 84, ${names.length} logits`;
  paint($("image"), image, "ink");
  for (const layer of ["conv1", "conv2"]) {
    const folder = $(layer);
    while (folder.children.length < maps[layer].length) folder.append(make("canvas"));
    maps[layer].forEach((map, index) => paint(folder.children[index], map, "active"));
  }
}

/** Empties the steps' pictures, the image and the feature maps. */
export function eraseNetwork() {
  document.querySelectorAll("#steps canvas, #image, .maps canvas").forEach(erase);
  $("outcome").textContent = "";
}

/** Draws a box around each digit of a picture of the given size. */
export function showBoxes(digits, selected, names, size, select) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  const boxes = digits.map(({ rect, answer }, index) => {
    const box = make("div", { className: "box", onclick: () => select(index) });
    box.append(make("span", { textContent: names[answer.best] + (answer.confident ? "" : "?") }));
    box.classList.toggle("selected", index === selected);
    box.classList.toggle("low", rect.top < 0.08 * size.height);
    Object.assign(box.style, {
      left: percent(rect.left, size.width),
      top: percent(rect.top, size.height),
      width: percent(rect.right - rect.left, size.width),
      height: percent(rect.bottom - rect.top, size.height),
    });
    return box;
  });
  $("boxes").replaceChildren(...boxes);
}

/** The answer in a sentence, for who listens to the page. */
export function sentence(digits, selected, names, reason) {
  if (digits.length === 0) return REASONS[reason] ?? REASONS["no-ink"];
  const read = digits.map(({ answer }) => names[answer.best]).join(" ");
  const { answer } = digits[selected];
  const state = answer.confident ? "sure" : "not sure";
  return digits.length === 1 ? `Read ${read}, ${state}.` : `Read ${read}. Digit ${selected + 1}: ${names[answer.best]}, ${state}.`;
}
