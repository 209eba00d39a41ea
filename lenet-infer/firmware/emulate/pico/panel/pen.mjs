// A pen that draws digits on a touch panel.

/** The strokes of digits, each a line of points in percent of the square for drawings. */
export const DIGITS = [
  [[[50, 18], [38, 22], [30, 38], [28, 55], [33, 74], [46, 84], [60, 80], [69, 64], [70, 45], [64, 27], [50, 18]]],
  [[[54, 16], [52, 40], [50, 62], [48, 86]]],
  [[[30, 32], [38, 20], [54, 18], [64, 28], [62, 44], [48, 62], [30, 82], [50, 81], [72, 80]]],
  [[[32, 22], [50, 16], [64, 24], [62, 38], [46, 46], [64, 54], [68, 68], [58, 82], [40, 84], [28, 76]]],
  [[[36, 16], [30, 50], [50, 50], [72, 48]], [[60, 20], [58, 50], [56, 86]]],
  [[[66, 18], [36, 20], [33, 44], [52, 42], [66, 52], [66, 70], [54, 83], [36, 82], [28, 74]]],
  [[[60, 16], [44, 30], [34, 50], [32, 70], [44, 84], [60, 80], [66, 66], [56, 54], [40, 58], [33, 68]]],
  [[[28, 20], [50, 19], [70, 18], [60, 42], [50, 62], [44, 86]]],
  [[[62, 24], [48, 17], [36, 26], [40, 40], [58, 54], [66, 70], [52, 84], [36, 76], [38, 60], [56, 46], [66, 34], [62, 24]]],
  [[[64, 34], [54, 20], [40, 20], [32, 34], [40, 48], [56, 46], [65, 32], [64, 50], [60, 68], [56, 86]]],
];
/** The speed of the pen in percent per ms, and how long it is lifted between strokes, in ms. */
const [SPEED, LIFTED] = [0.12, 150];
/** What the controller measures at the edges of the panel, of which the square for drawings is the upper three quarters. */
const [FIRST, LAST, SQUARE] = [300, 3800, 0.75];

/** A drawing of strokes: what the controller measures at a time in ms, or null while the pen is lifted; and when it ends. */
export function draw(strokes) {
  const parts = [];
  let end = 0;
  for (const stroke of strokes) {
    for (let next = 1; next < stroke.length; next++) {
      const [from, to] = [stroke[next - 1], stroke[next]];
      const duration = Math.hypot(to[0] - from[0], to[1] - from[1]) / SPEED;
      parts.push({ start: end, duration, from, to });
      end += duration;
    }
    end += LIFTED;
  }
  const raw = (percent) => Math.round(FIRST + ((LAST - FIRST) * percent) / 100);
  const at = (now) => {
    const part = parts.find(({ start, duration }) => now >= start && now < start + duration);
    if (!part) return null;
    const share = (now - part.start) / part.duration;
    const [x, y] = [0, 1].map((axis) => part.from[axis] + (part.to[axis] - part.from[axis]) * share);
    return { x: raw(x), y: raw(SQUARE * y) };
  };
  return { at, end };
}
