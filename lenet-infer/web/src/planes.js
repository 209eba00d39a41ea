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
  /** An activation. Its opacity rises faster than it does, so that small ones show. */
  activation: (level) => [...colors[ACTIVE], 255 * (level / 255) ** 0.7],
  /** An edge, three times as strong as it is: few are as strong as can be. */
  edge: (level) => [...colors[ACTIVE], 3 * level],
  /** The label of a part: each in its color, the cells beside it fainter. */
  part(label) {
    if (label === 0) return [0, 0, 0, 0];
    const color = colors[PARTS[((label & ~BESIDE) - 1) % PARTS.length]];
    return [...color, label & BESIDE ? 90 : 255];
  },
};

/** Paints a plane on a canvas, one pixel per cell. */
export function paint(canvas, { width, height, cells }, look) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  cells.forEach((cell, at) => image.data.set(LOOKS[look](cell), 4 * at));
  context.putImageData(image, 0, 0);
}

/** Empties a canvas. */
export function erase(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}
