// Starts a real Chromium, and serves the page like a site. Uses Debian's Chromium, or the program that the variable
// CHROMIUM names. Downloads no browser.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after } from "node:test";

import { chromium } from "playwright-core";

/** The file that `build` wrote. */
export const PAGE_FILE = `${process.env.PLAYGROUND ?? new URL("../../target/playground", import.meta.url).pathname}/index.html`;

/** The time limit for each action, in milliseconds. It is long, because the machine may be busy. */
export const PATIENCE = 120_000;

export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** Serves the page on this machine, and starts a browser, for the tests of one file. */
export async function start() {
  const page = readFileSync(PAGE_FILE);
  const server = createServer(({ url }, response) => {
    if (url === "/") response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
  after(async () => {
    await browser.close();
    server.close();
  });
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { browser, url, open: (fragment = "", options = DESKTOP) => open(browser, url + fragment, options) };
}

/** Opens the page, and waits for its first explanation. `errors` collects the errors of the page, for assertions. */
export async function open(browser, url, options = DESKTOP) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE);
  page.requests = [];
  page.errors = [];
  page.on("request", (request) => page.requests.push(request.url()));
  page.on("pageerror", (error) => page.errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
  await page.goto(url);
  await page.locator("#chain > li").first().waitFor();
  return page;
}

/** Replaces the text of an editor, and waits until the page has explained the new text. */
export async function write(page, name, text) {
  const panel = await page.locator(`#${name}`).evaluate((place) => place.closest("[role=tabpanel]").id);
  await page.locator(`[aria-controls="${panel}"]`).click();
  await paste(page, name, text);
  await settled(page);
}

/** Selects the whole text of an editor and pastes a string, as a user does. */
async function paste(page, name, text) {
  const content = page.locator(`#${name} .cm-content`);
  await content.focus();
  await page.keyboard.press("Control+A");
  if (text === "") return page.keyboard.press("Delete");
  return content.evaluate((place, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** Waits until the page has explained the last input. */
export const settled = (page) => page.locator("#verdict:not([aria-busy])").waitFor();

/** The whole text of an editor, including lines that are scrolled out of view. */
export const textOf = (page, name) => page.locator(`#${name} .cm-content`).evaluate((content) => content.cmTile.root.view.state.doc.toString());

/** The explanation that the page shows. */
export const explained = async (page) => JSON.parse(await page.locator("#json").textContent());

/** Waits until the page has updated the address. */
export const addressed = (page) => page.waitForTimeout(700);

/** The texts that the fragment of the address contains, as JSON. */
export async function stateOf(page) {
  return page.evaluate(async (fragment) => {
    const bytes = Uint8Array.from(atob(fragment.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  }, page.url().split("#state=")[1]);
}
