// Pasting several documents, Lists, workloads, the output of the AWS CLI and tokens: the page moves each into its
// field.

import assert from "node:assert/strict";
import { test } from "node:test";

import { setups } from "../setups.mjs";
import { addressed, explained, settled, start, stateOf, textOf, write } from "./browser.mjs";

const { open } = await start();
const right = setups()[0].inputs;

const DEPLOYMENT = `# the shop
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: my-sa
      containers:
      - {name: app, image: example.com/app:1}
`;
const OTHER = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: other, namespace: default}\n";

test("several documents are sorted into their tabs by kind, and the tab All objects has all of them", async () => {
  const page = await open("#empty");
  await write(page, "serviceAccount", `${DEPLOYMENT}---\n${OTHER}---\n${right.serviceAccount}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n`);
  assert.equal(await textOf(page, "pod"), DEPLOYMENT);
  assert.equal(await textOf(page, "serviceAccount"), right.serviceAccount);
  assert.match(await page.locator("#status").innerText(), /4 objects were pasted/);
  await page.locator("#tab-objects").click();
  assert.equal(await page.locator("#rows tbody tr").count(), 4);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("the items of a List are sorted into their tabs", async () => {
  const page = await open("#empty");
  const list = { apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "my-sa", namespace: "default", annotations: { "eks.amazonaws.com/role-arn": "not-an-arn" } } }, { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "default" }, spec: { serviceAccountName: "my-sa", containers: [{ name: "app" }] } }] };
  await write(page, "pod", JSON.stringify(list, null, 2));
  assert.match(await textOf(page, "pod"), /kind: Pod/);
  assert.match(await textOf(page, "serviceAccount"), /not-an-arn/);
  assert.equal((await explained(page)).cause.mistake, "invalidRoleArn");
  assert.match(await page.locator("#verdict .where").innerText(), /Service account, line 7/);
  await page.close();
});

test("a workload and the pod that it creates each have their own answer, and the added lines are shown", async () => {
  const page = await open("#walk-through");
  await write(page, "pod", DEPLOYMENT);
  assert.deepEqual(await page.locator("#answers h3").allInnerTexts(), ["Deployment web", "The pod that it creates"]);
  assert.deepEqual(await page.locator("#answers .decision strong").allInnerTexts(), ["Accepted as it is.", "Accepted, and the role is added."]);
  const added = await page.locator("#answers .added").allTextContents();
  assert.ok(added.some((line) => line.includes("AWS_ROLE_ARN")), added.join(""));
  assert.equal(await page.locator("#answers .removed").count(), 0);
  assert.equal(await page.locator("#verdict.passed").count(), 1);
  await page.close();
});

test("a mistake in a workload's template is marked in the workload", async () => {
  const page = await open("#walk-through");
  await write(page, "pod", DEPLOYMENT.replace("image: example.com/app:1", 'image: x, env: [{name: AWS_ACCESS_KEY_ID, value: a}, {name: AWS_SECRET_ACCESS_KEY, value: b}]'));
  assert.match(await page.locator("#verdict .where").innerText(), /Pod, line 12/);
  await page.getByRole("button", { name: "Apply fix" }).click();
  await page.locator("#verdict.passed").waitFor();
  assert.match(await textOf(page, "pod"), /^# the shop\n/);
  await page.close();
});

test("the output of the AWS CLI and the documents of an issuer are moved into their fields", async () => {
  const page = await open("#empty");
  const policy = JSON.parse(right.trustPolicy);
  const role = JSON.stringify({ Role: { Arn: "arn:aws:iam::111122223333:role/s3-reader", AssumeRolePolicyDocument: policy } });
  await write(page, "pod", role);
  assert.equal(await textOf(page, "trustPolicy"), role);
  assert.equal(await textOf(page, "pod"), "");
  await write(page, "pod", right.jwks);
  assert.equal(await textOf(page, "jwks"), right.jwks.trim());
  await write(page, "pod", JSON.stringify({ cluster: { identity: { oidc: { issuer: right.issuer } } } }));
  assert.equal(await page.locator("#issuer").inputValue(), right.issuer);
  await page.close();
});

test("a token is moved into its field, wherever it is pasted, and is never stored", async () => {
  const page = await open("#empty");
  const { token } = right;
  const pastes = [token, `Bearer ${token}\n`, JSON.stringify({ kind: "TokenRequest", status: { token } }), `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: t}\ndata:\n  token: ${Buffer.from(token).toString("base64")}\n`];
  for (const name of ["pod", "trustPolicy", "objects"]) {
    for (const paste of pastes) {
      await page.locator("#token").evaluate((input) => (input.value = ""));
      await write(page, name, paste);
      assert.equal(await page.locator("#token").inputValue(), token);
      assert.equal(await textOf(page, name), "", `no part of the token is in ${name}`);
      assert.match(await page.locator("#status").innerText(), /token/i);
    }
  }
  await addressed(page);
  await settled(page);
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes(token.split(".")[2]));
  assert.ok(!page.url().includes("state=") || !(await stateOf(page)).includes(token.split(".")[2]));
  await page.close();
});

