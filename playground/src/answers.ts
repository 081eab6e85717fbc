// Shows the policy's answer about the object in the input, and about the pod that a workload creates. Each answer has
// its own heading, and below it the pod after admission.

import { stringify } from "yaml";

import type { Answer, Explanation, Review } from "./core";
import { diff, type Line } from "./diff";
import { element, prose, spoken } from "./dom";
import type { Question } from "./inputs";
import { code } from "./shorten";

const SIGNS: Record<Line["kind"], [sign: string, words: string]> = {
  same: [" ", ""],
  added: ["+", "added: "],
  removed: ["-", "removed: "],
  "left-out": [" ", ""],
};

const DECISIONS: Record<Review["decision"], string> = {
  injected: "accepted, and the role is added",
  unchanged: "accepted as it is",
  skipped: "accepted, not checked",
  rejected: "rejected",
};

/** Shows the answers. The first answer is about the pod or the workload, if there is one. */
export function showAnswers(place: HTMLElement, question: Question, answers: Answer[], { review, cause, problems }: Explanation): void {
  const [given] = answers;
  if (!given || problems.length > 0) {
    place.replaceChildren(element("p", { class: "quiet" }, problems.length > 0 ? "The policy's answer appears when every input can be read." : "Add a pod, a workload or a service account to see the policy's answer."));
    return;
  }
  const isPod = question.inputs.pod !== undefined;
  const isWorkload = question.inputs.workload !== undefined;
  const isElsewhere = cause !== null && !["serviceAccount", "role", "allowed", "injected"].includes(cause.step);
  const name = `${given.kind === "" ? "Object" : given.kind}${given.name === "" ? "" : ` ${given.name}`}`;
  if (isPod) {
    // For a pod, `given` and `review` are about the same object, so only one answer is shown.
    const before = JSON.parse(question.inputs.pod ?? "null") as unknown;
    place.replaceChildren(...part(name, review), ...after(before, review, isElsewhere));
    return;
  }
  const own = given.decision === null ? null : { ...given, decision: given.decision };
  const parts = part(name, own, isWorkload ? "The policy checks workloads, but never changes them." : null);
  if (isWorkload && given.templates.length > 0) {
    const [path = ""] = given.templates;
    const more = given.templates.length - 1;
    parts.push(...part("The pod that it creates", review, more === 0 ? null : `The workload has ${given.templates.length} pod templates. This is the pod of the first, \`${path}\`.`));
    parts.push(...after(templatePod(question.inputs.workload ?? "null", path, question.namespace), review, isElsewhere));
  }
  place.replaceChildren(...parts);
}

/** The heading and the answer about one object. */
function part(title: string, answer: Omit<Review, "pod"> | null, note: string | null = null): HTMLElement[] {
  const heading = element("h3", {}, title);
  if (!answer) return [heading, element("p", {}, "The answer depends on objects that are missing here, such as the service account.")];
  const { decision, rejection, warnings, auditAnnotations } = answer;
  const refused = rejection ? rejection.message.split("\n").filter((line) => line !== "") : [];
  return [
    heading,
    element("p", { class: `decision ${decision}` }, element("strong", {}, sentence(DECISIONS[decision])), rejection ? ` Status code: ${rejection.code}.` : "", ...(note === null ? [] : [" ", ...prose(note)])),
    ...messages("refused", refused),
    ...messages("warned", warnings),
    element(
      "details",
      {},
      element("summary", {}, "Audit annotations"),
      element("dl", { class: "pairs" }, ...Object.entries(auditAnnotations).flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, code(value))])),
    ),
  ];
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function messages(kind: string, lines: string[]): HTMLElement[] {
  return lines.length === 0 ? [] : [element("ul", { class: `messages ${kind}` }, ...lines.map((line) => element("li", {}, ...prose(line))))];
}

/** The pod after admission, with the added lines. It is closed if the fault is not in what the policy does. */
function after(before: unknown, review: Review | null, isElsewhere: boolean): HTMLElement[] {
  if (!review || review.pod === null) return [];
  const [old, made] = [yaml(before), yaml(review.pod)];
  if (old === made) return [element("p", { class: "quiet" }, "Nothing is added to the pod.")];
  const lines = diff(old, made);
  const count = (wanted: Line["kind"]): number => lines.filter(({ kind }) => kind === wanted).length;
  const [added, removed] = [count("added"), count("removed")];
  const words = `The pod after admission: ${added} ${added === 1 ? "line" : "lines"} added${removed === 0 ? "" : `, ${removed} removed`}`;
  return [
    element(
      "details",
      { class: isElsewhere ? "elsewhere" : "", open: !isElsewhere },
      element("summary", {}, words, isElsewhere ? " (not the cause)" : ""),
      element("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "The pod, with the added lines marked" }, ...lines.map(row)),
    ),
  ];
}

function row({ kind, text }: Line): HTMLElement {
  const [sign, words] = SIGNS[kind];
  const made = element("span", { class: kind }, element("span", { "aria-hidden": "true" }, `${sign} `), words === "" ? null : spoken(words), `${text}\n`);
  made.style.setProperty("--indent", `${/^[ ]*(?:- )*/.exec(text)?.[0].length ?? 0}ch`);
  return made;
}

/** The pod that a workload creates from the template at this path. */
function templatePod(json: string, path: string, namespace: string): unknown {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const template = keys.reduce<unknown>((here, key) => (here as Record<string, unknown> | null)?.[key], JSON.parse(json)) as { metadata?: unknown; spec?: unknown } | undefined;
  const metadata = typeof template?.metadata === "object" && template.metadata !== null ? (template.metadata as Record<string, unknown>) : {};
  return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, namespace: metadata["namespace"] ?? namespace }, spec: template?.spec };
}

function yaml(object: unknown): string {
  return stringify(object, { lineWidth: 0, version: "1.1" }).trimEnd();
}
