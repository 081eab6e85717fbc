// Finds the places to mark in the inputs, for each reason of a step and for each finding of the policy.

import type { Answer, Explanation, Step } from "./core";
import type { Marked } from "./editor";
import { named, type LineName, LINES, type Name, type Question, type Texts } from "./inputs";
import { keySpanOf, spanOf } from "./place";
import type { Span } from "./yaml";

/** A mark, and the input that it is in. */
export interface Mark extends Marked {
  name: Name;
}

/** The marks of an explanation. */
export interface Marks {
  all: Mark[];
  /** The mark at the place to change first. `null` if no place in the inputs has to change. */
  cause: Mark | null;
  /** The marks of each step's reasons, by the name of the step. */
  ofStep: Map<string, Mark[]>;
}

/** Mistakes of a condition for which the key is marked, and not the value. */
const IN_KEY = new Set(["issuerWithScheme", "trailingSlash", "keyNeverSet", "otherProvider", "misspelledProvider", "placeholder", "severalProviders"]);

/** Environment variables that make SDKs use other credentials than the role. */
const CREDENTIALS = /^(?:AWS|AMAZON)_(?:ACCESS_KEY(?:_ID)?|SECRET_(?:ACCESS_)?KEY|SESSION_TOKEN|PROFILE|DEFAULT_PROFILE|SHARED_CREDENTIALS_FILE|CONFIG_FILE|CREDENTIAL_EXPIRATION)$/;

type Place = { reason: number; name: Name; pointer: string; part: "value" | "key" };

export function marksOf(texts: Texts, question: Question, explanation: Explanation, answers: Answer[]): Marks {
  const ofStep = new Map<string, Mark[]>();
  const all: Mark[] = [];
  const context = { texts, question, answers };
  for (const step of explanation.steps) {
    const isCause = step.step === explanation.cause?.step;
    if (step.outcome !== "failed" && step.mistake === null) continue;
    const severity = step.outcome === "failed" ? "error" : isCause ? "warning" : "info";
    const marks = placesOf(step, context).flatMap(({ reason, ...place }): Mark[] => {
      const span = placed(texts, place);
      return span ? [{ ...span, name: place.name, severity, message: step.reasons[reason] ?? step.says }] : [];
    });
    ofStep.set(step.step, marks);
    add(all, marks);
  }
  for (const { findings } of answers) {
    for (const { level, message, name: kind, object, pointer } of findings) {
      const name = question.objects[object]?.name;
      if (name === undefined || level === "ignored" || level === "note") continue;
      const span = placed(texts, { name, pointer, part: ABOUT_KEY.has(kind) ? "key" : "value" });
      if (span) add(all, [{ ...span, name, severity: level === "reject" ? "error" : "warning", message: `${message} [${kind}]` }]);
    }
  }
  const cause = explanation.cause ? (ofStep.get(explanation.cause.step)?.[0] ?? null) : null;
  return { all, cause, ofStep };
}

/** Adds the marks whose place has no mark yet. */
function add(all: Mark[], marks: Mark[]): void {
  for (const mark of marks) {
    if (!all.some(({ name, from, to }) => name === mark.name && from === mark.from && to === mark.to)) all.push(mark);
  }
}

function placed(texts: Texts, { name, pointer, part }: Omit<Place, "reason">): Span | null {
  const text = texts[name];
  if (LINES.includes(name as LineName)) return { from: 0, to: text.length };
  if (part === "key") return keySpanOf(text, pointer) ?? spanOf(text, pointer);
  return spanOf(text, pointer) ?? { from: 0, to: Math.max(text.indexOf("\n"), 0) };
}

type Context = { texts: Texts; question: Question; answers: Answer[] };

function placesOf(step: Step, context: Context): Place[] {
  const given = step.places.flatMap(({ reason, input, pointer }): Place[] => {
    const name = named(input);
    const isKey = step.step === "conditions" && IN_KEY.has(step.mistake ?? "");
    const place: Place = { reason, name, pointer, part: isKey ? "key" : "value" };
    // The operator is wrong, so it is marked first, and then the value that contains the wildcard.
    if (step.mistake === "wildcardInStringEquals") {
      return [{ ...place, pointer: pointer.slice(0, pointer.lastIndexOf("/")), part: "key" }, place];
    }
    return [place];
  });
  const found = ofFindings(step, context).filter(({ name, pointer }) => !given.some((it) => it.name === name && it.pointer === pointer));
  // The place of a finding is more exact, so a place of the step that contains the place of a finding is dropped.
  const exact = given.filter((it) => !found.some(({ name, pointer }) => name === it.name && pointer.startsWith(`${it.pointer}/`)));
  const known = [...elsewhere(step), ...exact, ...found];
  return known.length > 0 ? known : likely(step, context);
}

/** Findings for which the key is marked, and not the value. */
const ABOUT_KEY = new Set(["misspelledAnnotation", "ineffectiveAnnotation", "optedOut"]);

