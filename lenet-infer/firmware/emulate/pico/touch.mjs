// The Pico's program `touch`: a pen draws digits on the panel, and the program must read them.

import { writeFileSync } from 'node:fs';
import { PICO, Pico } from './board.mjs';
import { Module } from './panel/module.mjs';
import { DIGITS, draw } from './panel/pen.mjs';

/** How long the pen rests before and after a digit, in ms. */
const REST = 1500;
/** The digit after which the display is kept as a picture. */
const SHOWN = 4;

/** Draws every digit once; throws unless all are read. Returns what was asserted, in words; writes a picture to `png`. */
export function runTouch(rom, flash, png) {
  const pico = new Pico(rom, flash, { ...PICO, limit: Infinity });
  const now = () => pico.simulator.clock.nanos / 1e6;
  let [drawing, start] = [null, 0];
  const module = new Module(pico, () => drawing?.at(now() - start) ?? null);
  const lines = () => pico.text.match(/^picture .*(?=\r\n)/gm) ?? [];
  const until = (time, done, what) => {
    while (!done()) {
      if (now() > time) throw new Error(`${what}: not within its time`);
      pico.slice();
    }
  };
  until(2000, () => pico.enumerated, 'the enumeration of the USB device');
  for (const [digit, strokes] of DIGITS.entries()) {
    [drawing, start] = [draw(strokes), now() + REST];
    const end = start + drawing.end + REST;
    until(end, () => lines().length > digit, `the reading of a drawn ${digit}`);
    const [line] = lines().slice(digit);
    if (!line.startsWith(`picture ${digit + 1}: ${digit}, `)) throw new Error(`a drawn ${digit} is read as: ${line}`);
    // The display shows the reading after the line.
    until(end + REST, () => now() > end, 'the rest after a digit');
    if (png && digit === SHOWN) writeFileSync(png, module.display.png());
  }
  return [...module.check(), `${DIGITS.length} digits drawn with a pen and read, all of them surely`];
}
