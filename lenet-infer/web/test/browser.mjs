// Uses the page in a browser as people do, and compares what it shows with what the host computes for the same pictures.
//   usage: node browser.mjs PAGE.html HOST
// HOST is the program of host.rs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { withBrowser } from "./webdriver.mjs";

const [page, host] = process.argv.slice(2).map((path) => resolve(path));
if (!host) {
  console.error("usage: node browser.mjs PAGE.html HOST");
  process.exit(2);
}
const WAIT_MS = 10_000;
const KEYS = { tab: "\uE004", right: "\uE014", down: "\uE015", backspace: "\uE003", delete: "\uE017", enter: "\uE007" };
const folder = mkdtempSync(join(tmpdir(), "lenet-web-test-"));
const file = (name) => join(folder, name);

execFileSync(host, ["make", folder]);
const expected = (name) => JSON.parse(execFileSync(host, ["read", file(name)]));

/** What the page shows, read off its elements. */
const SHOWN = `
  const levels = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return [...copy.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, at) => at % 4 === 3);
  };
  const texts = (css) => [...document.querySelectorAll(css)].map((element) => element.textContent);
  return {
    read: texts("#reading button"),
    boxes: texts("#boxes .box"),
    logits: texts("#bars .value").map((text) => Number(text.replace("\\u2212", "-").replaceAll(",", ""))),
    names: texts("#bars .name"),
    first: texts("#bars .first .name"),
    verdict: texts("#verdict")[0],
    steps: texts("#steps b"),
    image: levels(document.getElementById("image")),
    conv1: [...document.querySelectorAll("#conv1 canvas")].map(levels),
    conv2: [...document.querySelectorAll("#conv2 canvas")].map(levels),
    live: texts("#live")[0],
  };`;

/** The opacity in which the page paints an activation. */
const opacities = (maps) => maps.map((map) => [...Uint8ClampedArray.from(map.flat(), (level) => 255 * (level / 255) ** 0.7)]);

/** Runs a script in the page until what it returns passes, and returns that, or after some time the last that it returned. */
async function poll(browser, script, passes) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = await browser.run(script);
    if (passes(found) || Date.now() > deadline) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Waits until what is shown passes. */
async function until(browser, what, passes) {
  const shown = await poll(browser, SHOWN, passes);
  if (!passes(shown)) assert.fail(`${what}: shown is ${JSON.stringify({ ...shown, image: 0, conv1: 0, conv2: 0 })}`);
  return shown;
}

/** Waits until the text of an element is as expected. */
async function untilText(browser, id, expected) {
  const text = `return document.getElementById("${id}").textContent;`;
  assert.match(await poll(browser, text, (found) => expected.test(found)), expected);
}

/** Selects each digit in turn and compares what is shown of it with what the host says. */
async function compare(browser, what, said) {
  assert.ok(said.digits.length > 0, `${what}: the host found no digit`);
  for (const [index, digit] of said.digits.entries()) {
    await browser.click(`#reading button:nth-child(${index + 1})`);
    const shown = await browser.run(SHOWN);
    assert.deepEqual(shown.read, said.digits.map(({ name }) => name), what);
    assert.deepEqual(shown.boxes, said.digits.map(({ name, confident }) => name + (confident ? "" : "?")), what);
    assert.deepEqual(shown.image, digit.image, `${what}, digit ${index}: image`);
    assert.deepEqual(shown.logits, digit.logits, `${what}, digit ${index}: logits`);
    assert.deepEqual(shown.conv1, opacities(digit.conv1), `${what}, digit ${index}: conv1`);
    assert.deepEqual(shown.conv2, opacities(digit.conv2), `${what}, digit ${index}: conv2`);
    assert.deepEqual(shown.first, [digit.name], what);
    assert.equal(shown.verdict.startsWith("Sure"), digit.confident, what);
  }
}

/** Saves the picture that the page looks at, and compares what it shows with what the host says of that file. */
async function compareSaved(browser, what, name) {
  rmSync(file(name), { force: true });
  await browser.click("[data-for]:not([hidden]) .save");
  const deadline = Date.now() + WAIT_MS;
  while (!existsSync(file(name)) && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50));
  await compare(browser, what, expected(name));
}