/** The place that the fix edits, if the token's audience is wrong and the condition of the trust policy is right. */
function elsewhere({ mistake, edits }: Step): Place[] {
  if (mistake !== "wrongAudience") return [];
  const others = edits.filter(({ input }) => input !== "trustPolicy");
  return others.map(({ input, pointer }) => ({ reason: 0, name: named(input), pointer, part: "value" }));
}

/** The places of the findings that have the name of a step's mistake, or whose message is one of its reasons. */
function ofFindings({ mistake, reasons }: Step, { question, answers }: Context): Place[] {
  return answers.flatMap(({ findings }) =>
    findings.flatMap(({ name: kind, message, object, pointer }): Place[] => {
      const reason = reasons.findIndex((one) => one.includes(message) || message.endsWith(one.replace(/ \[\w+\]$/, "")));
      const name = question.objects[object]?.name;
      return name !== undefined && (kind === mistake || reason !== -1) ? [{ reason: Math.max(reason, 0), name, pointer, part: ABOUT_KEY.has(kind) ? "key" : "value" }] : [];
    }),
  );
}

/** The likely places of a step for which neither the core nor a finding names a place. */
function likely(step: Step, context: Context): Place[] {
  const { texts, question } = context;
  const at = (name: Name, pointer = ""): Place[] => [{ reason: 0, name, pointer, part: "value" }];
  const line = (name: LineName): Place[] | null => (texts[name].trim() === "" ? null : at(name));
  const words = [step.says, ...step.reasons].join(" ");
  switch (step.step) {
    case "serviceAccount":
      return texts.pod === "" ? at("serviceAccount") : inPod(question, /^serviceAccountName$|^serviceAccount$/) ?? at("pod", "/spec");
    case "credentials":
      return variables(question, (name) => CREDENTIALS.test(name) || words.includes(`\`${name}\``));
    case "injected":
    case "role":
    case "fallback": {
      const set = variables(question, (name) => words.includes(`\`${name}\``));
      const container = /[Cc]ontainer `([^`]+)`/.exec(step.says)?.[1];
      const named = inJson(question.inputs.pod ?? question.inputs.workload, (value, key) => key === "name" && value === container);
      return set.length > 0 || named === null ? set : at("pod", named);
    }
    case "token": {
      const audience = inJson(question.inputs.serviceAccount, (_, key) => key.endsWith("/audience"));
      return line("token") ?? (audience ? at("serviceAccount", audience) : variables(question, (name) => words.includes(`\`${name}\``)));
    }
    case "issuer":
      if (/discovery/.test(words) && texts.issuer === "") return at("discovery", "/issuer");
      if (/JWKS|key/.test(step.says) && texts.jwks !== "" && step.mistake !== "trailingSlash") return at("jwks", "/keys");
      return line("issuer") ?? (texts.discovery === "" ? [] : at("discovery", "/issuer"));
    case "region": {
      const set = variables(question, (name) => words.includes(`\`${name}\``));
      if (set.length > 0) return set;
      // If the setting is there, the pod lacks the region only because it is older than the setting: no input has to
      // change.
      const isInSettings = inJson(question.inputs.settings, (_, __, pointer) => pointer === "/region") !== null;
      return step.mistake === "noRegion" && isInSettings ? [] : at("settings", "/region");
    }
    default:
      return texts.trustPolicy === "" ? [] : at("trustPolicy");
  }
}

/** The places of the environment variables whose name is wanted. */
function variables({ inputs }: Question, isWanted: (name: string) => boolean): Place[] {
  const places: Place[] = [];
  walk(inputs.pod ?? inputs.workload, (value, pointer) => {
    const name = (value as { name?: unknown } | null)?.name;
    if (/\/env\/\d+$/.test(pointer) && typeof name === "string" && isWanted(name)) places.push({ reason: 0, name: "pod", pointer: `${pointer}/name`, part: "value" });
  });
  return places;
}

function inPod({ inputs }: Question, key: RegExp): Place[] | null {
  const pointer = inJson(inputs.pod ?? inputs.workload, (_, name) => key.test(name));
  return pointer === null ? null : [{ reason: 0, name: "pod", pointer, part: "value" }];
}

/** The pointer of the first value of a JSON text that fits. `null` if none fits. */
function inJson(json: string | undefined, isIt: (value: unknown, key: string, pointer: string) => boolean): string | null {
  let found: string | null = null;
  walk(json, (value, pointer, key) => {
    if (found === null && isIt(value, key, pointer)) found = pointer;
  });
  return found;
}

/** Visits each value of a JSON text, with its pointer and its key. */
function walk(json: string | undefined, visit: (value: unknown, pointer: string, key: string) => void): void {
  const go = (value: unknown, pointer: string, key: string): void => {
    visit(value, pointer, key);
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) go(member, `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`, name);
  };
  try {
    if (json !== undefined) go(JSON.parse(json), "", "");
  } catch {
    // The core reports what is wrong with the text.
  }
}
