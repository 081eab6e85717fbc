// A real Chromium, and the page as a site serves it. Chromium is Debian's, or the one that CHROMIUM names; none is downloaded.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { chromium } from "playwright-core";

/** The folder that `build` wrote the page to. */
const BUILT = process.env.PLAYGROUND ?? new URL("../../target/playground", import.meta.url).pathname;

export const PAGE_FILE = `${BUILT}/index.html`;

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });

/** Serves the page on this machine; `requests` are the paths that were asked for. */
export async function serve() {
  const requests = [];
  const page = readFileSync(PAGE_FILE);
  const server = createServer(({ url }, response) => {
    requests.push(url);
    if (url === "/") response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, close: () => server.close() };
}

/** Waits until the core has said something of the setup that is there. */
export const explained = (page) => page.waitForFunction(() => document.querySelectorAll("#chain > li").length > 0);
