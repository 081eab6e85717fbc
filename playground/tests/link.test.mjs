// A link holds the state in its fragment.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setups } from "../setups.mjs";
import { start, write } from "./browser.mjs";

const { open } = await start();

const broken = setups().find(({ expected }) => expected.mistake === "wildcardInStringEquals");

test("a link brings back each text as it was", async () => {
  const page = await open(`#example=${broken.name}`);
  await write(page, "settings", "# Zürich 🙂\nregion: us-east-2\n");
  await page.locator("#link").click();
  await page.waitForURL(/#state=[\w-]+$/);
  const [link, said] = [page.url(), await page.locator("#json").textContent()];
  const again = await open(new URL(link).hash);
  assert.equal(await again.locator("#json").textContent(), said);
  assert.match(await again.locator("#settings").textContent(), /# Zürich 🙂/);
  assert.equal(await again.locator("#example").inputValue(), "");
  await page.close();
  await again.close();
});

test("an example has a link of its own, and another one in the same page is followed", async () => {
  const page = await open();
  await page.locator("#example").selectOption(broken.name);
  assert.match(page.url(), new RegExp(`#example=${broken.name}$`));
  await page.evaluate((name) => (location.hash = `#example=${name}`), setups()[0].name);
  await page.locator("#verdict.passed").waitFor();
  await page.close();
});

for (const [what, fragment] of Object.entries({ "of nonsense": "#state=AAAA", "cut short": "#state=q1YqSy0qzszPU7Iy", "to no example": "#example=none", "of another kind": "#elsewhere" })) {
  test(`a link ${what} does no harm`, async () => {
    const page = await open(fragment);
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}
