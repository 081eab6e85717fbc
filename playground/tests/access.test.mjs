// Accessibility: axe finds no violation, the keyboard reaches every control, and the page fits on a phone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { setups } from "../setups.mjs";
import { DESKTOP, PATIENCE, PHONE, start, write } from "./browser.mjs";

const { browser, url } = await start();
const broken = setups().find(({ expected }) => expected.mistake === "wildcardInStringEquals");
const TABS = ["pod", "serviceAccount", "trustPolicy", "settings", "more", "objects"];

/** Opens the page in its own browser context, because axe opens more pages in that context. */
async function open(fragment, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.goto(url + fragment);
  await page.locator("#chain > li").first().waitFor();
  return page;
}

/** Fails if axe finds a violation, or if the page is wider than the window. */
async function holds(page, where) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const said = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `  ${html}\n  ${failureSummary}`).join("\n")}`);
  assert.deepEqual(said, [], where);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${where}: no scrolling to the side`);
}

const LOOKS = {
  light: { ...DESKTOP, colorScheme: "light" },
  dark: { ...DESKTOP, colorScheme: "dark" },
  "a phone, light": { ...PHONE, colorScheme: "light" },
  "a phone, dark": { ...PHONE, colorScheme: "dark" },
};

for (const [look, options] of Object.entries(LOOKS)) {
  test(`axe finds no violation, and nothing is too wide: ${look}`, async () => {
    const page = await open(`#example=${broken.name}`, options);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      await holds(page, `${look}, ${tab}`);
    }
    await page.locator("#raw summary").click();
    for (const details of await page.locator("#answers summary, .fix summary").all()) await details.click();
    for (const fold of await page.locator("#chain .fold").all()) await fold.click();
    for (const step of await page.locator("#chain [data-step]").all()) {
      await step.click();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${look}: no scrolling to the side`);
    }
    await holds(page, `${look}, the last step and the JSON`);
    await write(page, "objects", `${setups()[0].inputs.pod}---\nkind: ServiceAccount\napiVersion: v1\nmetadata: {name: my-sa, namespace: default, annotations: {eks.amazonaws.com/role-arn: x}}\n`);
    await holds(page, `${look}, all objects`);
    await page.getByRole("button", { name: "Could not find region" }).click();
    await holds(page, `${look}, what is not known`);
    await write(page, "pod", "kind: Pod\nspec: {containers: 5}\n");
    await holds(page, `${look}, what can't be read`);
    await page.goto(`${url}#no-role`);
    await page.getByLabel("ARN of your role").fill("s3-reader");
    await page.getByRole("button", { name: "Apply fix" }).click();
    await page.locator("#open-role[aria-invalid=true]").waitFor();
    await holds(page, `${look}, a fix that needs a role`);
    await page.goto(`${url}#example=${setups()[0].name}`);
    await page.locator("#verdict.passed").waitFor();
    await holds(page, `${look}, what is right`);
    await page.context().close();
  });
}

test("the button overrides the colours of the system", async () => {
  const page = await open("", LOOKS.dark);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Use light colours" }).click();
  assert.notEqual(await ground(), dark);
  await holds(page, "light by the button");
  await page.getByRole("button", { name: "Use dark colours" }).click();
  assert.equal(await ground(), dark);
  await page.context().close();
});

test("the key Tab reaches every control, in the order of the page", async () => {
  const page = await open(`#example=${broken.name}`, DESKTOP);
  const reached = [];
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const { activeElement: here } = document;
      return here === document.body ? null : here.id || here.dataset.step || here.closest(".editor")?.id || here.className || here.localName;
    });
    if (at === null) break;
    reached.push(at);
  }
  const errors = await page.locator("#errors .chip").count();
  const causes = await page.locator("#causes .chip").count();
  const lines = await page.locator("#chain button").evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.dataset.step ?? "fold"));
  assert.deepEqual(reached, [
    ...["a", "a", "a", "link", "theme"],
    ...Array(errors).fill("chip"),
    ...Array(causes).fill("chip small"),
    ...["link", "copy", "primary", "summary", "summary"],
    ...["tab-trustPolicy", "trustPolicy"],
    ...lines,
    ...["summary", "summary", "summary"],
    ...["a", "a", "a", "a"],
  ]);
  await page.context().close();
});

test("arrows move between tabs, Enter opens a step, and the label of a step contains its result", async () => {
  const page = await open(`#example=${broken.name}`, DESKTOP);
  await page.locator("#tab-pod").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#tab-serviceAccount").getAttribute("aria-selected"), "true");
  await page.keyboard.press("End");
  assert.ok(await page.locator("#panel-objects").isVisible());
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#panel-pod").isVisible());

  const chain = page.getByRole("list", { name: "From the pod to its role" });
  const failed = chain.getByRole("button", { name: /: failed/ }).first();
  await failed.focus();
  await page.keyboard.press("Enter");
  assert.equal(await failed.getAttribute("aria-expanded"), "true");
  const fold = chain.getByRole("button", { name: /^\d+ passed/ }).first();
  await fold.focus();
  await page.keyboard.press("Enter");
  assert.equal(await fold.getAttribute("aria-expanded"), "true");
  const passed = chain.getByRole("button", { name: /^Service account\s*: passed$/ });
  await passed.focus();
  await page.keyboard.press("Enter");
  assert.equal(await passed.getAttribute("aria-expanded"), "true");
  assert.equal(await failed.getAttribute("aria-expanded"), "false");
  await page.context().close();
});

test("a mark shows its message to users of the mouse and of the keyboard", async () => {
  const page = await open(`#example=${broken.name}`, DESKTOP);
  const mark = page.locator("#trustPolicy .cm-lintRange-error").first();
  await mark.hover();
  await page.locator(".cm-tooltip-lint").waitFor();
  assert.match(await page.locator(".cm-tooltip-lint").innerText(), /StringEquals/);
  await page.mouse.move(0, 0);
  await page.locator("#verdict .where button").focus();
  await page.keyboard.press("Enter");
  await page.locator(".at-cursor").waitFor();
  assert.match(await page.locator(".at-cursor").innerText(), /StringEquals/);
  await page.context().close();
});

for (const width of [320, 375, 600, 768, 960, 1024, 1440, 1920]) {
  test(`nothing is too wide at ${width} px, and the editor comes after the verdict`, async () => {
    const page = await open(`#example=${broken.name}`, { viewport: { width, height: 800 } });
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${tab}: no scrolling to the side`);
    }
    const top = (selector) => page.locator(selector).evaluate((one) => one.getBoundingClientRect().top);
    assert.ok((await top("#verdict")) < (await top("#tabs")), "the verdict is above the editor");
    if (width <= 960) assert.ok((await top("#tabs")) < (await top("#chain")), "the editor is above the chain");
    await page.context().close();
  });
}

test("a long value is only shortened visually: its text stays complete, so that copying it copies all of it", async () => {
  const page = await open("#another-clusters-provider", DESKTOP);
  const value = page.locator("#verdict .comparison code").first();
  assert.match(await value.getAttribute("title"), /^arn:aws:iam::\d{12}:oidc-provider\/[\w./-]+$/);
  assert.equal(await value.textContent(), await value.getAttribute("title"));
  await page.context().close();
});
