// What the policy answers: its decision, why it refuses, what it warns of, what the audit log gets.

import type { Review } from "./core";
import { element, prose } from "./dom";

const DECISIONS: Record<Review["decision"], string> = {
  injected: "The policy accepts it and adds the role.",
  unchanged: "The policy accepts it as it is.",
  skipped: "The policy does not look at it.",
  rejected: "The policy refuses it.",
};

export function showFindings(place: HTMLElement, review: Review | null): void {
  place.replaceChildren(...(review ? content(review) : [element("p", {}, "The policy has not been asked.")]));
}

function content({ decision, rejection, warnings, auditAnnotations }: Review): HTMLElement[] {
  const refused = rejection ? rejection.message.split("\n").filter((line) => line !== "") : [];
  return [
    element("p", {}, DECISIONS[decision], rejection ? ` The status is ${rejection.code}.` : ""),
    ...messages("Refused because", "refused", refused),
    ...messages("Warnings", "warned", warnings),
    ...(refused.length + warnings.length === 0 ? [element("p", { class: "quiet" }, "It finds nothing to refuse or to warn of.")] : []),
    element("h3", {}, "For the audit log"),
    element(
      "dl",
      { class: "pairs" },
      ...Object.entries(auditAnnotations).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, element("code", {}, value))]),
    ),
  ];
}

function messages(title: string, kind: string, lines: string[]): HTMLElement[] {
  if (lines.length === 0) return [];
  return [element("h3", {}, title), element("ul", { class: `messages ${kind}` }, ...lines.map((line) => element("li", {}, ...prose(line))))];
}
