// Reads the setups of `explain/setups/`, with each input as a string, as a user would type it into an editor.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

import { parse, stringify } from "yaml";

const FOLDER = new URL("../explain/setups/", import.meta.url);

/** The inputs that AWS writes as JSON. */
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
