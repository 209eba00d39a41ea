// The rules find what a program must not do, and a register that rp2040js does not know ends the run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RP2040 } from 'rp2040js';
import { strict } from '../board.mjs';
import { Rules } from '../rules.mjs';

const RESETS = 0x4000c000;
const XOSC = { CTRL: 0x40024000, STATUS: 0x40024004, STARTUP: 0x4002400c };
const PLL_SYS = { CS: 0x40028000, PWR: 0x40028004, FBDIV_INT: 0x40028008, PRIM: 0x4002800c };
const CLOCKS = { REF_CTRL: 0x40008030, SYS_CTRL: 0x4000803c };
const [ENABLED, STABLE, LOCK, FROM_PLL_SYS] = [0xfabaa0, 1 << 31, 1 << 31, 1];

function board() {
  const chip = new RP2040();
  chip.logger = strict;
  new Rules(chip);
  return chip;
}

/** Reads a status as often as a program that waits does; returns how often it was not set. */
function waitFor(chip, address, bit) {
  for (let reads = 0; reads < 100; reads++) if (chip.readUint32(address) & bit) return reads;
  throw new Error(`0x${address.toString(16)} never changed`);
}

function startCrystal(chip, startup = 47) {
  chip.writeUint32(XOSC.STARTUP, startup);
  chip.writeUint32(XOSC.CTRL, ENABLED);
  return waitFor(chip, XOSC.STATUS, STABLE);
}

/** Takes PLL_SYS out of its reset, and starts it. */
function startPll(chip, feedback = 125) {
  chip.writeUint32(RESETS, 0);
  chip.writeUint32(PLL_SYS.CS, 1);
  chip.writeUint32(PLL_SYS.FBDIV_INT, feedback);
  chip.writeUint32(PLL_SYS.PRIM, 0x62000);
  chip.writeUint32(PLL_SYS.PWR, 0);
}

test('the crystal and the PLL are not ready at once', () => {
  const chip = board();
  assert.equal(startCrystal(chip), 3);
  startPll(chip);
  assert.equal(waitFor(chip, PLL_SYS.CS, LOCK), 3);
  chip.writeUint32(CLOCKS.SYS_CTRL, FROM_PLL_SYS);
  assert.equal(chip.clkSys, 125e6);
});

test('clk_sys waits for the lock of PLL_SYS', () => {
  const chip = board();
  startCrystal(chip);
  startPll(chip);
  assert.throws(() => chip.writeUint32(CLOCKS.SYS_CTRL, FROM_PLL_SYS), /clk_sys takes PLL_SYS before PLL_SYS.CS.LOCK/);
});

test('clk_ref waits for the crystal, which gets its time', () => {
  const chip = board();
  assert.throws(() => chip.writeUint32(CLOCKS.REF_CTRL, 2), /clk_ref takes the crystal before XOSC.STATUS.STABLE/);
  startCrystal(chip, 46);
  assert.throws(() => chip.writeUint32(CLOCKS.REF_CTRL, 2), /XOSC waits 0.98.* ms for the crystal: expected 1 ms/);
});

test('a PLL has ranges, and does not change while it runs', () => {
  const chip = board();
  startCrystal(chip);
  assert.throws(() => startPll(chip, 50), /PLL_SYS's VCO is 600 MHz: expected 750 MHz to 1600 MHz/);
  startPll(chip);
  assert.throws(() => chip.writeUint32(PLL_SYS.FBDIV_INT, 100), /PLL_SYS changed while it runs/);
});

test('a block that is held in reset does not answer', () => {
  const chip = board();
  assert.throws(() => chip.readUint32(PLL_SYS.CS), /PLL_SYS used while RESETS holds it in reset/);
  assert.throws(() => chip.readUint32(0x50110040), /USBCTRL used while RESETS holds it in reset/);
});

test('a register that the simulator does not know is named', () => {
  const chip = board();
  assert.throws(() => chip.readUint32(0x40060000), /ROSC_BASE: Unimplemented peripheral read from 0x0/);
  assert.throws(() => chip.writeUint32(0x60000000, 1), /undefined address: 60000000/);
});
