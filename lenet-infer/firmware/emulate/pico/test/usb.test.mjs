// The USB line, as the program of a chip with erratum RP2040-E5 sees it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RP2040 } from 'rp2040js';
import { strict } from '../board.mjs';
import { UsbPins } from '../usb.mjs';

const [CHIP_ID, SIE_STATUS, MUXING, GPIO15_CTRL] = [0x40000000, 0x50110050, 0x50110074, 0x4001407c];
const [CONNECTED_TO_PINS, CONNECTED_TO_PADS, FORCED] = [0x9, 0xc, (3 << 16) | 8];

function chip(revision) {
  const made = new RP2040();
  made.logger = strict;
  return [made, new UsbPins(made, revision)];
}

const lineState = (made) => (made.readUint32(SIE_STATUS) >>> 2) & 3;

test('the line is low until the host\'s reset ends', () => {
  const [made] = chip(1);
  assert.equal(lineState(made), 0);
  made.usbCtrl.resetDevice();
  made.clock.tick(19e6);
  assert.equal(lineState(made), 0);
  made.clock.tick(2e6);
  assert.equal(lineState(made), 1);
});

test('GPIO15 forces the line while it is connected to the pads', () => {
  const [made, pins] = chip(1);
  made.writeUint32(MUXING, CONNECTED_TO_PADS);
  assert.equal(lineState(made), 0);
  made.writeUint32(GPIO15_CTRL, FORCED);
  assert.equal(lineState(made), 1);
  assert.throws(() => pins.check(), /USB_MUXING is 0xc: expected TO_PHY and SOFTCON/);
  made.writeUint32(MUXING, CONNECTED_TO_PINS);
  assert.throws(() => pins.check(), /GPIO15 still forces the USB line/);
  made.writeUint32(GPIO15_CTRL, 0x1f);
  pins.check();
});

test('a chip with the erratum needs the workaround, and a later one does not', () => {
  for (const revision of [1, 2]) {
    const [made, pins] = chip(revision);
    assert.equal(made.readUint32(CHIP_ID) >>> 28, revision);
    made.writeUint32(MUXING, CONNECTED_TO_PINS);
    if (revision === 1) assert.throws(() => pins.check(), /expected the workaround of erratum RP2040-E5/);
    else pins.check();
  }
});
