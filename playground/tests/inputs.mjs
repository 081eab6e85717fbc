// The inputs that the tests use: the examples, and the setups of reports.yaml.

import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

import { parse } from "yaml";

import { setups } from "../setups.mjs";

const read = (file) => parse(readFileSync(new URL(file, import.meta.url), "utf8"));

/** The inputs, each with its name and its texts by the page's names. */
export const INPUTS = [
  ...setups().map(({ name, inputs }) => ({ name: name.replace(/^\d+-/, ""), isExample: true, inputs: renamed(inputs) })),
  ...read("reports.yaml").map(({ name, inputs }) => ({ name: `report-${name}`, isExample: false, inputs })),
];

/** What the page must mark first, by the name of the input: tab and line, and the marked text. `null`: nothing. */
export const MARKED = read("marked.yaml");

function renamed({ workload, ...inputs }) {
  return workload === undefined ? inputs : { ...inputs, pod: workload };
}

/** The fragment of a link with these texts, without the token, which no link contains. */
export function linkTo({ token: _, ...texts }) {
  return `#state=${deflateRawSync(JSON.stringify(texts)).toString("base64url")}`;
}
