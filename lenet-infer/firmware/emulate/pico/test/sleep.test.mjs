// How the core sleeps with interrupts masked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RP2040 } from 'rp2040js';
import { strict } from '../board.mjs';
import { sleepWithInterruptsMasked } from '../sleep.mjs';

const [RAM, USB] = [0x20000000, 5];
/** cpsid i; wfi; movs r0, #7 */
const CODE = [0xb672, 0xbf30, 0x2007];

test('a pending interrupt ends a sleep with interrupts masked, and runs no handler', () => {
  const chip = new RP2040();
  chip.logger = strict;
  const { core } = chip;
  sleepWithInterruptsMasked(core);
  CODE.forEach((opcode, place) => chip.writeUint16(RAM + 2 * place, opcode));
  core.PC = RAM;
  core.enabledInterrupts = 1 << USB;
  core.executeInstruction();
  core.executeInstruction();
  assert.equal(core.waiting, true);
  chip.setInterrupt(USB, true);
  assert.equal(core.waiting, false);
  core.executeInstruction();
  assert.equal(core.registers[0], 7);
  assert.equal(core.IPSR, 0);
});
