// After "Apply fix", each failing example passes. If the page can't apply a fix, it says so.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setups } from "../setups.mjs";
import { addressed, explained, settled, start, textOf, write } from "./browser.mjs";
import { INPUTS, linkTo } from "./inputs.mjs";

const { open } = await start();

/** Examples whose fix does not change the inputs. */
const ELSEWHERE = ["token-expired"];

for (const { name, expected } of setups().filter(({ expected }) => expected.mistake !== null)) {
  const slug = name.replace(/^\d+-/, "");
  test(`fixes the example ${slug}`, async () => {
    const page = await open(`#${slug}`);
    const apply = page.getByRole("button", { name: "Apply fix" });
    if (ELSEWHERE.includes(slug)) {
      assert.equal(await apply.count(), 0);
      assert.match(await page.locator("#verdict .fix").innerText(), /can't apply the fix/);
      return page.close();
    }
    await apply.click();
    await page.locator("#verdict.passed").waitFor();
    assert.deepEqual(page.errors, []);
    assert.notEqual(expected.outcome, "passed");
    assert.match(await page.locator("#status").innerText(), /Nothing has changed in your cluster or in AWS/);
    assert.match(await page.locator("#verdict .left + .copyable").innerText(), /\S/);
    assert.doesNotMatch(await page.locator("#verdict .left").innerText(), /`|kubectl|aws iam/, "commands are shown separately");
    assert.equal(await page.locator("[role=tab].wrong").count(), 0);
    assert.ok(await page.locator("#verdict").evaluate((place) => place === document.activeElement), "the focus is on the result");
    // The address contains the edited inputs.
    await addressed(page);
    assert.match(page.url(), /#state=/);
    await page.close();
  });
}

test("a fix of each report removes the mistake", async (context) => {
  const page = await open();
  let count = 0;
  // A link has no token, so reports about a token are left out.
  for (const { name, inputs } of INPUTS.filter(({ isExample, inputs: { token } }) => !isExample && token === undefined)) {
    await page.evaluate((hash) => {
      delete document.documentElement.dataset.opened;
      location.hash = hash;
    }, linkTo(inputs));
    await page.locator("html[data-opened]").waitFor();
    const before = await explained(page);
    const edits = before.steps.find(({ step }) => step === before.cause?.step)?.edits ?? [];
    const apply = page.getByRole("button", { name: "Apply fix" });
    assert.equal(await apply.count(), edits.length > 0 ? 1 : 0, `${name}: the page can apply each fix that the core gives as edits`);
    if (edits.length === 0) continue;
    count++;
    await context.test(name, async () => {
      await apply.click();
      assert.notDeepEqual((await explained(page)).cause, before.cause);
    });
  }
  assert.ok(count >= 30, `only ${count} reports have a fix that the page can apply`);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("the user can undo a fix like an edit", async () => {
  const page = await open("#wildcard-in-string-equals");
  const before = await textOf(page, "trustPolicy");
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  assert.notEqual(await textOf(page, "trustPolicy"), before);
  await page.locator("#trustPolicy .cm-content").focus();
  await page.keyboard.press("Control+z");
  await page.locator("#verdict.failed").waitFor();
  assert.equal(await textOf(page, "trustPolicy"), before);
  await page.close();
});

test("a fix of YAML keeps the comments, and a fix of a trust policy in the output of get-role keeps the role's other fields", async () => {
  const page = await open("#opted-out");
  const pod = await textOf(page, "pod");
  await page.evaluate(() => document.querySelector("#tab-pod").click());
  await write(page, "pod", `# of the team\n${pod}`);
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  const fixed = await textOf(page, "pod");
  assert.match(fixed, /^# of the team\n/);
  assert.doesNotMatch(fixed, /skip-pod-identity-webhook/);

  await page.evaluate(() => (location.hash = "#wrong-namespace"));
  await page.locator("#verdict.failed").waitFor();
  const policy = JSON.parse(await textOf(page, "trustPolicy"));
  await write(page, "trustPolicy", JSON.stringify({ Role: { RoleName: "s3-reader", Arn: "arn:aws:iam::111122223333:role/s3-reader", AssumeRolePolicyDocument: policy } }, null, 2));
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  assert.equal(JSON.parse(await textOf(page, "trustPolicy")).Role.RoleName, "s3-reader");
  await settled(page);
  await page.close();
});

test("copies the whole statement and each command", async () => {
  const page = await open("#wildcard-in-string-equals");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy: the whole statement" }).click();
  const statement = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(statement.Effect, "Allow");
  assert.ok(JSON.stringify(statement).includes("system:serviceaccount:default:my-sa"));
  await page.close();
});
