// What it comes to, first: the cause, or that there is none.

import { sign, why } from "./chain";
import type { Explanation, Outcome } from "./core";
import { element, prose } from "./dom";
import { OBJECTS, type Name, type ObjectName } from "./inputs";

const HEADINGS: Record<Outcome, string> = {
  passed: "The pod gets its role",
  failed: "The pod does not get its role",
  unknown: "Nothing is wrong so far, but not all is known",
  skipped: "There is nothing to look at",
};

/** Shows the outcome, and the step that decided it: what is wrong, why, and how to mend it. */
export function showVerdict(place: HTMLElement, { outcome, cause, steps }: Explanation): void {
  const decisive = steps.find(({ step }) => step === cause?.step) ?? steps.find((step) => step.outcome === outcome && outcome !== "passed");
  if (!decisive) return show(place, outcome, HEADINGS[outcome], element("p", {}, "Every step from the pod to STS is right."));
  const { title, says } = decisive;
  show(place, outcome, HEADINGS[outcome], element("p", {}, element("strong", {}, `${title}: `), ...prose(says)), ...why(decisive));
}

/** Shows what to begin with, where nothing was given. */
export function showBeginning(place: HTMLElement): void {
  const words = "Give it what you have: a pod, its service account, the trust policy of its role. Or start from an example.";
  show(place, "skipped", "There is nothing to look at yet", element("p", {}, words));
}

/** An input that can't be read, and where. */
export interface Unreadable {
  name: Name;
  message: string;
  line: number | null;
  go: () => void;
}

/** Shows what can't be read. */
export function showUnreadable(place: HTMLElement, unreadable: Unreadable[]): void {
  const lines = unreadable.map(({ name, message, line, go }) => {
    const button = element("button", { type: "button", class: "link" }, line === null ? label(name) : `${label(name)}, line ${line}`);
    button.addEventListener("click", go);
    return element("li", {}, button, ": ", ...prose(message));
  });
  show(place, "failed", "This can't be read", element("ul", {}, ...lines));
}

function show(place: HTMLElement, outcome: Outcome, heading: string, ...content: (HTMLElement | null)[]): void {
  place.className = `verdict ${outcome}`;
  place.replaceChildren(sign(outcome), element("div", {}, element("h2", {}, heading), ...content.filter((part) => part !== null)));
}

function label(name: Name): string {
  return name in OBJECTS ? OBJECTS[name as ObjectName] : name;
}
