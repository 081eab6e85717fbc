// The pod as the policy makes it: a diff of its YAML.

import { stringify } from "yaml";

import type { Review } from "./core";
import { diff, type Line } from "./diff";
import { element, spoken } from "./dom";

const SIGNS: Record<Line["kind"], [sign: string, words: string]> = {
  same: [" ", ""],
  added: ["+", "added: "],
  removed: ["-", "removed: "],
  "left-out": [" ", ""],
};

/** Shows what became of the pod, whose JSON was this. */
export function showPod(place: HTMLElement, json: string | undefined, review: Review | null): void {
  place.replaceChildren(...podContent(json, review));
}

function podContent(json: string | undefined, review: Review | null): HTMLElement[] {
  if (json === undefined) return [element("p", {}, "Without a pod there is nothing to inject into. Workloads are checked, but never changed.")];
  if (!review) return [element("p", {}, "The policy can't answer without the objects that it would ask for.")];
  if (review.pod === null) return [element("p", {}, "The pod is refused, so there is none.")];
  const [before, after] = [yaml(JSON.parse(json)), yaml(review.pod)];
  if (before === after) return [element("p", {}, "The pod stays as it is.")];
  const lines = diff(before, after);
  const count = (wanted: Line["kind"]): number => lines.filter(({ kind }) => kind === wanted).length;
  const [added, removed] = [count("added"), count("removed")];
  return [
    element("p", {}, `Lines added: ${added}. ${removed === 0 ? "Nothing else is changed." : `Lines removed: ${removed}.`}`),
    element("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "The pod, with what is added" }, ...lines.map(row)),
  ];
}

function row({ kind, text }: Line): HTMLElement {
  const [sign, words] = SIGNS[kind];
  return element("span", { class: kind }, element("span", { "aria-hidden": "true" }, `${sign} `), words === "" ? null : spoken(words), `${text}\n`);
}

function yaml(object: unknown): string {
  return stringify(object, { lineWidth: 0, version: "1.1" }).trimEnd();
}
