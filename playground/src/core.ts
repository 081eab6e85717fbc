// Calls the core: Rust code as a Wasm module, which is part of the page, so that the page loads no other file.

import { explain as explainJson, initSync, review as reviewJson } from "built:bindings";

import { unpacked } from "./packed";

/** The inputs of an explanation. Each object is a string of JSON. */
export interface CoreInputs {
  pod?: string;
  workload?: string;
  serviceAccount?: string;
  settings?: string;
  configMap?: string;
  trustPolicy?: string;
  issuer?: string;
  discovery?: string;
  jwks?: string;
  token?: string;
  namespace?: string;
  role?: string;
  now?: number;
}

export type Outcome = "passed" | "failed" | "unknown" | "skipped";

export interface Detail {
  name: string;
  value: string;
  outcome: Outcome;
}

export interface Step {
  step: string;
  title: string;
  outcome: Outcome;
  says: string;
  reasons: string[];
  /** The places of the reasons: the index of the reason, the input, and the JSON pointer in this input. */
  places: { reason: number; input: string; pointer: string }[];
  fix: string | null;
  /** The edits of the inputs that make the fix, to apply in order. */
  edits: Edit[];
  /** The commands of the fix. */
  commands: string[];
  mistake: string | null;
  details: Detail[];
}

/** An edit of an input: the JSON pointer of a value, and the new value. `null` removes the value. */
export interface Edit {
  input: string;
  pointer: string;
  value: unknown;
}

/** Why an input can't be read, and the place in its JSON. */
export interface InputProblem {
  input: string;
  message: string;
  line: number | null;
  column: number | null;
}

export interface Review {
  decision: "injected" | "unchanged" | "skipped" | "rejected";
  rejection: { code: number; message: string } | null;
  warnings: string[];
  auditAnnotations: Record<string, string>;
  pod: unknown;
}

export interface TrustFix {
  says: string;
  statements: unknown[];
  terraform: string;
  policy: unknown;
  commands: string[];
  alternative: string | null;
}

export interface Explanation {
  outcome: Outcome;
  cause: { step: string; mistake: string | null } | null;
  steps: Step[];
  /** The inputs that the steps with the outcome `unknown` need. */
  missing: string[];
  problems: InputProblem[];
  /** A change of the trust policy that makes it accept the pod. */
  trustFix: TrustFix | null;
  review: Review | null;
}

/** Unpacks and starts the Wasm module. The other functions need it. */
export async function load(): Promise<void> {
  initSync({ module: await (await unpacked("packed-module")).arrayBuffer() });
}

/** Explains a setup. Returns the core's JSON as it is. */
export function explainText(inputs: CoreInputs): string {
  return explainJson(JSON.stringify(inputs));
}

/** A question to the policy about several objects. */
export interface Question {
  objects: string[];
  settings: string | null;
  namespace: string;
  /** Whether the objects are one setup: a pod, its service account and the ConfigMap. */
  isOneSetup: boolean;
}

/** A finding of the policy, and its place: the index of an object, and the JSON pointer in this object. */
export interface Finding {
  name: string;
  level: "reject" | "warn" | "note" | "ignored";
  message: string;
  fix: string;
  object: number;
  pointer: string;
}

/** The policy's answer about an object. `decision` is `null` if it depends on an object that is not in the question. */
export interface Answer extends Omit<Review, "pod" | "decision"> {
  kind: string;
  namespace: string | null;
  name: string;
  decision: Review["decision"] | null;
  findings: Finding[];
  /** The paths to the pod templates in the object, such as `spec.template`. */
  templates: string[];
}

/** Asks the policy about each object. Returns the answers in the order of the objects. */
export function review(question: Question): Answer[] {
  return JSON.parse(reviewJson(JSON.stringify(question))) as Answer[];
}
