// Writes the page as one file that needs no other file, and prints its size: `node bundle.mjs BINDINGS OUT`.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { setups } from "./setups.mjs";

const SITE = "https://irsa-policy.github.io/irsa-policy/";
const [bindings, out] = process.argv.slice(2);
const here = import.meta.dirname;
const built = { "built:setups": `export default ${JSON.stringify(setups())}` };

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    plugins: [
      {
        name: "built",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^built:bindings$/ }, () => ({ path: join(bindings, "playground.js") }));
          onResolve({ filter: /^built:/ }, ({ path }) => ({ path, namespace: "built" }));
          onLoad({ filter: /.*/, namespace: "built" }, ({ path }) => ({ contents: built[path] }));
        },
      },
    ],
  });
  return outputFiles[0].text.trim();
}

const wasm = readFileSync(join(bindings, "playground_bg.wasm"));
const script = await bundled("main.ts");
const boot = await bundled("boot.ts");
const style = readFileSync(join(here, "style.css"), "utf8").replace(/\/\*[^]*?\*\//g, "").replace(/\s*\n\s*/g, "\n");

const hash = (text) => createHash("sha256").update(text).digest("base64");
const packed = (bytes) => deflateRawSync(bytes, { level: 9, memLevel: 9 }).toString("base64");
const parts = {
  SITE,
  URL: `${SITE}playground/`,
  SOURCE: "https://github.com/irsa-policy/irsa-policy",
  BOOT: boot,
  BOOT_HASH: `sha256-${hash(boot)}`,
  SCRIPT: packed(script),
  SCRIPT_HASH: `sha256-${hash(script)}`,
  MODULE: packed(wasm),
  STYLE: style,
  // The editor creates its styles while it runs, so their hash is not known here. They are allowed by this nonce.
  NONCE: hash(style + script).slice(0, 22),
};
const page = readFileSync(join(here, "index.html"), "utf8").replace(/%([A-Z_]+)%/g, (_, name) => parts[name]);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "index.html"), page);
// The preview picture for links to the page. The page itself does not load it.
copyFileSync(join(here, "card.png"), join(out, "card.png"));

const kilobytes = (size) => `${(size / 1000).toFixed(0).padStart(6)} kB`;
for (const [name, bytes] of Object.entries({ "Wasm": wasm, "script": script, "page": page })) {
  console.log(`${name.padEnd(24)}${kilobytes(Buffer.byteLength(bytes))}${kilobytes(gzipSync(bytes, { level: 9 }).length)} gzipped`);
}
