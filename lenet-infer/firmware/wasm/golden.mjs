// Classifies the golden digits in a WebAssembly module and fails unless all ten logits of all are equal. A module with
// feature `corpus` also compares its back end with the portable one.
//   usage: node golden.mjs MODULE.wasm
import { readFileSync } from "node:fs";

const file = process.argv[2];
if (!file) {
  console.error("usage: node golden.mjs MODULE.wasm");
  process.exit(2);
}
const PIXELS = 28 * 28;
const CLASSES = 10;

const asset = (name) => readFileSync(new URL(`../../assets/${name}`, import.meta.url));
const digits = asset("golden-digits.bin");
const expected = asset("golden-logits.bin");
const { instance } = await WebAssembly.instantiate(readFileSync(file));
const { classify, equal_cases, all_cases, memory, __heap_base } = instance.exports;

// The logits want an address that is a multiple of 4.
const logits = (__heap_base.value + 3) & ~3;
const image = logits + CLASSES * 4;
if (memory.buffer.byteLength < image + PIXELS) memory.grow(1);
const bytes = Buffer.from(memory.buffer);

const total = digits.length / PIXELS;
let equal = 0;
for (let digit = 0; digit < total; digit++) {
  digits.copy(bytes, image, digit * PIXELS, (digit + 1) * PIXELS);
  classify(image, logits);
  const from = digit * CLASSES * 4;
  if (bytes.compare(expected, from, from + CLASSES * 4, logits, logits + CLASSES * 4) === 0) equal++;
}
console.log(`golden      ${equal} of ${total} digits with all ten logits equal`);
let passed = total > 0 && equal === total;
if (equal_cases) {
  const cases = equal_cases();
  console.log(`corpus      ${cases} of ${all_cases()} cases equal before the first that is not`);
  passed &&= cases === all_cases();
}
process.exit(passed ? 0 : 1);
