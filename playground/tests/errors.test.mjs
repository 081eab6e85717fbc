// If an input can't be read, the verdict reports it, and its line is marked.

import assert from "node:assert/strict";
import { test } from "node:test";

import { start, write } from "./browser.mjs";

const { open } = await start();

/** The numbers of the lines that are marked in an editor. Fails if a marked line has no sign in the gutter. */
async function marked(page, name) {
  const lines = await page.locator(`#${name}`).evaluate((place) => {
    const all = [...place.querySelectorAll(".cm-line")];
    return [...place.querySelectorAll(".cm-lintRange-error, .cm-lintPoint-error")].map((mark) => all.indexOf(mark.closest(".cm-line")) + 1);
  });
  assert.equal(await page.locator(`#${name} .cm-lint-marker-error`).count(), new Set(lines).size);
  return lines;
}

const CASES = [
  ["pod", "a line with a different indentation", "kind: Pod\nspec:\n  containers:\n  - name: app\n   image: x\n", 5, /indented like the lines around it/],
  ["pod", "two values on a line", "kind: Pod\nmetadata:\n  name: a: b\n", 3, /one `?key: value`? on this line/],
  ["pod", "a tab", "kind: Pod\nmetadata:\n\tname: a\n", 3, /expected spaces/],
  ["pod", "a quote that is not closed", 'kind: Pod\nmetadata:\n  name: "a\n', 3, /closing quote/],
  ["pod", "a line without a colon", "kind: Pod\nmetadata:\n  name: a\n  labels\n", 4, /has no `?:/],
  ["pod", "a duplicate key", "kind: Pod\nmetadata:\n  name: a\n  name: b\n", 4, /there twice/],
  ["pod", "a value of the wrong type", "kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    env: nothing\n", 6, /expected an? (array|list)/],
  ["settings", "an unknown key", "# a comment\nregion: us-east-2\nregoin: us-east-1\n", 3, /regoin/],
  ["settings", "a value that is out of range", "tokenExpirationSeconds: 5\n", 1, /tokenExpirationSeconds/],
  ["trustPolicy", "invalid JSON", '{\n  "Version": "2012-10-17",\n  "Statement": [],\n}\n', 4, /expected JSON/],
  ["trustPolicy", "an unknown effect", '\n{\n  "Statement": [\n    {\n      "Effect": "Permit"\n    }\n  ]\n}\n', 5, /Effect/],
  ["serviceAccount", "a string", "my-sa\n", 1, /expected/],
  ["jwks", "invalid JSON", "{]", 1, /expected JSON/],
];

for (const [name, what, text, line, message] of CASES) {
  test(`marks the line of the mistake: ${name}, ${what}`, async () => {
    const page = await open("#walk-through");
    await write(page, name, text);
    assert.deepEqual(await marked(page, name), [line]);
    const verdict = page.locator("#verdict.failed");
    assert.match(await verdict.innerText(), message);
    assert.match(await verdict.innerText(), new RegExp(`line ${line}\\b`));
    assert.equal(await page.locator("[role=tab].wrong").count(), 1);
    await page.locator("#tab-pod").click();
    await verdict.locator("button").first().click();
    assert.ok(await page.locator(`#${name} .cm-content`).evaluate((content) => content === document.activeElement), "the button moves the cursor to the mistake");
    await write(page, name, "");
    assert.deepEqual(await marked(page, name), []);
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}

test("a field that can't be read shows its error below", async () => {
  const page = await open();
  await page.locator("#tab-more").click();
  await page.locator("#token").fill("not.a-token");
  await page.locator("#token[aria-invalid=true]").waitFor();
  assert.notEqual(await page.locator("#token-error").innerText(), "");
  await page.locator("#token").fill("");
  await page.locator("#now").fill("yesterday");
  await page.locator("#now[aria-invalid=true]").waitFor();
  assert.match(await page.locator("#now-error").innerText(), /digits only/);
  // No message repeats the input, because it may be a token.
  for (const place of ["#verdict", "#now-error", "#json"]) assert.doesNotMatch(await page.locator(place).textContent(), /yesterday/);
  assert.equal(await page.locator("#token-error").innerText(), "");
  await page.close();
});

test("a page without inputs says what to paste", async () => {
  const page = await open();
  await page.getByRole("button", { name: "Your own setup" }).click();
  await page.locator("#verdict.skipped").waitFor();
  assert.match(await page.locator("#verdict").innerText(), /Nothing to check yet/);
  assert.equal(await page.locator("#pod .cm-content").innerText(), "\n");
  assert.deepEqual(page.errors, []);
  await page.close();
});
