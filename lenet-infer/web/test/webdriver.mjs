// A client for chromedriver, by the W3C WebDriver protocol.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--hide-scrollbars",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];
const START_MS = 20_000;

/** Starts chromedriver and a browser with a fresh profile and these flags, runs `body`, and ends both. */
export async function withBrowser(flags, body) {
  const profile = mkdtempSync(join(tmpdir(), "lenet-web-"));
  const port = await freePort();
  const driver = spawn("chromedriver", [`--port=${port}`, "--silent"], { stdio: "ignore" });
  try {
    const browser = await Browser.start(`http://127.0.0.1:${port}`, [...FLAGS, ...flags, `--user-data-dir=${profile}`]);
    try {
      return await body(browser);
    } finally {
      await browser.end();
    }
  } finally {
    driver.kill();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

class Browser {
  #session;

  static async start(driver, args) {
    const deadline = Date.now() + START_MS;
    const ready = () => fetch(`${driver}/status`).then((response) => response.json(), () => null);
    while (!(await ready())?.value.ready) {
      if (Date.now() > deadline) throw new Error("chromedriver did not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const browser = new Browser();
    browser.#session = `${driver}/session`;
    const capabilities = { alwaysMatch: { "goog:chromeOptions": { args }, "goog:loggingPrefs": { browser: "ALL" } } };
    const { sessionId } = await browser.#send("POST", "", { capabilities });
    browser.#session = `${driver}/session/${sessionId}`;
    return browser;
  }

  end() {
    return this.#send("DELETE", "");
  }

  async #send(method, path, body) {
    const response = await fetch(this.#session + path, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }

  open(url) {
    return this.#send("POST", "/url", { url });
  }

  /** Runs the body of a function in the page and returns what it returns, or what its promise gives. */
  run(script, ...args) {
    return this.#send("POST", "/execute/sync", { script, args });
  }

  /** Sends a command of the Chrome DevTools protocol. */
  devtools(cmd, params) {
    return this.#send("POST", "/goog/cdp/execute", { cmd, params });
  }

  /** The messages of the console since the last call. */
  log() {
    return this.#send("POST", "/se/log", { type: "browser" });
  }

  async #element(css) {
    return (await this.#send("POST", "/element", { using: "css selector", value: css }))[ELEMENT];
  }

  async click(css) {
    return this.#send("POST", `/element/${await this.#element(css)}/click`, {});
  }

  /** Gives a file to a file input. */
  async chooseFile(css, path) {
    return this.#send("POST", `/element/${await this.#element(css)}/value`, { text: path });
  }

  /** Presses keys one after the other, wherever the focus is. */
  press(...keys) {
    const actions = keys.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    return this.#send("POST", "/actions", { actions: [{ type: "key", id: "keys", actions }] });
  }

  /** Draws strokes with a "mouse", "touch" or "pen": lists of points in pixels of the window. */
  draw(pointerType, strokes) {
    const to = ({ x, y }) => ({ type: "pointerMove", duration: 8, x: Math.round(x), y: Math.round(y) });
    const actions = strokes.flatMap(([first, ...rest]) => [
      { ...to(first), duration: 0 },
      { type: "pointerDown", button: 0 },
      ...rest.map(to),
      { type: "pointerUp", button: 0 },
    ]);
    const pointer = { type: "pointer", id: pointerType, parameters: { pointerType }, actions };
    return this.#send("POST", "/actions", { actions: [pointer] });
  }

  /** A PNG of the page, or of a part of it. */
  async screenshot(clip) {
    const { data } = await this.devtools("Page.captureScreenshot", { captureBeyondViewport: true, clip });
    return Buffer.from(data, "base64");
  }
}
