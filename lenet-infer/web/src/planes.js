// Paints planes of bytes in the colors of the page.

let colors = {};

/** Reads the colors of the page, which depend on its light or dark look. */
export function readColors() {
  const style = getComputedStyle(document.documentElement);
  const channels = (name) => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };
  colors = { ink: channels("--ink"), active: channels("--active") };
}

/**
 * Paints a plane on a canvas, one pixel per cell. "gray" shows the gray levels themselves; "ink" and "active" show 0 as
 * paper and 255 in that color. Small activations would not show, so their opacity rises faster than they do.
 */
export function paint(canvas, { width, height, cells }, look) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const color = colors[look];
  for (let at = 0; at < cells.length; at++) {
    const level = cells[at];
    const pixel = color ? [...color, look === "active" ? 255 * (level / 255) ** 0.7 : level] : [level, level, level, 255];
    image.data.set(pixel, 4 * at);
  }
  context.putImageData(image, 0, 0);
}

/** Empties a canvas. */
export function erase(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}
