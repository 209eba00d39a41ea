// An ILI9341: a display of 240x320 pixels on an SPI bus, as the program has written it.

import { deflateSync } from 'node:zlib';

export const [WIDTH, HEIGHT] = [240, 320];
/** The commands that a program sends. The others change nothing here. */
const [RESET, AWAKE, ON, COLUMNS, ROWS, WRITE, ORDER, FORMAT] = [0x01, 0x11, 0x29, 0x2a, 0x2b, 0x2c, 0x36, 0x3a];
const SIXTEEN_BITS = 0x55;
const BLUE_FIRST = 1 << 3;
/** How long a reset and a start take before the next command, in ns. */
const PAUSE = 5e6;

function expect(right, message) {
  if (!right) throw new Error(message);
}

export class Display {
  /** A display that was just powered; `now` returns the time in ns. */
  constructor(now) {
    this.now = now;
    this.pixels = new Uint8Array(3 * WIDTH * HEIGHT);
    this.reset();
  }

  reset() {
    Object.assign(this, { awake: false, on: false, order: 0, format: 0, command: null, data: [] });
    this.readyAt = this.now() + PAUSE;
  }

  /** Takes a byte: a command, or data of the command before. */
  byte(value, isData) {
    if (isData) {
      this.data.push(value);
      if (this.command === WRITE) this.pixel();
      return;
    }
    expect(this.now() >= this.readyAt, `the display gets command 0x${value.toString(16)} before it is ready`);
    this.finish();
    [this.command, this.data] = [value, []];
    if (value === RESET) this.reset();
    if (value === AWAKE) [this.awake, this.readyAt] = [true, this.now() + PAUSE];
    if (value === ON) this.on = true;
    if (value === WRITE) [this.x, this.y] = [this.columns[0], this.rows[0]];
  }

  /** Takes the data of the command before. */
  finish() {
    const range = () => [(this.data[0] << 8) | this.data[1], (this.data[2] << 8) | this.data[3]];
    if (this.command === COLUMNS) this.columns = range();
    if (this.command === ROWS) this.rows = range();
    if (this.command === ORDER) [this.order] = this.data;
    if (this.command === FORMAT) [this.format] = this.data;
  }

  pixel() {
    if (this.data.length < 2) return;
    const [high, low] = this.data.splice(0, 2);
    expect(this.format === SIXTEEN_BITS, `the display's pixel format is 0x${this.format.toString(16)}: expected 0x55`);
    expect(this.x < WIDTH && this.y < HEIGHT, `a pixel at ${this.x}, ${this.y} is outside of the display`);
    const color = (high << 8) | low;
    const rgb = [(color >> 11) << 3, ((color >> 5) & 63) << 2, (color & 31) << 3];
    // The panel's own order is blue, green, red.
    if (!(this.order & BLUE_FIRST)) rgb.reverse();
    this.pixels.set(rgb, 3 * (this.y * WIDTH + this.x));
    this.x += 1;
    if (this.x > this.columns[1]) [this.x, this.y] = [this.columns[0], this.y + 1];
  }

  /** Returns what it shows as a PNG file. */
  png() {
    const row = (y) => Buffer.concat([Buffer.from([0]), this.pixels.subarray(3 * WIDTH * y, 3 * WIDTH * (y + 1))]);
    const header = Buffer.alloc(13);
    header.writeUInt32BE(WIDTH, 0);
    header.writeUInt32BE(HEIGHT, 4);
    header.set([8, 2, 0, 0, 0], 8); // 8 bits per sample, RGB
    const rows = deflateSync(Buffer.concat(Array.from({ length: HEIGHT }, (_, y) => row(y))));
    const chunks = [chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))];
    return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
  }
}

/** A part of a PNG file. */
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The CRC-32 of the PNG specification, with the polynomial 0xedb88320, from the lowest bit on. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