/** Strokes of a drawing in pixels of the window, from points in hundredths of the drawing area. */
async function strokes(browser, ...lists) {
  const area = await browser.run(`
    const area = document.getElementById("drawing");
    area.scrollIntoView({ block: "center" });
    return area.getBoundingClientRect();`);
  return lists.map((points) =>
    points.map(([x, y]) => ({ x: area.x + (x * area.width) / 100, y: area.y + (y * area.height) / 100 })),
  );
}

const checks = {
  async "the page starts with a sample and reads it"(browser) {
    const shown = await until(browser, "sample", ({ read }) => read.join("") === "1998");
    assert.ok(shown.steps.length >= 4);
    await compareSaved(browser, "sample", "draw.png");
  },

  async "the first stroke replaces the sample; mouse, finger and pen draw"(browser) {
    for (const pointer of ["mouse", "touch", "pen"]) {
      await browser.click("#clear");
      await browser.draw(pointer, await strokes(browser, [[35, 20], [50, 19], [64, 20], [58, 45], [50, 82]]));
      await until(browser, `7 by ${pointer}`, ({ read }) => read.join("") === "7");
      await compareSaved(browser, `7 by ${pointer}`, "draw.png");
    }
    await browser.draw("mouse", await strokes(browser, [[45, 52], [63, 51]]));
    await until(browser, "7 with a bar", ({ read }) => read.length === 1);
    await compareSaved(browser, "7 with a bar", "draw.png");
    await browser.click("#undo");
    await until(browser, "undo", ({ read }) => read.join("") === "7");
    await browser.click("#clear");
    const shown = await until(browser, "clear", ({ read }) => read.length === 0);
    assert.deepEqual(shown.logits, Array(10).fill(0));
  },

  async "the keyboard draws, writes digits and selects"(browser) {
    await browser.click("#clear");
    await browser.run(`document.getElementById("tab-draw").focus();`);
    await browser.press(KEYS.tab);
    assert.equal(await browser.run("return document.activeElement.id;"), "drawing");
    await browser.press(" ", ...Array(15).fill(KEYS.down), " ");
    await until(browser, "1 by arrow keys", ({ read }) => read.join("") === "1");
    await compareSaved(browser, "1 by arrow keys", "draw.png");
    await browser.run(`document.getElementById("drawing").focus();`);
    await browser.press(KEYS.delete, "2", "0", "7");
    await until(browser, "207", ({ read }) => read.join("") === "207");
    await until(browser, "announcement", ({ live }) => live.startsWith("Read 2 0 7."));
    await browser.run(`document.querySelector("#reading button:last-child").focus();`);
    await browser.press(KEYS.enter);
    await until(browser, "selection", ({ first }) => first.join("") === "7");
    await browser.run(`document.getElementById("drawing").focus();`);
    await browser.press(KEYS.backspace);
    await until(browser, "undo", ({ read }) => read.join("") === "20");
  },

  async "every control is reachable by Tab and has a name"(browser) {
    await browser.run("document.activeElement.blur(); scrollTo(0, 0);");
    const wanted = await browser.run(`
      return [...document.querySelectorAll("button, canvas[tabindex='0'], a")]
        .filter((element) => element.checkVisibility() && element.tabIndex === 0).length;`);
    const seen = new Set();
    for (let at = 0; at < wanted; at++) {
      await browser.press(KEYS.tab);
      const [name, place] = await browser.run(`
        const element = document.activeElement;
        const name = element.ariaLabel || element.textContent;
        return [name.trim(), [...document.querySelectorAll("*")].indexOf(element)];`);
      assert.ok(name, "a control without a name");
      seen.add(place);
    }
    assert.equal(seen.size, wanted, "controls that Tab reaches");
  },

  async "pictures give the host's images and logits, digit by digit"(browser) {
    await browser.click("#tab-picture");
    for (const name of ["digit.png", "number.png", "dark.png"]) {
      const said = expected(name);
      await browser.chooseFile("#picture-file", file(name));
      await until(browser, name, ({ read }) => read.length === said.digits.length);
      await compare(browser, name, said);
    }
  },

  async "a large photo is made smaller, and one turned by its camera is turned back"(browser) {
    await browser.click("#tab-picture");
    for (const name of ["large.png", "turned.jpg"]) {
      await browser.chooseFile("#picture-file", file(name));
      await until(browser, name, ({ read }) => read.join("") === "7");
    }
  },

  async "a picture can be dropped, and what is no picture is refused in words"(browser) {
    await browser.click("#tab-draw");
    await drop(browser, "digit.png");
    await until(browser, "drop", ({ read }) => read.join("") === "7");
    await drop(browser, "model-3.lenet", "notes.txt");
    await untilText(browser, "prompt-text", /notes\.txt is not a picture/);
  },

  async "a blank picture has no digit"(browser) {
    await browser.click("#tab-picture");
    await browser.chooseFile("#picture-file", file("blank.png"));
    const shown = await until(browser, "blank", ({ verdict }) => verdict.startsWith("No ink"));
    assert.deepEqual(shown.read, []);
  },

  async "a model of three classes brings its names, and a damaged one its error"(browser) {
    await browser.click("#tab-draw");
    await browser.click("#sample");
    await browser.chooseFile("#model-file", file("model-3.lenet"));
    const shown = await until(browser, "model", ({ names }) => names.length === 3);
    assert.deepEqual(shown.names, ["zero", "one", "two"]);
    await browser.chooseFile("#model-file", file("damaged.lenet"));
    await untilText(browser, "model-error", /damaged/);
    await drop(browser, "model-64.lenet");
    await until(browser, "64 classes", ({ names }) => names.length === 64);
    await browser.click("#shipped");
    await until(browser, "shipped", ({ names }) => names.length === 10);
  },

  async "the camera is read frame by frame, and can be held"(browser) {
    await browser.click("#tab-camera");
    await browser.click("#prompt-action");
    await until(browser, "camera", ({ read }) => read.length === 5);
    await browser.click("#hold");
    await compareSaved(browser, "camera", "camera.png");
    await browser.click("#stop");
    await until(browser, "stop", ({ read }) => read.length === 0);
    await browser.click("#tab-draw");
  },

  async "the page fits in 360 pixels, light and dark"(browser) {
    await browser.devtools("Emulation.setDeviceMetricsOverride", { width: 360, height: 740, deviceScaleFactor: 2, mobile: true });
    const backgrounds = [];
    for (const look of ["light", "dark"]) {
      await browser.devtools("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: look }] });
      const [width, background] = await browser.run(`
        await new Promise((done) => setTimeout(done, 100));
        return [document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor];`);
      assert.ok(width <= 360, `${width} pixels wide`);
      backgrounds.push(background);
    }
    assert.notEqual(...backgrounds);
    await browser.click("#clear");
    await browser.draw("touch", await strokes(browser, [[50, 20], [50, 80]]));
    await until(browser, "1 at 360 pixels", ({ read }) => read.join("") === "1");
    await browser.devtools("Emulation.clearDeviceMetricsOverride", {});
  },
};

/** Drops files on the page, the contents of the first under the name of the last. */
function drop(browser, name, as = name) {
  const contents = readFileSync(file(name)).toString("base64");
  return browser.run(
    `const bytes = Uint8Array.from(atob(arguments[0]), (char) => char.charCodeAt(0));
     const dataTransfer = new DataTransfer();
     dataTransfer.items.add(new File([bytes], arguments[1]));
     document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));`,
    contents,
    as,
  );
}

let failed = 0;
const flags = ["--force-prefers-reduced-motion", `--use-file-for-fake-video-capture=${file("camera.y4m")}`];
try {
  await withBrowser(flags, async (browser) => {
    await browser.devtools("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    await browser.open(pathToFileURL(page).href);
    for (const [name, check] of Object.entries(checks)) {
      try {
        await check(browser);
        console.log(`ok      ${name}`);
      } catch (error) {
        failed++;
        console.log(`FAILED  ${name}\n${error.stack}`);
      }
    }
    const loaded = await browser.run(`return performance.getEntriesByType("resource").map(({ name }) => name);`);
    const messages = [...loaded.filter((name) => !/^(blob|data):/.test(name)), ...(await browser.log())];
    if (messages.length > 0) {
      failed++;
      console.log("FAILED  the page loads nothing, and the console has no messages", messages);
    }
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
