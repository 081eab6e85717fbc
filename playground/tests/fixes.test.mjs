// After "Apply fix", each failing example passes. If the page can't apply a fix, it says so.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, stringify } from "yaml";

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
    await nameRole(page, "arn:aws:iam::111122223333:role/s3-reader");
    await apply.click();
    await page.locator("#verdict.passed").waitFor();
    assert.deepEqual(page.errors, []);
    assert.notEqual(expected.outcome, "passed");
    assert.match(await page.locator("#status").innerText(), /Nothing has changed in your cluster or in AWS/);
    assert.match(await page.locator("#verdict .left ~ .copyable").first().innerText(), /\S/);
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
      await nameRole(page, "arn:aws:iam::111122223333:role/app");
      await apply.click();
      assert.notDeepEqual((await explained(page)).cause, before.cause);
    });
  }
  assert.ok(count >= 30, `only ${count} reports have a fix that the page can apply`);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("a fix that needs the role asks for it, and the page is not green while the role is a placeholder", async () => {
  const page = await open("#no-role");
  const role = page.getByLabel("ARN of your role");
  const apply = page.getByRole("button", { name: "Apply fix" });
  const account = await textOf(page, "serviceAccount");
  await apply.click();
  assert.equal(await textOf(page, "serviceAccount"), account, "nothing is applied without a role");
  await role.fill("s3-reader");
  await apply.click();
  assert.match(await page.locator("#verdict .open-role .error").innerText(), /expected the ARN of a role/);
  assert.equal(await textOf(page, "serviceAccount"), account);
  await role.fill("arn:aws:iam::111122223333:role/s3-reader");
  await role.press("Enter");
  await page.locator("#verdict.passed").waitFor();
  assert.match(await textOf(page, "serviceAccount"), /role-arn: arn:aws:iam::111122223333:role\/s3-reader/);
  assert.equal(await page.locator("#role").inputValue(), "arn:aws:iam::111122223333:role/s3-reader");
  assert.doesNotMatch(await page.locator("#verdict").innerText(), /NAME/);

  // The command of the fix, run as it is printed.
  await write(page, "serviceAccount", account.replace(/\n*$/, "\n  annotations: {eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/NAME}\n"));
  await page.locator("#tab-more").click();
  await page.locator("#role").fill("");
  await page.locator("#verdict.unknown").waitFor();
  assert.match(await page.locator("#verdict").innerText(), /role\/NAME is a placeholder/);
  assert.match(await page.locator("#verdict .where").innerText(), /Service account, line 6/);
  await role.fill("arn:aws:iam::111122223333:role/s3-reader");
  await apply.click();
  await page.locator("#verdict.passed").waitFor();
  assert.match(await page.locator("#verdict .left ~ .copyable").innerText(), /role-arn=arn:aws:iam::111122223333:role\/s3-reader/);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("for a pod, the page says to recreate it, and for a workload, to apply it", async () => {
  const page = await open("#opted-out");
  const pod = await textOf(page, "pod");
  const outside = async (text) => {
    await page.getByRole("button", { name: "No AWS_ROLE_ARN in the pod" }).click();
    await write(page, "pod", text);
    await page.getByRole("button", { name: "Apply fix" }).click();
    await page.locator("#verdict .left").waitFor();
    return { words: await page.locator("#verdict .left").innerText(), commands: await page.locator("#verdict .copyable pre").allInnerTexts() };
  };
  const bare = await outside(`${pod}# mine\n`);
  assert.deepEqual(bare.commands, ["kubectl delete pod -n default web && kubectl apply -n default -f FILE   # with the changed manifest"]);
  assert.match(bare.words, /delete the pod and create it again\. This stops its containers\. If a workload created the pod/);
  const owned = await outside(pod.replace("metadata:\n", "metadata:\n  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d9c, uid: 1, controller: true}]\n"));
  assert.deepEqual(owned.commands, []);
  assert.match(owned.words, /change in the pod template of its workload/);
  const { spec, metadata } = parse(pod);
  const workload = await outside(stringify({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "default" }, spec: { selector: {}, template: { metadata: { labels: metadata.labels }, spec } } }));
  assert.deepEqual(workload.commands, ["kubectl apply -f FILE   # with the changed manifest"]);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("after a fix, the cursor is in the line that has changed", async () => {
  const page = await open("#wildcard-in-string-equals");
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  assert.match(await page.locator("#trustPolicy .cm-activeLine").innerText(), /:sub": "system:serviceaccount:default:my-sa"/);
  await page.close();
});

test("after several fixes, the page lists what is left to do for each", async () => {
  const page = await open("#wildcard-in-string-equals");
  await write(page, "pod", (await textOf(page, "pod")).replace("spec:\n", "spec:\n  # mine\n").replace("    - name: app\n", "    - name: app\n      env: [{name: AWS_ACCESS_KEY_ID, value: a}, {name: AWS_SECRET_ACCESS_KEY, value: b}]\n"));
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict h2", { hasText: "trust policy rejects" }).waitFor();
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  assert.deepEqual((await page.locator("#verdict .copyable pre").allInnerTexts()).map((command) => command.split(" ").slice(0, 3).join(" ")), ["kubectl delete pod", "aws iam update-assume-role-policy"]);
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

/** Types a role, if the fix asks for it. */
async function nameRole(page, role) {
  const input = page.getByLabel("ARN of your role");
  if (await input.count()) await input.fill(role);
}
