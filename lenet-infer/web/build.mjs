#!/usr/bin/env node
// Builds the page: compiles the module, joins the scripts, and puts everything into one HTML file.
//   usage: node build.mjs [PAGE.html]

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const page = resolve(process.argv[2] ?? join(here, "dist", "lenet.html"));
const target = resolve(here, "../firmware/target");
const source = (name) => readFileSync(join(here, "src", name), "utf8");

const build = ["build", "--quiet", "--locked", "--release", "--target-dir", target];
execFileSync("cargo", build, { cwd: join(here, "module"), stdio: "inherit" });
const module = readFileSync(join(target, "wasm32-unknown-unknown/release/web.wasm"));

// The scripts share one scope: each stands after those that it imports, without its imports and exports. So no two
// may declare the same name, and no import may rename.
const joined = new Set();
function joinScripts(name) {
  if (joined.has(name)) return "";
  joined.add(name);
  const text = source(name);
  const imported = [...text.matchAll(/^import [^;]* from "\.\/(.+)";\n/gm)].map(([, other]) => joinScripts(other));
  return imported.join("") + text.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, "");
}
const script = joinScripts("main.js");
const style = source("page.css");

// The page may run this script and this style, and connect to nothing.
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)} 'wasm-unsafe-eval'`,
  `style-src ${hash(style)}`,
  "img-src data: blob:",
  "media-src blob: mediastream:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const parts = { policy, style, script, module: module.toString("base64") };
const html = source("page.html").replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]);

mkdirSync(dirname(page), { recursive: true });
writeFileSync(page, html);
const bytes = (count) => `${count.toLocaleString("en")} bytes`;
console.log(`${page}: ${bytes(Buffer.byteLength(html))}; the module has ${bytes(module.length)}`);
