// The core: Rust, as Wasm that the page holds within itself, so that nothing has to be loaded.

import { explain as bound, initSync } from "built:bindings";
import module from "built:module";

/** What the core is told; the JSON of each object as a text. */
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

export interface Explanation {
  outcome: Outcome;
  cause: { step: string; mistake: string | null } | null;
  steps: Step[];
  problems: InputProblem[];
  review: Review | null;
}

/** Makes the core ready. */
export async function load(): Promise<void> {
  const packed = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  initSync({ module: await new Response(stream).arrayBuffer() });
}

/** What the core says, as it says it. */
export function explainText(inputs: CoreInputs): string {
  return bound(JSON.stringify(inputs));
}
