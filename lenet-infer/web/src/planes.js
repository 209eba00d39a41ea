// Paints planes of bytes in the colors of the page.

/** The bit of a part's label that marks a cell beside the part. */
const BESIDE = 0x80;
const INK = "--ink";
const ACTIVE = "--active";
const PARTS = [ACTIVE, "--winner", "--unsure", "--error", "--purple", "--teal"];

let colors = {};

/** Reads the colors of the page, which depend on its light or dark look. */
export function readColors() {
  const style = getComputedStyle(document.documentElement);
  const channels = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };
  colors = Object.fromEntries([INK, ...PARTS].map((name) => [name, channels(name)]));
}

/** The ways to paint a byte: from its value to red, green, blue and opacity. */
const LOOKS = {
  /** A gray level as it is. */
  gray: (level) => [level, level, level, 255],
  /** 0 as paper to 255 as ink. */
  ink: (level) => [...colors[INK], level],
  /** Ink and edges, as strong as the strongest in the plane allows. */
  stretchedInk: (level, largest) => [...colors[INK], (255 * level) / largest],
  edge: (level, largest) => [...colors[ACTIVE], (255 * level) / largest],
  /** An activation. Its opacity rises faster than it does, so that small ones show. */
  activation: (level) => [...colors[ACTIVE], 255 * (level / 255) ** 0.7],
  /** The label of a part: each in its color, the cells beside it fainter. */
  part(label) {
    const color = colors[PARTS[Math.max((label & ~BESIDE) - 1, 0) % PARTS.length]];
    return [...color, label === 0 ? 0 : label & BESIDE ? 90 : 255];
  },
};

/** Paints a plane on a canvas, one pixel per cell. */
export function paint(canvas, { width, height, cells }, look) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const largest = cells.reduce((most, cell) => Math.max(most, cell), 1);
  const table = new Uint8ClampedArray(4 * 256);
  for (let level = 0; level < 256; level++) table.set(LOOKS[look](level, largest), 4 * level);
  const colorOf = new Uint32Array(table.buffer);
  const pixels = Uint32Array.from(cells, (cell) => colorOf[cell]);
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Empties a canvas. */
export function erase(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}
