// The models of the module with a display and a touch panel.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller } from '../panel/controller.mjs';
import { Display } from '../panel/display.mjs';
import { DIGITS, draw } from '../panel/pen.mjs';

const [RESET, AWAKE, ON, COLUMNS, ROWS, WRITE, ORDER, FORMAT] = [0x01, 0x11, 0x29, 0x2a, 0x2b, 0x2c, 0x36, 0x3a];

/** A display that is on, and a function that sends it a command with its data. */
function display() {
  let time = 0;
  const shown = new Display(() => time);
  const send = (command, ...data) => {
    time += 1e7;
    shown.byte(command, false);
    for (const value of data) shown.byte(value, true);
  };
  send(AWAKE);
  send(FORMAT, 0x55);
  send(ORDER, 0x08);
  send(ON);
  return { shown, send };
}

const at = ({ pixels }, x, y) => [...pixels.subarray(3 * (y * 240 + x), 3 * (y * 240 + x) + 3)];

test('pixels fill the chosen part of the display row by row', () => {
  const { shown, send } = display();
  send(COLUMNS, 0, 10, 0, 11);
  send(ROWS, 0, 20, 0, 21);
  send(WRITE, 0xf8, 0x00, 0x07, 0xe0, 0x00, 0x1f);
  assert.deepEqual(at(shown, 10, 20), [0xf8, 0, 0]);
  assert.deepEqual(at(shown, 11, 20), [0, 0xfc, 0]);
  assert.deepEqual(at(shown, 10, 21), [0, 0, 0xf8]);
  assert.deepEqual(at(shown, 11, 21), [0, 0, 0]);
});

test('a command right after a reset, a pixel beyond the edge and another pixel format are named', () => {
  const { shown, send } = display();
  send(COLUMNS, 0, 239, 0, 240);
  send(ROWS, 0, 0, 0, 0);
  assert.throws(() => send(WRITE, 0, 0, 0, 0), /a pixel at 240, 0 is outside/);
  send(FORMAT, 0x66);
  assert.throws(() => send(WRITE, 0, 0), /pixel format is 0x66: expected 0x55/);
  send(RESET);
  assert.throws(() => shown.byte(AWAKE, false), /command 0x11 before it is ready/);
});

test('a picture of the display is a PNG file', () => {
  const png = display().shown.png();
  assert.equal(png.toString('latin1', 1, 4), 'PNG');
  assert.equal(png.readUInt32BE(16), 240);
  // The CRC of the empty chunk at the end, as every PNG file has it.
  assert.equal(png.readUInt32BE(png.length - 4), 0xae426082);
});

test('a measurement comes in the two bytes after its command, behind an idle bit', () => {
  const controller = new Controller(() => ({ x: 0xabc, y: 0x123 }));
  controller.select(true);
  const measure = (command) => {
    controller.byte(command);
    return ((controller.byte(0) << 8) | controller.byte(0)) >> 3;
  };
  assert.ok(Math.abs(measure(0xd1) - 0xabc) <= 8);
  assert.ok(Math.abs(measure(0x91) - 0x123) <= 8);
  assert.throws(() => measure(0xa1), /no channel 2/);
});

test('a pen follows its strokes, and is lifted between and after them', () => {
  const four = draw(DIGITS[4]);
  assert.deepEqual(four.at(0), { x: 300 + 3500 * 0.36, y: 300 + 3500 * 0.12 });
  assert.equal(four.at(four.end), null);
  const lifted = Array.from({ length: Math.ceil(four.end) }, (_, time) => four.at(time)).filter((place) => !place);
  assert.ok(lifted.length >= 290, `${lifted.length} ms`);
});
