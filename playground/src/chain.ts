// The chain as a picture: the steps from the pod to its role in a row, one of them open. It is an ordered list, in which each
// step is a button that opens what is known of it.

import type { Detail, Explanation, Outcome, Step } from "./core";
import { element, prose, spoken } from "./dom";

const SIGNS: Record<Outcome, string> = { passed: "✓", failed: "✗", unknown: "?", skipped: "–" };
const WORDS: Record<Outcome, string> = { passed: "passed", failed: "failed", unknown: "not known", skipped: "not looked at" };

export class Chain {
  private opened: string | null = null;

  constructor(private readonly place: HTMLOListElement) {}

  /** Shows the steps. The cause is open, unless the user opened another. */
  show({ steps, cause }: Explanation, fresh: boolean): void {
    const open = !fresh && this.opened !== null ? this.opened : (cause?.step ?? null);
    this.place.replaceChildren(...steps.map((step) => this.item(step, step.step === cause?.step)));
    this.place.style.setProperty("--steps", String(steps.length));
    this.open(open, fresh ? null : this.opened);
  }

  private item(step: Step, isCause: boolean): HTMLLIElement {
    const button = element(
      "button",
      { type: "button", "aria-expanded": "false", "aria-controls": `step-${step.step}`, "data-step": step.step },
      sign(step.outcome),
      element("span", { class: "title" }, step.title),
      spoken(`: ${WORDS[step.outcome]}`),
    );
    button.addEventListener("click", () => {
      const next = button.getAttribute("aria-expanded") === "true" ? null : step.step;
      this.open(next, next ?? "");
    });
    const panel = element(
      "div",
      { class: "panel", id: `step-${step.step}`, hidden: true },
      element("h3", {}, ...prose(step.says)),
      // Of the cause, the verdict says that already, right above.
      ...(isCause ? [] : why(step)),
      details(step.details),
      step.mistake === null ? null : element("p", { class: "quiet" }, "This mistake is called ", element("code", {}, step.mistake), "."),
    );
    return element("li", { class: step.outcome }, button, panel);
  }

  /** Opens one step, or none. What the user chose stays so until another setup is shown. */
  private open(name: string | null, chosen: string | null): void {
    this.opened = chosen;
    for (const item of this.place.children) {
      const [button, panel] = item.children;
      const isOpen = button instanceof HTMLElement && button.dataset["step"] === name;
      button?.setAttribute("aria-expanded", String(isOpen));
      panel?.toggleAttribute("hidden", !isOpen);
    }
  }
}

export function sign(outcome: Outcome): HTMLElement {
  return element("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome]);
}

/** Why a step turned out as it did, and what to do about it. */
export function why({ reasons, fix }: Step): HTMLElement[] {
  const [first, ...more] = reasons;
  return [
    ...(first === undefined ? [] : [more.length === 0 ? element("p", {}, ...prose(first)) : element("ul", {}, ...reasons.map((reason) => element("li", {}, ...prose(reason))))]),
    ...(fix === null ? [] : [element("p", {}, element("strong", {}, "Fix: "), ...prose(fix))]),
  ];
}

function details(all: Detail[]): HTMLElement | null {
  if (all.length === 0) return null;
  return element(
    "dl",
    { class: "pairs" },
    ...all.flatMap(({ name, value, outcome }) => [
      element("dt", {}, ...prose(name)),
      element("dd", {}, outcome === "skipped" ? null : sign(outcome), element("code", {}, value), outcome === "skipped" ? null : spoken(` ${WORDS[outcome]}`)),
    ]),
  );
}
