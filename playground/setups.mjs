// The setups of `explain/setups/`, with each object as a string: as a user would have it in an editor.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { parse, stringify } from "yaml";

const FOLDER = new URL("../explain/setups/", import.meta.url);

/** What AWS has in JSON. */
const JSON_INPUTS = ["trustPolicy", "discovery", "jwks"];

export function setups() {
  return readdirSync(FOLDER).sort().map((file) => {
    const { title, question, inputs, expected } = parse(readFileSync(new URL(file, FOLDER), "utf8"));
    const texts = Object.entries(inputs).map(([name, value]) => [name, text(name, value)]);
    return { name: basename(file, ".yaml"), title, question, inputs: Object.fromEntries(texts), expected };
  });
}

function text(name, value) {
  if (typeof value !== "object") return String(value);
  return JSON_INPUTS.includes(name) ? JSON.stringify(value, null, 2) : stringify(value, { lineWidth: 0, version: "1.1" });
}
