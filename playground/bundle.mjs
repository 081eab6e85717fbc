// Makes the page, one file that needs no other: `node bundle.mjs BINDINGS OUT`. Prints the sizes.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { setups } from "./setups.mjs";

const [bindings, out] = process.argv.slice(2);
const here = import.meta.dirname;
const wasm = readFileSync(join(bindings, "playground_bg.wasm"));
const built = {
  "built:module": `export default ${JSON.stringify(deflateRawSync(wasm, { level: 9 }).toString("base64"))}`,
  "built:setups": `export default ${JSON.stringify(setups())}`,
};

const { outputFiles } = await build({
  entryPoints: [join(here, "src/main.ts")],
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
const script = outputFiles[0].text.trim();
const style = readFileSync(join(here, "style.css"), "utf8").replace(/\/\*[^]*?\*\//g, "");

const hash = (text) => createHash("sha256").update(text).digest("base64");
const parts = {
  SCRIPT: script,
  SCRIPT_HASH: `sha256-${hash(script)}`,
  STYLE: style,
  // The editor makes its styles as it runs, so they have no hash that is known here.
  NONCE: hash(style + script).slice(0, 22),
};
const page = readFileSync(join(here, "index.html"), "utf8").replace(/%([A-Z_]+)%/g, (_, name) => parts[name]);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "index.html"), page);

const kilobytes = (size) => `${(size / 1000).toFixed(0).padStart(6)} kB`;
for (const [name, bytes] of Object.entries({ "Wasm": wasm, "script, with the Wasm": script, "page": page })) {
  console.log(`${name.padEnd(24)}${kilobytes(Buffer.byteLength(bytes))}${kilobytes(gzipSync(bytes, { level: 9 }).length)} gzipped`);
}
