// Makes card.png, the preview picture for links to the page: a screenshot of the page's start in a real Chromium, which
// is Debian's or the program that the variable CHROMIUM names. `node card.mjs PAGE`.

import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [page] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
// The size is also in index.html: `og:image:width` and `og:image:height`.
const tab = await browser.newPage({ viewport: { width: 1200, height: 630 }, colorScheme: "light" });
await tab.goto(pathToFileURL(resolve(page)).href);
await tab.locator("html[data-opened]").waitFor();
await tab.screenshot({ path: join(import.meta.dirname, "card.png"), animations: "disabled" });
await browser.close();
