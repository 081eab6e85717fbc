// What it comes to, first: the cause, or that there is none.

import { sign } from "./chain";
import type { Explanation, Outcome } from "./core";
import { element, prose } from "./dom";
import { OBJECTS, type Name, type ObjectName } from "./inputs";

const HEADINGS: Record<Outcome, string> = {
  passed: "The pod gets its role",
  failed: "The pod does not get its role",
  unknown: "Nothing is wrong so far, but not all is known",
  skipped: "There is nothing to look at yet",
};

/** Shows the outcome, and the step that decided it. */
export function showVerdict(place: HTMLElement, { outcome, cause, steps }: Explanation): void {
  const decisive = steps.find(({ step }) => step === cause?.step) ?? steps.find((step) => step.outcome === outcome && outcome !== "passed");
  const words = decisive ? [element("strong", {}, `${decisive.title}: `), ...prose(decisive.says)] : ["Every step from the pod to STS is right."];
  show(place, outcome, HEADINGS[outcome], element("p", {}, ...words), decisive?.fix ? element("p", {}, element("strong", {}, "Fix: "), ...prose(decisive.fix)) : null);
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
