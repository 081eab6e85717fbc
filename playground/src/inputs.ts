// The inputs as a user types them, and their conversion to the inputs of the core.

import type { CoreInputs, InputProblem } from "./core";
import { locate } from "./path";
import { convert, type Problem, type Span } from "./yaml";

/** The inputs that are objects or documents. Each has an editor, with this title. */
export const OBJECTS = {
  pod: "Pod",
  serviceAccount: "Service account",
  settings: "Settings",
  trustPolicy: "Trust policy",
  configMap: "ConfigMap of roles",
  discovery: "Discovery document",
  jwks: "Keys (JWKS)",
} as const;

/** All editors: one for each object, and one for many objects at once. */
export const EDITORS = { ...OBJECTS, objects: "All objects" } as const;

/** The inputs that are one line of text. */
export const LINES = ["issuer", "namespace", "role", "now", "token"] as const;

export type ObjectName = keyof typeof OBJECTS;
export type LineName = (typeof LINES)[number];
export type EditorName = keyof typeof EDITORS;
export type Name = EditorName | LineName;

/** The texts that the user typed. An empty text means that the input is not given. */
export type Texts = Record<Name, string>;

export const OBJECT_NAMES = Object.keys(OBJECTS) as ObjectName[];
export const EDITOR_NAMES = Object.keys(EDITORS) as EditorName[];
export const NAMES: readonly Name[] = [...EDITOR_NAMES, ...LINES];
export const EMPTY: Texts = Object.fromEntries(NAMES.map((name) => [name, ""])) as Texts;

/** Inputs that AWS reads only as JSON. They may still be YAML, as a trust policy in CloudFormation is. */
const STRICT: readonly Name[] = ["trustPolicy", "discovery", "jwks"];

/** The inputs for the core, and a function that finds the places of its problems in the user's texts. */
export interface Question {
  inputs: CoreInputs;
  /** The objects that the policy is asked about, each with the name of its input. */
  objects: { name: ObjectName; json: string }[];
  /** The namespace of the pod. */
  namespace: string;
  /** Finds the place of a problem in the text of its input. */
  place: (problem: InputProblem) => Span;
}

/** Converts the texts to inputs of the core. Returns the problems if texts can't be read. */
export function ask(texts: Texts, clock: () => number): { question: Question; problems: null } | { question: null; problems: Map<Name, Problem> } {
  const inputs: CoreInputs = {};
  const origins = new Map<string, { json: string; origin: (offset: number) => Span }>();
  const problems = new Map<Name, Problem>();
  for (const name of OBJECT_NAMES) {
    if (texts[name].trim() === "") continue;
    const { json, origin, problem } = convert(texts[name], STRICT.includes(name));
    if (problem) {
      problems.set(name, problem);
    } else {
      const input = name === "pod" && isWorkload(json) ? "workload" : name;
      inputs[input] = json;
      origins.set(input, { json, origin });
    }
  }
  for (const name of ["issuer", "namespace", "role", "token"] as const) {
    const text = texts[name].trim();
    if (text !== "") inputs[name] = text;
  }
  const now = texts.now.trim();
  if (!/^\d{0,12}$/.test(now)) {
    // The message does not repeat the input, because it may be a token in the wrong field.
    problems.set("now", { message: "expected a time in seconds since 1970, digits only", from: 0, to: texts.now.length });
  }
  // The core needs the time only to check a token.
  if (now !== "") inputs.now = Number(now);
  else if (inputs.token !== undefined) inputs.now = clock();
  if (problems.size > 0) return { question: null, problems };
  const objects = (["pod", "serviceAccount", "configMap"] as const).flatMap((name) => {
    const json = name === "pod" ? (inputs.pod ?? inputs.workload) : inputs[name];
    return json === undefined ? [] : [{ name, json }];
  });
  const namespaces = objects.map(({ json }) => metadata(json, "namespace"));
  return {
    question: {
      inputs,
      objects,
      namespace: inputs.namespace ?? namespaces.find((one) => one !== "") ?? "default",
      place: ({ input, message, line, column }) => {
        const found = origins.get(input);
        const nowhere = { from: 0, to: 0 };
        if (!found) return nowhere;
        if (line !== null) return found.origin(offset(found.json, line, column ?? 1));
        return locate(texts[named(input)], message) ?? nowhere;
      },
    },
    problems: null,
  };
}

/** The page's name of an input of the core: the core has `pod` and `workload`, and the page only `pod`. */
export function named(input: string): Name {
  return input === "workload" ? "pod" : (input as Name);
}

/** A string of an object's metadata. Empty if the object has no such string. */
export function metadata(json: string, key: "name" | "namespace"): string {
  try {
    const value = (JSON.parse(json) as { metadata?: Record<string, unknown> | null } | null)?.metadata?.[key];
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}

function isWorkload(json: string): boolean {
  try {
    const { kind } = JSON.parse(json) as { kind?: unknown };
    return typeof kind === "string" && kind !== "Pod";
  } catch {
    return false;
  }
}

/** The offset of a line and a column in a string. Both start at 1, and the column counts bytes. */
function offset(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, one) => length + one.length + 1, 0);
  const before = new TextEncoder().encode(lines[line - 1]).slice(0, Math.max(column - 1, 0));
  return Math.min(start + new TextDecoder().decode(before).length, Math.max(text.length - 1, 0));
}
