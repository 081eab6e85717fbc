// check-search.mjs SITE: searches the site for words that readers type. Fails if the expected page is not among the
// first results.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// The words of a search, and the page to which one of the first results must lead.
const expected = {
  "uninstall": "operating.html",
  "tutorial": "quickstart.html",
  "eksctl": "recipes.html",
  "terraform": "recipes.html",
  "argocd": "recipes.html",
  "FAQ": "troubleshooting.html",
  "AccessDenied": "troubleshooting.html",
  "Pod Identity": "comparison.html",
  "kube-system": "operating.html",
  "restart": "troubleshooting.html",
  "install": "install.html",
  "kubeadm": "install.html",
  "trust policy": "recipes.html",
};
const FIRST = 10;

const site = process.argv[2];
const file = (start) => join(site, readdirSync(site).find((name) => name.startsWith(start) && name.endsWith(".js")));
const elasticlunr = createRequire(import.meta.url)(file("elasticlunr"));
// The index is a script that fills `window.search`.
const window = { search: {} };
new Function("window", readFileSync(file("searchindex"), "utf8"))(window);
const { doc_urls: urls, index: data, search_options: options } = window.search;
const index = elasticlunr.Index.load(data);

let failed = false;
for (const [words, page] of Object.entries(expected)) {
  const pages = index.search(words, options).slice(0, FIRST).map(({ ref }) => urls[ref].split("#")[0]);
  const rank = pages.indexOf(page) + 1;
  failed ||= rank === 0;
  console.log(`${words}: ${page} ${rank ? `is result ${rank}` : `is not found: ${pages.join(", ") || "no results"}`}`);
}
process.exit(failed ? 1 : 0);
