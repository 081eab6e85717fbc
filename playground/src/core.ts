// The core: Rust, as Wasm that is in the page itself, so that nothing has to be loaded.

import { explain as explainJson, initSync, review as reviewJson } from "built:bindings";

import { unpacked } from "./packed";

/** What the core is told; the JSON of each object as a string. */
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
  /** Where reasons are: the position of the reason, the input, and the JSON pointer in it. */
  places: { reason: number; input: string; pointer: string }[];
  fix: string | null;
  mistake: string | null;
  details: Detail[];
}

/** What is wrong with an input, and where in its JSON. */
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
  /** The inputs that unknown steps need. */
  missing: string[];
  problems: InputProblem[];
  /** A change of the trust policy that makes it accept the pod. */
  trustFix: TrustFix | null;
  review: Review | null;
}

/** Makes the core ready. */
export async function load(): Promise<void> {
  initSync({ module: await (await unpacked("packed-module")).arrayBuffer() });
}

/** The explanation, as the core's JSON. */
export function explainText(inputs: CoreInputs): string {
  return explainJson(JSON.stringify(inputs));
}

/** What the policy is asked about several objects. */
export interface Question {
  objects: string[];
  settings: string | null;
  namespace: string;
  /** The objects are the pod, its service account and the ConfigMap, and not all that a cluster has. */
  isOneSetup: boolean;
}

/** A finding of the policy, and its place: a JSON pointer in the object of that position. */
export interface Finding {
  name: string;
  level: "reject" | "warn" | "note" | "ignored";
  message: string;
  fix: string;
  object: number;
  pointer: string;
}

/** The policy's answer about one object. `decision` is `null` if it depends on an object that is not there. */
export interface Answer extends Omit<Review, "pod" | "decision"> {
  kind: string;
  namespace: string | null;
  name: string;
  decision: Review["decision"] | null;
  findings: Finding[];
  /** The paths of its pod templates, such as `spec.template`. */
  templates: string[];
}

/** The policy's answers, one for each object. */
export function review(question: Question): Answer[] {
  return JSON.parse(reviewJson(JSON.stringify(question))) as Answer[];
}
