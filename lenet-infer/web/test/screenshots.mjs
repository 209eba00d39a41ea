// Writes screenshots of the page, light and dark, 1200 and 360 pixels wide, and the upper part for a README.
//   usage: node screenshots.mjs PAGE.html FOLDER

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { withBrowser } from "./webdriver.mjs";

const [page, folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node screenshots.mjs PAGE.html FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
await withBrowser(["--force-prefers-reduced-motion"], async (browser) => {
  for (const width of [1200, 360]) {
    for (const look of ["light", "dark"]) {
      await browser.devtools("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: look }] });
      const metrics = { width, height: 800, deviceScaleFactor: 1, mobile: false };
      await browser.devtools("Emulation.setDeviceMetricsOverride", metrics);
      await browser.open(pathToFileURL(resolve(page)).href);
      // Until the browser has compiled the module for speed.
      for (let at = 0; at < 30; at++) {
        await browser.run(`
          document.getElementById("sample").click();
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));`);
      }
      await browser.run("document.activeElement.blur();");
      writeFileSync(join(folder, `${width}-${look}.png`), await browser.screenshot());
      if (width === 1200) {
        const bottom = await browser.run(`
          return document.getElementById("steps").closest("section").getBoundingClientRect().bottom;`);
        const upper = await browser.screenshot({ x: 0, y: 0, width, height: bottom + 16, scale: 1 });
        writeFileSync(join(folder, look === "light" ? "web.png" : "web-dark.png"), upper);
      }
    }
  }
});
