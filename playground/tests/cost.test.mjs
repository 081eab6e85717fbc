// Measures the page's size and its time to the first explanation. The time depends on the machine, so it is printed,
// and has no limit.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";

import { open as openAt, PAGE_FILE, start } from "./browser.mjs";

const { browser, url } = await start();

test("prints how long it takes until the first setup is explained", async (context) => {
  const times = [];
  for (let round = 0; round < 5; round++) {
    const fresh = await browser.newContext();
    const page = await openAt(fresh, url);
    const [explained] = await page.evaluate(() => performance.getEntriesByName("explained").map(({ startTime }) => startTime));
    assert.ok(explained > 0, "the page marks when the first setup is explained");
    times.push(explained);
    await fresh.close();
  }
  context.diagnostic(`from the navigation to the first explanation: ${times.map((time) => `${time.toFixed(0)} ms`).join(", ")}`);
});

test("the preview picture has the size that the page declares", () => {
  const page = readFileSync(PAGE_FILE, "utf8");
  const size = ["width", "height"].map((side) => Number(new RegExp(`og:image:${side}" content="(\\d+)"`).exec(page)[1]));
  // A PNG begins with a signature of 8 bytes and the chunk IHDR, which has the width and the height from byte 16.
  const card = readFileSync(new URL("card.png", `file://${PAGE_FILE}`));
  assert.deepEqual([card.readUInt32BE(16), card.readUInt32BE(20)], size);
});

test("the page is at most 900 kB", (context) => {
  const { size } = statSync(PAGE_FILE);
  context.diagnostic(`${size} bytes`);
  assert.ok(size <= 900_000, `${size} bytes`);
});
