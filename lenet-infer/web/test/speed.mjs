#!/usr/bin/env node
// Times the module without a browser: to find the digit in a drawing of 280x280 pixels, and to classify it. Prints the
// shortest of several rounds.
//   usage: node speed.mjs [MODULE.wasm]

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = "../../firmware/target/wasm32-unknown-unknown/release/web.wasm";
const file = process.argv[2] ?? fileURLToPath(new URL(built, import.meta.url));
const SIDE = 280;
const ROUNDS = 20;

const { instance } = await WebAssembly.instantiate(readFileSync(file));
const { bytes, classify, find, memory } = instance.exports;

// A stroke from top to bottom, a little bent.
const pixels = new Uint8Array(4 * SIDE * SIDE).fill(255);
for (let y = 60; y < 220; y++) {
  const left = 130 + Math.round(10 * Math.sin(y / 20));
  for (let x = left; x < left + 20; x++) pixels.fill(20, 4 * (SIDE * y + x), 4 * (SIDE * y + x) + 3);
}

/** The microseconds of one call in the fastest round, after a round that is not counted. */
function microseconds(calls, call, prepare = () => {}) {
  let least = Infinity;
  for (let round = 0; round <= ROUNDS; round++) {
    prepare();
    const started = performance.now();
    for (let done = 0; done < calls; done++) call();
    if (round > 0) least = Math.min(least, performance.now() - started);
  }
  return (1000 * least) / calls;
}

const write = () => new Uint8Array(memory.buffer, bytes(), pixels.length).set(pixels);
// The module makes grays of the pixels in their place, so each call needs them anew.
const finding = microseconds(1, () => find(SIDE, SIDE), write);
write();
const found = find(SIDE, SIDE);
if (found !== 1) throw new Error(`expected one digit in the drawing, found ${found}`);
const classifying = microseconds(1000, () => classify(0));
console.log(`find ${finding.toFixed(0)} us, classify ${classifying.toFixed(1)} us`);
