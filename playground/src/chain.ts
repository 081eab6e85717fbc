// The chain: a list of the steps from the pod to its role. Consecutive steps that passed are folded into one line. Each
// step is a button that opens its details.

import type { Detail, Explanation, Outcome, Step } from "./core";
import { button, element, prose, spoken } from "./dom";
import type { Mark, Marks } from "./marks";
import { code } from "./shorten";

const SIGNS: Record<Outcome, string> = { passed: "✓", failed: "✗", unknown: "?", skipped: "–" };
const WORDS: Record<Outcome, string> = { passed: "passed", failed: "failed", unknown: "not known", skipped: "not checked" };

/** Puts the cursor at a mark, and describes where the mark is. */
export interface Guide {
  go: (mark: Mark) => void;
  where: (mark: Mark) => string;
}

export class Chain {
  private opened: string | null = null;
  private unfolded = new Set<string>();

  constructor(
    private readonly place: HTMLOListElement,
    private readonly guide: Guide,
  ) {}

  /** Shows the steps. `fresh`: the setup is new, so nothing of the old one stays open. */
  show({ steps, cause, outcome }: Explanation, marks: Marks, fresh: boolean): void {
    if (fresh) {
      this.opened = null;
      this.unfolded = new Set(outcome === "passed" ? ["passed"] : []);
    }
    const isFolded = (step: Step): boolean => (step.outcome === "passed" || step.outcome === "skipped") && step.mistake === null;
    const groups = new Map<string, Step[]>();
    const rows: HTMLLIElement[] = [];
    // Consecutive steps that passed (or were skipped) become one line, at their place in the list.
    let run: Step[] = [];
    const close = (): void => {
      const [first] = run;
      if (first && run.length > 1) {
        const name = `${first.outcome}-${first.step}`;
        groups.set(name, run);
        rows.push(this.fold(name, run));
      }
      rows.push(...run.map((step) => this.item(step, step.step === cause?.step, marks.ofStep.get(step.step) ?? [], run.length > 1 ? `${first?.outcome}-${first?.step}` : null)));
      run = [];
    };
    for (const step of steps) {
      if (run.length > 0 && (!isFolded(step) || run[0]?.outcome !== step.outcome)) close();
      run.push(step);
      if (!isFolded(step)) close();
    }
    close();
    this.place.replaceChildren(...rows);
    if (outcome === "passed" && fresh) for (const name of groups.keys()) this.unfolded.add(name);
    this.update();
  }

  /** The line that replaces several folded steps. */
  private fold(name: string, steps: Step[]): HTMLLIElement {
    const outcome = steps[0]?.outcome ?? "passed";
    const line = button("", "fold", () => {
      if (!this.unfolded.delete(name)) this.unfolded.add(name);
      this.update();
    });
    line.dataset["fold"] = name;
    line.append(sign(outcome), element("span", { class: "title" }, `${steps.length} ${WORDS[outcome]}`), element("span", { class: "names", "aria-hidden": "true" }, steps.map(({ title }) => title).join(" · ")));
    return element("li", { class: `${outcome} group` }, line);
  }

  private item(step: Step, isCause: boolean, marks: Mark[], group: string | null): HTMLLIElement {
    const line = button("", "", () => {
      this.opened = this.opened === step.step ? null : step.step;
      this.update();
    });
    line.dataset["step"] = step.step;
    line.setAttribute("aria-controls", `step-${step.step}`);
    line.append(
      sign(step.outcome),
      element("span", { class: "title" }, step.title),
      spoken(`: ${WORDS[step.outcome]}`),
      isCause ? element("span", { class: "names" }, "the cause") : "",
    );
    const panel = element(
      "div",
      { class: "panel", id: `step-${step.step}`, hidden: true },
      element("h3", {}, ...prose(step.says)),
      ...why(step, marks, this.guide),
      step.fix === null || isCause ? null : element("p", {}, element("strong", {}, "Fix: "), ...prose(step.fix)),
      details(step.details),
      step.mistake === null ? null : element("p", { class: "quiet" }, "This diagnosis is called ", element("code", {}, step.mistake), "."),
    );
    const item = element("li", { class: step.outcome }, line, panel);
    if (group !== null) item.dataset["group"] = group;
    return item;
  }

  /** Opens and folds the rows, as `opened` and `unfolded` say. */
  private update(): void {
    for (const item of this.place.children) {
      const [line, panel] = item.children;
      if (!(item instanceof HTMLElement) || !(line instanceof HTMLElement)) continue;
      const { fold, step } = line.dataset;
      if (fold !== undefined) line.setAttribute("aria-expanded", String(this.unfolded.has(fold)));
      const { group } = item.dataset;
      item.hidden = group !== undefined && !this.unfolded.has(group);
      if (step !== undefined) line.setAttribute("aria-expanded", String(this.opened === step));
      panel?.toggleAttribute("hidden", this.opened !== step);
    }
  }
}

export function sign(outcome: Outcome): HTMLElement {
  return element("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome]);
}

/** The list of a step's reasons, each with a button that goes to its place. */
export function why({ says, reasons }: Step, marks: Mark[], guide: Guide): HTMLElement[] {
  // A reason that is already in the sentence of the step is not repeated. Only its button is shown.
  const items = reasons.map((reason) => ({ reason, mark: marks.find(({ message }) => message === reason) })).filter(({ reason, mark }) => mark !== undefined || !says.includes(reason));
  if (items.length === 0) return [];
  return [
    element(
      "ul",
      { class: "reasons" },
      ...items.map(({ reason, mark }) => element("li", {}, ...(says.includes(reason) ? [] : [...prose(reason), " "]), mark ? button(guide.where(mark), "link", () => guide.go(mark)) : null)),
    ),
  ];
}

function details(all: Detail[]): HTMLElement | null {
  if (all.length === 0) return null;
  return element(
    "dl",
    { class: "pairs" },
    ...all.flatMap(({ name, value, outcome }) => [
      element("dt", {}, ...prose(name)),
      element("dd", {}, outcome === "skipped" ? null : sign(outcome), code(value), outcome === "skipped" ? null : spoken(` ${WORDS[outcome]}`)),
    ]),
  );
}
