// The inputs that the page is tested with: the examples, and what users ran into.

import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

import { parse } from "yaml";

import { setups } from "../setups.mjs";

const read = (file) => parse(readFileSync(new URL(file, import.meta.url), "utf8"));

/** Each with its name and its texts, as the page calls them. A token is apart: no link holds it. */
export const INPUTS = [
  ...setups().map(({ name, inputs }) => ({ name: name.replace(/^\d+-/, ""), isExample: true, inputs: renamed(inputs) })),
  ...read("reports.yaml").map(({ name, inputs }) => ({ name: `report-${name}`, isExample: false, inputs })),
];

/** What has to be marked first: the tab, the line, and the text. `null` where nothing is wrong. */
export const MARKED = read("marked.yaml");

function renamed({ workload, ...inputs }) {
  return workload === undefined ? inputs : { ...inputs, pod: workload };
}

/** The link to texts. */
export function linkTo({ token: _, ...texts }) {
  return `#state=${deflateRawSync(JSON.stringify(texts)).toString("base64url")}`;
}
