// The page explains each example like the core outside of a browser, and the verdict names the expected cause.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { setups } from "../setups.mjs";
import { start, write } from "./browser.mjs";

const { open } = await start();
const answers = new Map(
  readFileSync(process.env.ANSWERS, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)).map(({ name, answer }) => [name, answer]),
);

test("there are examples, and at least ten of them are broken", () => {
  const broken = setups().filter(({ expected }) => expected.outcome === "failed");
  assert.ok(broken.length >= 10, `${broken.length} are broken`);
  assert.deepEqual([...answers.keys()], setups().map(({ name }) => name));
});

for (const { name, title, expected } of setups()) {
  test(`the page gives the core's explanation: ${title}`, async () => {
    const page = await open(`#${name.replace(/^\d+-/, "")}`);
    const said = await page.locator("#json").textContent();
    assert.equal(said, answers.get(name));
    const { cause, steps, outcome } = JSON.parse(said);
    assert.deepEqual([outcome, cause?.step ?? null, cause?.mistake ?? null], [expected.outcome, expected.step, expected.mistake]);
    assert.equal(await page.locator("#verdict").getAttribute("class"), `verdict ${expected.outcome}`);
    if (cause) {
      const { title: step, says, fix } = steps.find((one) => one.step === cause.step);
      const verdict = await page.locator("#verdict").innerText();
      for (const part of [step, says.split(": ")[0].replace(/\.$/, "")]) assert.ok(verdict.includes(bare(part)), `${verdict}\n\nlacks\n\n${part}`);
      assert.ok(JSON.parse(said).trustFix || verdict.includes(bare(fix.split(": ")[0])), `${verdict}\n\nlacks\n\n${fix}`);
      // The headline is one sentence.
      assert.match(await page.locator("#verdict h2").innerText(), /^[^\n]{10,250}\.$/);
      await page.locator(`#chain [data-step="${cause.step}"]`).click();
      assert.match(await page.locator(`#step-${cause.step}`).innerText(), new RegExp(cause.mistake ?? ""));
    }
    assert.equal(await page.locator("#chain [data-step][aria-expanded=true]").count(), cause ? 1 : 0);
    assert.deepEqual(await page.locator("#chain > li:not(.group)").evaluateAll((items) => items.map((item) => item.className)), steps.map((step) => step.outcome));
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}

test("the page opens with the most common fault, and marks its line", async () => {
  const page = await open();
  await page.locator("#verdict.failed").waitFor();
  assert.equal(await page.locator("#tab-trustPolicy").getAttribute("aria-selected"), "true");
  assert.match(await page.locator("#trustPolicy .cm-lintRange-error").first().innerText(), /"StringEquals"/);
  assert.deepEqual(await page.locator("#verdict .comparison dt").allInnerTexts(), ["The trust policy wants sub", "The token has sub"]);
  assert.deepEqual(await page.locator("#verdict mark").allInnerTexts(), ["*", "my-sa"]);
  assert.equal(await page.locator("#errors [aria-pressed=true]").innerText(), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
  await page.close();
});

test("each example has a chip, by the error that people search for", async () => {
  const page = await open();
  const slugs = new Set();
  for (const error of await page.locator("#errors .chip").all()) {
    await error.click();
    slugs.add(await error.getAttribute("data-example"));
    for (const cause of await page.locator("#causes .chip").all()) slugs.add(await cause.getAttribute("data-example"));
  }
  for (const { name } of setups()) assert.ok(slugs.has(name.replace(/^\d+-/, "")), `${name} has a chip`);
  await page.close();
});

test("passed steps are folded into one line, and unfold", async () => {
  const page = await open("#wildcard-in-string-equals");
  const fold = page.locator("#chain .fold").first();
  assert.match(await fold.innerText(), /^✓?\s*\d+ passed/);
  const count = Number(/\d+/.exec(await fold.innerText())[0]);
  assert.equal(await page.locator("#chain > li.passed:not(.group):visible").count() + 0 < count, true);
  await fold.click();
  assert.ok(await page.locator("#chain > li.passed:not(.group):visible").count() >= count);
  await page.close();
});

test("the lines added to the pod have a sign, and are folded if the fault is elsewhere", async () => {
  const page = await open("#walk-through");
  const { review } = JSON.parse(await page.locator("#json").textContent());
  assert.equal(review.decision, "injected");
  const added = await page.locator("#answers .added").allTextContents();
  assert.ok(added.some((line) => /^\+ added: .*name: AWS_ROLE_ARN/.test(line)), added.join("\n"));
  assert.ok(added.every((line) => line.startsWith("+ added: ")));
  assert.equal(await page.locator("#answers .removed").count(), 0);
  assert.equal(await page.locator("#answers details.elsewhere").count(), 0);
  await page.evaluate(() => (location.hash = "#wrong-namespace"));
  await page.locator("#verdict.failed").waitFor();
  assert.equal(await page.locator("#answers details.elsewhere:not([open])").count(), 1);
  await page.close();
});

test("the page explains the setup again after an edit, and after its reversal", async () => {
  const page = await open("#walk-through");
  const text = setups()[0].inputs.trustPolicy;
  await write(page, "trustPolicy", text.replace("default:my-sa", "other:my-sa"));
  await page.locator("#verdict.failed").waitFor();
  assert.match(await page.locator("#json").textContent(), /"mistake":"wrongNamespace"/);
  await write(page, "trustPolicy", text);
  await page.locator("#verdict.passed").waitFor();
  assert.equal(await page.locator("#json").textContent(), answers.get(setups()[0].name));
  await page.close();
});

test("a button copies the whole fixed trust policy, before and after the fix is applied", async () => {
  const page = await open("#wildcard-in-string-equals");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = async () => {
    await page.getByRole("button", { name: "Copy: the whole trust policy" }).click();
    return JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  };
  await page.locator(".fix summary").last().click();
  const policy = await copied();
  assert.equal(policy.Version, "2012-10-17");
  await page.getByRole("button", { name: "Apply fix" }).click();
  assert.equal(await page.locator("#verdict.passed h2").innerText(), "With the fix, the pod gets its role");
  assert.deepEqual(await copied(), policy);
  await page.close();
});

/** A string as the page shows it: without the backticks around code. */
function bare(text) {
  return text.replaceAll("`", "");
}
