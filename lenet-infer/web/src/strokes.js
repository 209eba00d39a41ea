// Handwritten digits as strokes, for the samples and for who writes with the keyboard. A stroke is a list of points in a
// box that is 60 wide and 100 high.

const DIGITS = [
  [[36, 6, 20, 8, 9, 26, 6, 52, 11, 80, 25, 95, 42, 90, 53, 70, 55, 42, 50, 18, 38, 6, 28, 8]],
  [[27, 20, 33, 14, 38, 5, 37, 30, 34, 60, 32, 96]],
  [[9, 26, 16, 10, 33, 4, 48, 13, 49, 32, 36, 56, 19, 78, 6, 93, 20, 88, 38, 91, 57, 92]],
  [[10, 16, 22, 6, 40, 6, 49, 18, 43, 34, 25, 45, 44, 50, 54, 66, 48, 84, 32, 95, 15, 92, 6, 82]],
  [[22, 6, 16, 28, 8, 54, 24, 56, 54, 54], [45, 24, 43, 50, 40, 76, 38, 97]],
  [[52, 7, 34, 7, 18, 8, 16, 24, 13, 43, 30, 38, 47, 46, 53, 63, 46, 84, 29, 95, 11, 90]],
  [[45, 5, 28, 16, 14, 38, 8, 64, 13, 87, 28, 96, 45, 89, 51, 72, 43, 57, 28, 55, 15, 66, 11, 76]],
  [[6, 11, 24, 9, 40, 9, 54, 7, 44, 32, 33, 62, 25, 96]],
  [[47, 15, 33, 5, 16, 10, 13, 26, 26, 40, 44, 54, 51, 74, 41, 92, 23, 95, 10, 83, 14, 64, 32, 48, 46, 32, 47, 15]],
  [[50, 22, 41, 8, 24, 7, 11, 20, 11, 37, 23, 47, 39, 42, 49, 26, 51, 16, 50, 40, 47, 68, 42, 95]],
];
/** The width of a digit over its height, with the space after it. */
export const ADVANCE = 0.74;

/** The strokes of a digit whose box has its top left corner at `x`, `y`. */
export function digitStrokes(digit, x, y, height) {
  const scale = height / 100;
  return DIGITS[digit].map((numbers) =>
    Array.from({ length: numbers.length / 2 }, (_, at) => ({
      x: x + scale * numbers[2 * at],
      y: y + scale * numbers[2 * at + 1],
    })),
  );
}

/** A stroke as a smooth path: through the middles of its lines, bent towards its points. */
export function trace(context, points) {
  const [first, ...rest] = points;
  context.beginPath();
  context.moveTo(first.x, first.y);
  rest.slice(0, -1).forEach((point, at) => {
    const next = rest[at + 1];
    context.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
  });
  const last = rest.at(-1) ?? first;
  context.lineTo(last.x, last.y);
  context.stroke();
}

/** Cuts strokes off after a part of their points, 0 to 1, in the order in which they are written. */
export function begun(strokes, part) {
  let left = Math.ceil(part * strokes.reduce((sum, points) => sum + points.length, 0));
  return strokes.flatMap((points) => {
    const cut = points.slice(0, Math.max(left, 0));
    left -= points.length;
    return cut.length > 0 ? [cut] : [];
  });
}
