// Checks for each example and each report that the right tab opens, and that the line and the value of the fault are
// marked. Also checks that the parts of the page agree with each other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { explained, start } from "./browser.mjs";
import { INPUTS, linkTo, MARKED } from "./inputs.mjs";

const { open } = await start();

/** Opens a setup in the page, and returns what the page shows. */
export async function shown(page, { name, isExample, inputs }) {
  const link = isExample ? `#${name}` : linkTo(inputs);
  await page.evaluate((hash) => {
    delete document.documentElement.dataset.opened;
    // Two inputs that differ only in their token have the same link, so the address does not change.
    if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = hash;
  }, link);
  await page.locator("html[data-opened]").waitFor();
  if (!isExample && inputs.token !== undefined) {
    const before = await page.locator("#json").textContent();
    await page.locator("#tab-more").click();
    await page.locator("#token").fill(inputs.token);
    await page.waitForFunction((old) => document.querySelector("#json").textContent !== old, before);
  }
  return page.evaluate(() => {
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    const texts = (selector) => seen(selector).map((one) => one.textContent);
    const editor = seen("[role=tabpanel]:not([hidden]) .editor")[0];
    return {
      outcome: document.querySelector("#verdict").className.split(" ")[1],
      heading: document.querySelector("#verdict h2").textContent,
      where: texts("#verdict .where button")[0] ?? null,
      tab: texts("[role=tab][aria-selected=true]")[0].replace(/ \(.*/, ""),
      marked: texts("[role=tabpanel]:not([hidden]) :is(.cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info)"),
      gutter: seen("[role=tabpanel]:not([hidden]) .cm-lint-marker").length,
      isEmpty: editor === undefined || editor.querySelector(".cm-content").textContent === "",
      errors: texts("[role=tabpanel]:not([hidden]) .error").filter((text) => text !== ""),
      steps: [...document.querySelectorAll("#chain > li:not(.group)")].map((item) => item.className),
      wrongTabs: texts("[role=tab].wrong").map((text) => text.replace(/ \(.*/, "")),
      decisions: [...document.querySelectorAll("#answers .decision")].map((one) => one.className.replace("decision ", "")),
      refused: document.querySelectorAll("#answers .refused li").length,
      added: document.querySelectorAll("#answers .diff .added").length,
      answers: document.querySelector("#answers").textContent,
    };
  });
}

if (process.env.PRINT_MARKED) {
  const page = await open();
  for (const input of INPUTS) {
    const { where, marked, errors } = await shown(page, input);
    const { outcome, cause } = await explained(page);
    console.log(`${input.name}: ${JSON.stringify(where === null ? null : [where, marked[0] ?? errors[0] ?? ""])} # ${outcome} ${cause?.mistake ?? ""}`);
  }
  process.exit();
}

test("each input has an entry in marked.yaml, and at least 30 reports have a mark", () => {
  assert.deepEqual(Object.keys(MARKED).sort(), INPUTS.map(({ name }) => name).sort());
  assert.ok(Object.entries(MARKED).filter(([name, mark]) => name.startsWith("report-") && mark !== null).length >= 30);
});

test("the page marks the place that has to change", async (context) => {
  const page = await open();
  for (const input of INPUTS) {
    await context.test(input.name, async () => {
      const expected = MARKED[input.name];
      const { where, tab, marked, gutter, isEmpty, errors } = await shown(page, input);
      if (expected === null) return assert.equal(where, null);
      const [place, text] = expected;
      assert.equal(where, place);
      // A line of an editor: its tab is open, the gutter has a sign, and the text is marked. Otherwise, the error shows
      // the text.
      if (/, line \d+$/.test(place) && input.inputs.token === undefined) {
        assert.ok(place.startsWith(tab) || tab === "Issuer, token", `${place} in ${tab}`);
        assert.ok(gutter > 0, "the line has a sign in the gutter");
        assert.ok(marked.includes(text), `${JSON.stringify(marked)} lacks ${text}`);
      } else {
        assert.ok(isEmpty || errors.some((error) => error.includes(text)) || input.inputs.token !== undefined, JSON.stringify(errors));
      }
    });
  }
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("the verdict, the chain, the tabs and the answers agree", async (context) => {
  const page = await open();
  for (const input of INPUTS) {
    await context.test(input.name, async () => {
      const { outcome, heading, steps, wrongTabs, decisions, refused, added, answers } = await shown(page, input);
      const explanation = await explained(page);
      if (explanation.problems.length > 0) {
        assert.deepEqual([outcome, heading, decisions], ["failed", "This can't be read", []], "if an input can't be read, the page reports only that");
        return;
      }
      assert.deepEqual(steps, explanation.steps.map((step) => step.outcome), "the chain shows the outcomes of the explanation");
      assert.equal(outcome, explanation.outcome, `the verdict shows the outcome of the explanation: ${heading}`);
      assert.equal(outcome === "failed", steps.includes("failed"), "the verdict fails exactly if a step fails");
      if (outcome === "passed") {
        assert.match(heading, /^(The pod gets its role|No problem found)$/);
        assert.deepEqual(wrongTabs, [], "no tab is marked as wrong");
        assert.equal(refused, 0, "the policy does not reject a pod that gets its role");
      }
      // An answer has reasons exactly if it is a rejection, and added lines exactly if the role is injected.
      assert.equal(decisions.includes("rejected"), refused > 0);
      assert.equal(decisions.includes("injected"), added > 0, answers);
      if (decisions.includes("injected")) assert.doesNotMatch(answers, /nothing to inject|Nothing is added|Add a pod/);
      if (decisions.length > 0 && explanation.review) assert.equal(decisions.at(-1), explanation.review.decision);
    });
  }
  await page.close();
});