test("a token that is typed inside an object is neither stored nor shared", async () => {
  const page = await open("#empty");
  const [, , signature] = right.token.split(".");
  await write(page, "pod", `kind: Pod\nmetadata: {name: web, annotations: {token: ${right.token}}}\n`);
  await addressed(page);
  assert.ok((await textOf(page, "pod")).includes(signature), "the token stays in the editor");
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).includes(signature));
  assert.ok(!(await stateOf(page)).includes(signature));
  for (const place of ["#verdict", "#chain", "#answers", "#json"]) assert.ok(!(await page.locator(place).textContent()).includes(signature), place);
  await page.close();
});

test("the verdict leads to each input that is missing", async () => {
  const page = await open("#empty");
  await write(page, "pod", right.pod);
  await page.locator("#verdict").getByRole("button", { name: "trust policy" }).click();
  assert.ok(await page.locator("#trustPolicy .cm-content").evaluate((content) => content === document.activeElement));
  await page.locator("#verdict").getByRole("button", { name: "issuer's URL" }).click();
  assert.ok(await page.locator("#issuer").evaluate((input) => input === document.activeElement));
  await page.close();
});

test("all objects have a row, with the findings of irsa check and their lines", async () => {
  const page = await open("#empty");
  const broken = right.serviceAccount.replace(/role-arn: .*/, "role-arn: not-an-arn");
  await write(page, "objects", `${broken}---\n${DEPLOYMENT}---\n${DEPLOYMENT.replaceAll("my-sa", "unknown").replaceAll("name: web", "name: two")}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n`);
  const rows = await page.locator("#rows tbody tr").allInnerTexts();
  assert.equal(rows.length, 4);
  assert.match(rows[0], /ServiceAccount[^]*rejected[^]*Line 7[^]*invalidRoleArn/);
  assert.match(rows[1], /Deployment[^]*rejected[^]*Line 7[^]*invalidRoleArn/);
  assert.match(rows[2], /Deployment[^]*not known[^]*is not in the input/);
  assert.match(rows[3], /Service[^]*not checked/);
  assert.match(await page.locator("#verdict h2").innerText(), /^4 objects, 2 with findings/);
  assert.doesNotMatch(await page.locator("#rows").innerText(), /4 objects/, "the page says the result once");
  await page.locator("#rows tbody tr").nth(1).getByRole("button", { name: "Line 7" }).click();
  assert.ok(await page.locator("#objects .cm-content").evaluate((content) => content === document.activeElement));
  await page.getByRole("button", { name: "Explain Deployment web" }).click();
  await page.locator("#verdict.failed").waitFor();
  assert.equal((await explained(page)).cause.mistake, "invalidRoleArn");
  await page.close();
});

