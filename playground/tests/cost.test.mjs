// Measures the page's size and its time to the first explanation. The time depends on the machine, so it is printed,
// and has no limit.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
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

test("the page is at most 900 kB", (context) => {
  const { size } = statSync(PAGE_FILE);
  context.diagnostic(`${size} bytes`);
  assert.ok(size <= 900_000, `${size} bytes`);
});
