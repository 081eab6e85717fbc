// The fragment of a link contains the inputs, or the name of an example.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setups } from "../setups.mjs";
import { addressed, start, textOf, write } from "./browser.mjs";

const { open } = await start();

const slug = "wildcard-in-string-equals";

test("after an edit, the address leads to what the page shows", async () => {
  const page = await open(`#${slug}`);
  assert.match(page.url(), new RegExp(`#${slug}$`));
  await write(page, "settings", "# Zürich 🙂\nregion: us-east-2\n");
  await addressed(page);
  assert.match(page.url(), /#state=[\w-]+$/);
  const said = await page.locator("#json").textContent();
  const again = await open(new URL(page.url()).hash);
  assert.equal(await again.locator("#json").textContent(), said);
  assert.equal(await textOf(again, "settings"), "# Zürich 🙂\nregion: us-east-2\n");
  assert.equal(await again.locator("#errors [aria-pressed=true]").count(), 0);
  await page.locator("#link").click();
  // The text of the link is compressed first, so this takes a moment.
  await page.locator("#status", { hasText: "The link is" }).waitFor();
  await page.close();
  await again.close();
});

test("the inputs survive a reload, except for the token", async () => {
  const page = await open("#walk-through");
  await write(page, "serviceAccount", "kind: ServiceAccount\nmetadata: {name: typed}\n");
  await addressed(page);
  const without = async () => {
    await page.reload();
    await page.locator("#chain > li").first().waitFor();
    assert.match(await textOf(page, "serviceAccount"), /typed/);
    assert.equal(await page.locator("#token").inputValue(), "");
  };
  await without();
  // Without a fragment, as after a click on a link to the page.
  await page.evaluate(() => history.replaceState(null, "", location.pathname));
  await without();
  await page.close();
});

test("an example has a short link, and the open page follows a link to a different example", async () => {
  const page = await open();
  await page.getByRole("button", { name: "No AWS_ROLE_ARN in the pod" }).click();
  await addressed(page);
  assert.match(page.url(), /#opted-out$/);
  for (const hash of ["#walk-through", `#example=${setups()[0].name}`]) {
    await page.evaluate((to) => (location.hash = to), `#${slug}`);
    await page.locator("#verdict.failed").waitFor();
    await page.evaluate((to) => (location.hash = to), hash);
    await page.locator("#verdict.passed").waitFor();
  }
  await page.close();
});

for (const [what, fragment] of Object.entries({ "with invalid content": "#state=AAAA", "that was cut": "#state=q1YqSy0qzszPU7Iy", "to an unknown example": "#example=none", "with an unknown key": "#a=b" })) {
  test(`a link ${what} causes no error`, async () => {
    const page = await open(fragment);
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}
