// Images and boards with a fault each, which a run must find: what shows that the assertions can fail.

import { readFileSync } from 'node:fs';
import { PICO, Pico } from './board.mjs';
import { readImage } from './image.mjs';
import { runTouch } from './touch.mjs';

const LOGITS = new URL('../../../assets/golden-logits.bin', import.meta.url);

/** Changes the last of the golden logits in an image. */
function otherLogit(flash) {
  const logits = readFileSync(LOGITS);
  const place = flash.indexOf(logits);
  if (place < 0) throw new Error('the golden logits are not in the image');
  flash[place + logits.length - 1] ^= 1;
}

const nothing = () => {};
const CONTROLS = [
  { fault: 'a crystal of 9 MHz', board: { crystal: 9_000_000 }, message: /^clk_sys is 93\.75 MHz: expected 125 MHz$/ },
  {
    fault: 'a crystal of 9 MHz on a board that promises the core its clock',
    board: { crystal: 9_000_000, clock: 93_750_000 },
    message: /^clk_usb is 36 MHz: expected 48 MHz$/,
  },
  { fault: 'a crystal of 4 MHz', board: { crystal: 4_000_000 }, message: /^PLL_SYS's reference is 4 MHz: expected 5 MHz/ },
  { fault: 'the LED is on another pin', board: { led: 24 }, message: /^the LED's pin GPIO24 is not an output/ },
  { fault: 'a damaged second stage', change: (flash) => (flash[0] ^= 1), message: /^the second stage's checksum is / },
  { fault: 'a golden logit that differs', change: otherLogit, message: /^99 of 100 golden digits .* expected 100 of 100$/ },
];

/** Throws unless `run` fails with `message`. */
function expectFault(fault, message, run) {
  let found = null;
  try {
    run();
  } catch (failure) {
    found = failure.message.split('\n')[0];
  }
  if (found === null) throw new Error(`${fault}: the run did not find it`);
  if (!message.test(found)) throw new Error(`${fault}: expected ${message}, found: ${found}`);
  console.log(`found: rpi-pico: ${fault}: ${found}`);
}

/** Runs every control; throws at the first fault that a run does not find. */
export function runControls(rom, image) {
  for (const { fault, board = {}, change = nothing, message } of CONTROLS) {
    const flash = readImage(image);
    change(flash);
    expectFault(fault, message, () => new Pico(rom, flash, { ...PICO, ...board }).run());
  }
  const unread = /^the reading of a drawn 0: not within its time$/;
  expectFault('a program that does not look at the touch panel', unread, () => runTouch(rom, readImage(image)));
}
