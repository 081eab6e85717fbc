// Tests that no data leaves the page: the Content-Security-Policy blocks requests, and the page makes none. Also tests
// that the token is stored nowhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { addressed, open as openAt, PAGE_FILE, settled, start, stateOf, write } from "./browser.mjs";

const { browser, url, open } = await start();

test("the page is one file, and requests no other file", async () => {
  const page = await open();
  await write(page, "pod", "kind: Pod\n");
  await page.locator("#link").click();
  await page.locator("#theme").click();
  await settled(page);
  assert.deepEqual(page.requests.filter((request) => !request.startsWith("data:")), [url]);
  await page.close();
});

test("the page works from a local file, without a network", async () => {
  const context = await browser.newContext({ offline: true });
  const page = await openAt(context, `file://${PAGE_FILE}`);
  assert.equal(await page.locator("#verdict").getAttribute("class"), "verdict failed");
  assert.deepEqual(page.errors, []);
  await context.close();
});

const WAYS_OUT = {
  fetch: (to) => fetch(to).then(() => "sent", () => "blocked"),
  XMLHttpRequest: (to) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onload = () => resolve("sent");
      request.onerror = () => resolve("blocked");
      request.open("GET", to);
      request.send();
    }),
  "an image": (to) =>
    new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve("sent");
      image.onerror = () => resolve("blocked");
      image.src = to;
    }),
  "a script": (to) =>
    new Promise((resolve) => {
      const script = document.createElement("script");
      script.onload = () => resolve("sent");
      script.onerror = () => resolve("blocked");
      script.src = to;
      document.head.append(script);
    }),
  "a frame": (to) =>
    new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", () => resolve("blocked"));
      const frame = document.createElement("iframe");
      frame.src = to;
      document.body.append(frame);
    }),
  "a form": (to) =>
    new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", () => resolve("blocked"));
      const form = document.createElement("form");
      form.action = to;
      document.body.append(form);
      form.submit();
    }),
};

for (const [way, go] of Object.entries(WAYS_OUT)) {
  test(`the Content-Security-Policy forbids ${way}`, async () => {
    const page = await open();
    assert.equal(await page.evaluate(go, `${url}?secret`), "blocked");
    await page.close();
  });
}

test("the inputs are stored only in the session storage of the tab, and the token is stored nowhere", async () => {
  const page = await open("#walk-through");
  const token = await page.locator("#token").inputValue();
  assert.ok(token.length > 100, "the walk-through has a token");
  await write(page, "serviceAccount", "kind: ServiceAccount\nmetadata: {name: typed}\n");
  await page.locator("#theme").click();
  await page.locator("#link").click();
  await addressed(page);
  const [local, session, cookie, databases] = await page.evaluate(async () => [localStorage.length, { ...sessionStorage }, document.cookie, (await indexedDB.databases()).length]);
  assert.deepEqual([local, cookie, databases], [0, "", 0]);
  assert.deepEqual(Object.keys(session), ["irsa-playground"]);
  const kept = session["irsa-playground"];
  const shared = await stateOf(page);
  for (const text of [kept, shared]) {
    assert.match(text, /typed/);
    assert.ok(!text.includes('token":') && !text.includes(token.split(".")[2]), text);
  }
  assert.match(await page.locator("#status").innerText(), /The token is not in it/);
  assert.match(await page.locator(".kept").innerText(), /The token is in neither/);
  await page.close();
});

test("the page links only to the project, and the links send no referrer", async () => {
  const page = await open();
  const links = await page.locator("a").evaluateAll((all) => all.map(({ href }) => href));
  assert.ok(links.length >= 3);
  for (const link of links) assert.match(link, /^https:\/\/(irsa-policy\.github\.io\/irsa-policy\/|github\.com\/irsa-policy\/irsa-policy$)/);
  assert.equal(await page.locator("meta[name=referrer]").getAttribute("content"), "no-referrer");
  await page.close();
});

test("the Content-Security-Policy allows only the page's own scripts and styles", () => {
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(readFileSync(PAGE_FILE, "utf8"));
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[\w+/=]{44}' 'sha256-[\w+/=]{44}' 'wasm-unsafe-eval'; style-src 'nonce-[\w+/=]{22}'; img-src data:; base-uri 'none'; form-action 'none'$/);
});
