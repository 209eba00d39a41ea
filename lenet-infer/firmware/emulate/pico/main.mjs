// The command line: runs the Pico's image, checks what it programs, and prints a line; or puts its serial port on TCP.

import { createServer } from 'node:net';
import { PICO, Pico } from './board.mjs';
import { runControls } from './controls.mjs';
import { readImage } from './image.mjs';
import { runTouch } from './touch.mjs';

const USAGE = `usage: node main.mjs run ROM IMAGE
       node main.mjs serve ROM IMAGE [PORT]       (default 4000; 0 for any)
       node main.mjs touch ROM IMAGE [PNG]        (the program touch; the display as a picture)
       node main.mjs controls ROM IMAGE`;

/** Prints what `check` asserts about an image, with the time that it took. */
function report(name, check) {
  const started = performance.now();
  const asserted = check();
  const seconds = ((performance.now() - started) / 1e3).toFixed(1);
  console.log(`${name}: ${asserted.join('; ')} [${seconds} s]`);
}

function fail(failure) {
  console.error(`rpi-pico: ${failure.message}`);
  process.exit(1);
}

/** Runs until the report is over, then passes bytes between the serial port and one client at a time, forever. */
function serve(rom, image, port) {
  // Of revision B2, where `run` has a B1.
  const pico = new Pico(rom, readImage(image), { ...PICO, revision: 2 });
  pico.run();
  pico.board = { ...pico.board, limit: Infinity };
  let client = null;
  pico.onBytes = (bytes) => client?.write(Buffer.from(bytes));
  const server = createServer((socket) => {
    client?.destroy();
    client = socket.setNoDelay(true);
    pico.toBoard.length = 0;
    socket.on('data', (bytes) => pico.toBoard.push(...bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (client === socket) client = null;
    });
  });
  server.listen(port, '127.0.0.1', () => console.log(`rpi-pico: listening on 127.0.0.1:${server.address().port}`));
  const turn = () => {
    try {
      pico.slice();
    } catch (failure) {
      fail(failure);
    }
    // Without a client the board has nothing to do, and neither has this process.
    if (client) setImmediate(turn);
    else setTimeout(turn, 10);
  };
  turn();
}

const [command, rom, image, last, ...rest] = process.argv.slice(2);
const port = last ?? '4000';
const commands = {
  run: () => report('rpi-pico', () => new Pico(rom, readImage(image)).run()),
  serve: () => serve(rom, image, Number(port)),
  touch: () => report('rpi-pico touch', () => runTouch(rom, readImage(image), last)),
  controls: () => runControls(rom, image),
};
const known = commands[command];
if (!known || !image || rest.length > 0 || (command === 'serve' && !/^\d+$/.test(port))) {
  console.error(USAGE);
  process.exit(2);
}
try {
  known();
} catch (failure) {
  fail(failure);
}
