// An XPT2046: it measures where a resistive panel is touched, 12 bits after each command.

/** What a command measures. */
const [Y, Z1, Z2, X] = [1, 3, 4, 5];
/** The largest result. */
const MOST = 4095;
/** How much a measurement varies. */
const NOISE = 8;

export class Controller {
  /** `pen` returns what is measured at the touched place, x and y, or null without a touch. */
  constructor(pen) {
    this.pen = pen;
    this.measurements = 0;
    this.select(false);
  }

  /** The chip is selected, or no longer: what it has not sent is forgotten. */
  select(on) {
    [this.selected, this.bits] = [on, 0];
  }

  /** Takes a byte and returns the one that is sent meanwhile. */
  byte(value) {
    const sent = (this.bits >> 16) & 0xff;
    this.bits = (this.bits << 8) & 0xffffff;
    // A command: its result follows after one idle bit.
    if (value & 0x80) this.bits = this.measure((value >> 4) & 7) << 11;
    return sent;
  }

  measure(what) {
    const at = this.pen();
    this.measurements += 1;
    const noise = Math.round(NOISE * Math.sin(1e3 * this.measurements));
    const results = { [X]: at ? at.x + noise : 0, [Y]: at ? at.y + noise : MOST, [Z1]: at ? 900 + noise : 0, [Z2]: at ? 2900 + noise : MOST };
    if (results[what] === undefined) throw new Error(`the touch controller has no channel ${what} here`);
    return Math.min(Math.max(results[what], 0), MOST);
  }
}
