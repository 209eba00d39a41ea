// The image of a Pico as it is flashed: what an ELF file has for the flash, with the second stage that the ROM starts.

import { readFileSync } from 'node:fs';

export const FLASH = 0x10000000;
const STAGE_2_BYTES = 256;
const LOADED = 1;

/** Reads an ELF file; returns the flash's bytes from its start on. */
export function readImage(path) {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 1 || file[5] !== 1) {
    throw new Error(`${path}: expected a little-endian ELF file of 32 bits`);
  }
  const [table, size, count] = [file.readUInt32LE(28), file.readUInt16LE(42), file.readUInt16LE(44)];
  let flash = Buffer.alloc(0);
  for (let header = table; header < table + size * count; header += size) {
    const [kind, from, , address, bytes] = [0, 4, 8, 12, 16].map((offset) => file.readUInt32LE(header + offset));
    if (kind !== LOADED || bytes === 0) continue;
    const at = address - FLASH;
    if (at < 0) throw new Error(`${path}: ${bytes} bytes for 0x${address.toString(16)}, which is not flash`);
    if (at + bytes > flash.length) flash = Buffer.concat([flash, Buffer.alloc(at + bytes - flash.length, 0xff)]);
    file.copy(flash, at, from, from + bytes);
  }
  return flash;
}

/** Throws unless the second stage has the checksum that the ROM wants; it would stay in its boot loader. */
export function checkSecondStage(flash) {
  const [computed, found] = [checksum(flash.subarray(0, STAGE_2_BYTES - 4)), flash.readUInt32LE(STAGE_2_BYTES - 4)];
  if (computed !== found) {
    const [a, b] = [found, computed].map((value) => `0x${value.toString(16)}`);
    throw new Error(`the second stage's checksum is ${a}: expected ${b}, the ROM would not start it`);
  }
}

/** CRC-32 with the polynomial 0x04c11db7, from the highest bit on, as in section 2.8.1.3.1 of the data sheet. */
function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 || crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