test("the tab All objects reports what irsa check reports", async () => {
  const page = await open("#empty");
  const pod = (name, account, more = "") => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: default${more}}\nspec:\n  serviceAccountName: ${account}\n  containers:\n  - {name: app, image: example.com/app:1}\n`;
  const account = (name, role) => right.serviceAccount.replaceAll("my-sa", name).replace(/role-arn: .*/, `role-arn: ${role}`);
  await write(page, "objects", [account("payments", "arn:aws:iam::111122223333:role/app"), pod("one", "payment"), account("billing", "arn:aws:iam::111122223333:role/app"), pod("two", "billing", ", uid: 5f8d1c0e"), account("orders", "${ROLE}")].join("---\n"));
  const rows = await page.locator("#rows tbody tr").allInnerTexts();
  assert.match(rows[0], /no findings/);
  assert.match(rows[1], /warned[^]*did you mean default\/payments\?[^]*misspelledServiceAccount/);
  // A running pod is checked for what it lacks, and not as if the policy were going to add it.
  assert.match(rows[3], /notInjected/);
  assert.match(rows[4], /not known[^]*is a placeholder/);
  await page.close();
});

test("the tab All objects says what can't be read and where, and counts it apart", async () => {
  const page = await open("#empty");
  await write(page, "objects", "kind: Pod\n  a: b\n");
  assert.match(await page.locator("#verdict.failed").innerText(), /This can't be read[^]*All objects, line 1: expected one key: value/);
  assert.match(await page.locator("#rows").innerText(), /1 object, 0 with findings, 1 can't be read/);
  assert.equal(await page.locator("#tab-objects.wrong").count(), 1);
  await write(page, "objects", `${right.serviceAccount}---\nkind: Pod\n  a: b\n---\n${OTHER}---\nname: web\n`);
  const rows = await page.locator("#rows tbody tr").allInnerTexts();
  assert.equal(rows.length, 4);
  assert.match(rows[0], /can't be read[^]*Line 9: expected one key: value/);
  assert.match(rows[1], /can't be read[^]*Line 16: .*has no kind/);
  assert.match(await page.locator("#verdict.failed h2").innerText(), /^4 objects, 0 with findings, 2 can't be read\.$/);
  await write(page, "objects", "# nothing\n");
  assert.match(await page.locator("#verdict.failed").innerText(), /All objects, line 1: expected an object, but got nothing/);
  await write(page, "objects", "");
  assert.match(await page.locator("#rows").innerText(), /There are no objects yet/);
  assert.match(await page.locator("#verdict.skipped h2").innerText(), /Nothing to check yet/);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("a button sorts several objects that were typed into one editor", async () => {
  const page = await open("#empty");
  await write(page, "pod", "");
  await page.locator("#pod .cm-content").focus();
  await page.keyboard.insertText(`${right.pod}---\n${right.serviceAccount}`);
  await page.locator("#verdict.failed").waitFor();
  await page.getByRole("button", { name: "Sort the objects into the tabs" }).click();
  assert.equal(await textOf(page, "serviceAccount"), right.serviceAccount);
  await page.close();
});

test("after a paste over one input of an example, a button clears the inputs that still have the example's text", async () => {
  const page = await open("#wildcard-in-string-equals");
  assert.equal(await page.locator("#inputs-title").innerText(), "Example setup");
  await write(page, "trustPolicy", right.trustPolicy);
  assert.equal(await page.locator("#inputs-title").innerText(), "Your setup");
  assert.match(await page.locator("#status").innerText(), /still contain the example/);
  await write(page, "settings", "region: us-east-1\n");
  await page.getByRole("button", { name: "Clear them" }).click();
  const texts = await Promise.all(["trustPolicy", "settings", "pod", "serviceAccount"].map((name) => textOf(page, name)));
  assert.deepEqual(texts, [right.trustPolicy, "region: us-east-1\n", "", ""]);
  assert.equal(await page.locator("#issuer").inputValue(), "");
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("if only the tab All objects has an input, the result is about these objects", async () => {
  const page = await open("#empty");
  await write(page, "objects", right.serviceAccount);
  assert.match(await page.locator("#verdict.passed h2").innerText(), /^1 object, 0 with findings/);
  assert.ok(await page.locator("#chain").isHidden(), "there is no chain without a pod");
  await write(page, "objects", right.serviceAccount.replace(/role-arn: .*/, "role-arn: not-an-arn"));
  assert.match(await page.locator("#verdict.failed h2").innerText(), /^1 object, 1 with findings/);
  await page.close();
});
