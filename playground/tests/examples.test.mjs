// Each example is explained in the page as the core explains it outside of one, and the right cause is what is said first.

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

for (const { name, title, question, expected } of setups()) {
  test(`explains as the core does: ${title}`, async () => {
    const page = await open(`#example=${name}`);
    const said = await page.locator("#json").textContent();
    assert.equal(said, answers.get(name));
    assert.equal(await page.locator("#question").textContent(), question);

    const { cause, steps, outcome } = JSON.parse(said);
    assert.deepEqual([outcome, cause?.step ?? null, cause?.mistake ?? null], [expected.outcome, expected.step, expected.mistake]);
    assert.equal(await page.locator("#verdict").getAttribute("class"), `verdict ${expected.outcome}`);
    const opened = page.locator("#chain [aria-expanded=true]");
    if (cause) {
      const { title: step, says, fix, reasons } = steps.find((one) => one.step === cause.step);
      const verdict = await page.locator("#verdict").innerText();
      for (const part of [step, says, ...reasons, fix ?? ""]) assert.ok(verdict.includes(bare(part)), `${verdict}\n\nlacks\n\n${part}`);
      assert.equal(await opened.getAttribute("data-step"), cause.step);
      assert.match(await page.locator(`#step-${cause.step}`).innerText(), new RegExp(cause.mistake ?? ""));
    } else {
      assert.equal(await opened.count(), 0);
    }
    assert.deepEqual(await page.locator("#chain > li").evaluateAll((items) => items.map((item) => item.className)), steps.map((step) => step.outcome));
    assert.deepEqual(page.errors, []);
    await page.close();
  });
}

test("shows the pod's additions, each marked by a sign", async () => {
  const page = await open();
  const { review } = JSON.parse(await page.locator("#json").textContent());
  assert.equal(review.decision, "injected");
  const added = await page.locator("#result .added").allTextContents();
  assert.ok(added.some((line) => /^\+ added: .*name: AWS_ROLE_ARN/.test(line)), added.join("\n"));
  assert.ok(added.every((line) => line.startsWith("+ added: ")));
  assert.equal(await page.locator("#result .removed").count(), 0);
  await page.close();
});

test("an edit is explained anew, and the example can be chosen again", async () => {
  const page = await open();
  const text = setups()[0].inputs.trustPolicy;
  await write(page, "trustPolicy", text.replace("default:my-sa", "other:my-sa"));
  await page.locator("#verdict.failed").waitFor();
  assert.match(await page.locator("#json").textContent(), /"mistake":"wrongNamespace"/);
  await write(page, "trustPolicy", text);
  await page.locator("#verdict.passed").waitFor();
  assert.equal(await page.locator("#json").textContent(), answers.get(setups()[0].name));
  await page.close();
});

/** As it is read, without the backticks that set code apart. */
function bare(text) {
  return text.replaceAll("`", "");
}
