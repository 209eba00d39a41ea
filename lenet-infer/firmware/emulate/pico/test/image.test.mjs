// The second stage's checksum, and what is not an image.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkSecondStage, readImage } from '../image.mjs';

test('the checksum is that of the data sheet', () => {
  const flash = Buffer.alloc(256);
  flash.write('123456789', 'latin1');
  // CRC-32/MPEG-2 of those nine bytes and 243 zeros.
  flash.writeUInt32LE(0xe1364f00, 252);
  checkSecondStage(flash);
  flash[0] ^= 1;
  assert.throws(() => checkSecondStage(flash), /the second stage's checksum is 0x.*: expected 0x/);
});

test('a file that is no image is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pico-'));
  try {
    const path = join(folder, 'text');
    writeFileSync(path, 'not an image');
    assert.throws(() => readImage(path), /text: expected a little-endian ELF file of 32 bits/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
