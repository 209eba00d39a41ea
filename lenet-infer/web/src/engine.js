// The WebAssembly module: everything that is computed about a picture. The layout of the records is that of the Rust
// structs in module/src.

const REASON_NAMES = ["none", "no-ink", "too-small", "too-large", "too-many"];
const STEP_NAMES = ["gray", "ink", "gaussian", "sobel", "parts"];
const DIGIT_WORDS = 8;
const ANSWER_WORDS = 3;
const PLANE_WORDS = 3;
const IMAGE = { width: 28, height: 28 };
const utf8 = new TextDecoder();

/** Compiles the module and returns a function that makes engines, for the shipped model or for a model file. */
export async function compile(bytes) {
  const module = await WebAssembly.compile(bytes);
  return async (file) => {
    const instance = await WebAssembly.instantiate(module, {});
    return new Engine(instance.exports, file);
  };
}

export class Engine {
  #module;

  constructor(module, file) {
    this.#module = module;
    if (file) this.#load(file);
    this.model = this.#aboutModel();
  }

  #bytes(start, length) {
    return new Uint8Array(this.#module.memory.buffer, start, length);
  }

  #words(start, length) {
    return new Int32Array(this.#module.memory.buffer, start, length);
  }

  #text(start, length) {
    return utf8.decode(this.#bytes(start, length));
  }

  #write(bytes) {
    this.#bytes(this.#module.bytes(), bytes.length).set(bytes);
  }

  #load(file) {
    if (file.length > this.#module.max_model_bytes()) {
      throw new Error(`not a model file: it has ${file.length.toLocaleString("en")} bytes`);
    }
    this.#write(file);
    const length = this.#module.load_model(file.length);
    if (length > 0) throw new Error(this.#text(this.#module.bytes(), length));
  }

  #aboutModel() {
    const [classes, weightBits, bytes, macs, ram, ...texts] = this.#words(this.#module.about_model(), 11);
    const [dataset, recipe, names] = [0, 2, 4].map((at) => this.#text(texts[at], texts[at + 1]));
    const named = names === "" ? [] : names.split("\n");
    const classNames = Array.from({ length: classes }, (_, index) => named[index] ?? String(index));
    return { classes, weightBits, bytes, macs, ram, dataset, recipe, classNames };
  }

  /** Finds the digits of a picture: an `ImageData` of at most 1024x1024 pixels. */
  find({ data, width, height }) {
    this.#write(data);
    const started = performance.now();
    const count = this.#module.find(width, height);
    const milliseconds = performance.now() - started;
    const digits = Array.from({ length: Math.max(count, 0) }, (_, index) => this.#digit(index));
    return { digits, reason: REASON_NAMES[Math.max(-count, 0)], milliseconds };
  }

  #digit(index) {
    const start = this.#module.digit(index);
    const [left, top, right, bottom, line, contrast, strokeWidth] = this.#words(start, DIGIT_WORDS);
    const cells = this.#bytes(start + 4 * DIGIT_WORDS, IMAGE.width * IMAGE.height).slice();
    const rect = { left, top, right, bottom };
    return { index, rect, line, contrast, strokeWidth: strokeWidth / 16, image: { ...IMAGE, cells } };
  }

  /** Classifies a digit of the picture. */
  classify(index) {
    const started = performance.now();
    const start = this.#module.classify(index);
    const milliseconds = performance.now() - started;
    const words = [...this.#words(start, ANSWER_WORDS + this.model.classes)];
    const [best, confident, confidence, ...logits] = words;
    return { best, confident: confident === 1, confidence, logits, milliseconds };
  }

  /** The planes of the steps by which a digit of the picture was prepared. */
  steps(index) {
    const start = this.#module.steps(index);
    return STEP_NAMES.map((name, at) => {
      const [width, height, cells] = this.#words(start + 4 * PLANE_WORDS * at, PLANE_WORDS);
      return { name, width, height, cells: this.#bytes(cells, width * height) };
    });
  }

  /** The feature maps of a digit of the picture. */
  maps(index) {
    const start = this.#module.feature_maps(index);
    const planes = (count, side, offset) =>
      Array.from({ length: count }, (_, at) => {
        const cells = this.#bytes(start + offset + at * side * side, side * side);
        return { width: side, height: side, cells };
      });
    return { conv1: planes(6, 12, 0), conv2: planes(16, 4, 6 * 12 * 12) };
  }
}
