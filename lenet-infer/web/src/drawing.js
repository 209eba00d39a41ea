// The drawing area: strokes by mouse, finger, pen or keyboard.

import { ADVANCE, begun, digitStrokes, trace } from "./strokes.js";

const WIDTH = 640;
const HEIGHT = 480;
const PEN = 17;
const STEP = 12;
const SAMPLE = [1, 9, 9, 8];
const WRITING_MS = 1400;
const MARGIN = 40;

export class Drawing {
  #canvas;
  #pixels = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true });
  #changed;
  #strokes = [];
  /** The stroke that each pointer draws. */
  #open = new Map();
  #pen = { x: WIDTH / 2, y: HEIGHT / 2, down: false, shown: false };
  #animation = 0;
  /** Whether the strokes are a sample, which the first stroke replaces. */
  #isSample = false;

  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.#open.delete(event.pointerId));
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#showPen(false));
    new ResizeObserver(() => this.show()).observe(canvas);
  }

  get isEmpty() {
    return this.#strokes.length === 0;
  }

  /** Where the pen was last, in pixels. */
  get lastPoint() {
    return this.#strokes.at(-1)?.at(-1);
  }

  /** The pixels as a scanner would have them: black on white, whatever the page looks like. */
  pixels() {
    const context = this.#pixels;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, WIDTH, HEIGHT);
    this.#ink(context, this.#strokes, "#000000");
    return context.getImageData(0, 0, WIDTH, HEIGHT);
  }

  /** Draws what is seen, in the colors of the page and as fine as the screen is. */
  show() {
    const canvas = this.#canvas;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    if (width === 0) return;
    if (canvas.width !== width) {
      canvas.width = width;
      canvas.height = Math.round((width * HEIGHT) / WIDTH);
    }
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.scale(canvas.width / WIDTH, canvas.height / HEIGHT);
    this.#ink(context, this.#strokes, style.getPropertyValue("--ink"));
    if (this.#pen.shown) {
      context.strokeStyle = style.getPropertyValue("--active");
      context.lineWidth = 2;
      context.beginPath();
      context.arc(this.#pen.x, this.#pen.y, this.#pen.down ? PEN / 2 : PEN, 0, 7);
      context.stroke();
    }
  }

  #ink(context, strokes, color) {
    Object.assign(context, { strokeStyle: color, lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    strokes.forEach((points) => trace(context, points));
  }

  #update() {
    this.show();
    this.#changed();
  }

  clear() {
    this.#stopWriting();
    this.#strokes = [];
    this.#pen.down = false;
    this.#update();
  }

  undo() {
    this.#stopWriting();
    this.#strokes.pop();
    this.#pen.down = false;
    this.#update();
  }

  /** Writes the sample as a hand does, or at once where motion is not wanted. */
  sample() {
    const height = 190;
    const advance = ADVANCE * height;
    const left = (WIDTH - SAMPLE.length * advance) / 2 + 0.07 * height;
    const strokes = SAMPLE.flatMap((digit, at) =>
      digitStrokes(digit, left + at * advance, (HEIGHT - height) / 2 + (at % 2 ? -10 : 8), height),
    );
    this.clear();
    this.#isSample = true;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#strokes = strokes;
      this.#update();
      return;
    }
    const started = performance.now();
    const frame = (now) => {
      const part = Math.min((now - started) / WRITING_MS, 1);
      this.#strokes = begun(strokes, part);
      this.#animation = part < 1 ? requestAnimationFrame(frame) : 0;
      this.#update();
    };
    this.#animation = requestAnimationFrame(frame);
  }

  #stopWriting() {
    cancelAnimationFrame(this.#animation);
    this.#isSample = false;
  }

  #start(point) {
    if (this.#isSample) this.clear();
    const stroke = [point];
    this.#strokes.push(stroke);
    return stroke;
  }

  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: ((clientX - left) * WIDTH) / width, y: ((clientY - top) * HEIGHT) / height };
  }

  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#showPen(false);
    this.#open.set(event.pointerId, this.#start(this.#point(event)));
    this.#update();
  }

  #move(event) {
    const stroke = this.#open.get(event.pointerId);
    if (!stroke) return;
    const events = event.getCoalescedEvents?.() ?? [];
    stroke.push(...(events.length > 0 ? events : [event]).map((each) => this.#point(each)));
    this.#update();
  }

  #showPen(shown) {
    if (this.#pen.shown === shown) return;
    Object.assign(this.#pen, { shown, down: false });
    this.show();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (moves[event.key]) this.#movePen(...moves[event.key].map((way) => way * STEP * (event.shiftKey ? 3 : 1)));
    else if (event.key === " ") this.#togglePen();
    else if (/^[0-9]$/.test(event.key)) this.#write(Number(event.key));
    else if (event.key === "Backspace") this.undo();
    else if (event.key === "Delete") this.clear();
    else return;
    event.preventDefault();
  }

  #movePen(right, down) {
    this.#showPen(true);
    const pen = this.#pen;
    pen.x = Math.min(Math.max(pen.x + right, 0), WIDTH);
    pen.y = Math.min(Math.max(pen.y + down, 0), HEIGHT);
    if (pen.down) this.#strokes.at(-1).push({ x: pen.x, y: pen.y });
    this.#update();
  }

  #togglePen() {
    this.#showPen(true);
    const pen = this.#pen;
    pen.down = !pen.down;
    if (pen.down) this.#start({ x: pen.x, y: pen.y });
    this.#update();
  }

  /** Writes a digit to the right of what is there, or first on an empty sheet. */
  #write(digit) {
    if (this.#isSample) this.clear();
    const height = 170;
    const right = Math.max(...this.#strokes.flat().map(({ x }) => x), MARGIN - 24);
    const x = right + 24;
    if (x + 0.6 * height > WIDTH - PEN) this.clear();
    const left = this.isEmpty ? MARGIN : x;
    this.#strokes.push(...digitStrokes(digit, left, (HEIGHT - height) / 2, height));
    this.#update();
  }
}
