// For everyone: axe finds nothing, the keyboard reaches all, a phone's width is enough.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";

import { setups } from "../setups.mjs";
import { DESKTOP, PHONE, start, write } from "./browser.mjs";

const { browser, url } = await start();
const broken = setups().find(({ expected }) => expected.mistake === "wildcardInStringEquals");
const TABS = ["pod", "serviceAccount", "trustPolicy", "settings", "more"];

/** axe needs a page of a context that it may open others in. */
async function open(fragment, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url + fragment);
  await page.locator("#chain > li").first().waitFor();
  return page;
}

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
  test(`axe finds nothing, and nothing is too wide: ${look}`, async () => {
    const page = await open(`#example=${broken.name}`, options);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      await holds(page, `${look}, ${tab}`);
    }
    await page.locator("summary").click();
    for (const step of await page.locator("#chain button").all()) {
      await step.click();
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${look}: no scrolling to the side`);
    }
    await holds(page, `${look}, the last step and the JSON`);
    await write(page, "pod", "kind: Pod\nspec: {containers: 5}\n");
    await holds(page, `${look}, what can't be read`);
    await page.goto(`${url}#example=${setups()[0].name}`);
    await page.locator("#verdict.passed").waitFor();
    await holds(page, `${look}, what is right`);
    await page.context().close();
  });
}

test("the button chooses the colours, whatever the system says", async () => {
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

test("the keyboard reaches everything that there is to use, in the order in which it stands", async () => {
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
  const { steps } = JSON.parse(await page.locator("#json").textContent());
  assert.deepEqual(reached, ["link", "theme", "example", ...steps.map(({ step }) => step), "tab-pod", "pod", "diff", "summary"]);
  await page.context().close();
});

test("arrows move between tabs, Enter opens a step, and a screen reader hears how each turned out", async () => {
  const page = await open(`#example=${broken.name}`, DESKTOP);
  await page.locator("#tab-pod").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#tab-serviceAccount").getAttribute("aria-selected"), "true");
  await page.keyboard.press("End");
  assert.ok(await page.locator("#panel-more").isVisible());
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#panel-pod").isVisible());

  const failed = page.getByRole("list", { name: "The steps from the pod to its role" }).getByRole("button", { name: /: failed$/ });
  assert.equal(await failed.first().getAttribute("aria-expanded"), "true");
  const passed = page.getByRole("button", { name: /^Service account\s*: passed$/ });
  await passed.focus();
  await page.keyboard.press("Enter");
  assert.equal(await passed.getAttribute("aria-expanded"), "true");
  assert.equal(await failed.first().getAttribute("aria-expanded"), "false");
  await page.context().close();
});
