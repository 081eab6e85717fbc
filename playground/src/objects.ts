// The tab "All objects": checks many objects like `irsa check`, and shows a row for each, with findings and their
// lines.

import { review, type Answer, type Finding, type Outcome } from "./core";
import { button, element, prose } from "./dom";
import type { Marked } from "./editor";
import { mayMakePods, setupOf, type Item } from "./sort";
import type { Texts } from "./inputs";
import { spanOf } from "./place";
import { convert } from "./yaml";

/** An object, with the policy's answer about it. */
export interface Row {
  item: Item;
  answer: Answer | null;
  /** Why the object can't be read. `null` if it can. */
  problem: string | null;
  findings: (Finding & { mark: Marked | null })[];
}

/** Checks each object. The policy's lookups find the other objects. */
export function check(text: string, items: Item[], settings: string | null, namespace: string): Row[] {
  const read = items.map((item) => ({ item, converted: convert(item.text) }));
  const readable = read.filter(({ converted }) => converted.json !== null);
  const answers = review({ objects: readable.map(({ converted }) => converted.json ?? "null"), settings, namespace, isOneSetup: false });
  return read.map(({ item, converted }): Row => {
    const answer = answers[readable.findIndex((one) => one.item === item)] ?? null;
    const shown = (answer?.findings ?? []).filter(({ level }) => level !== "ignored");
    const findings = shown.map((finding) => ({ ...finding, mark: markOf(text, finding, readable[finding.object]?.item) }));
    return { item, answer: converted.json === null ? null : answer, problem: converted.problem?.message ?? null, findings };
  });
}

function markOf(text: string, { level, message, name, pointer }: Finding, item: Item | undefined): Marked | null {
  const span = item ? spanOf(text, item.pointer + pointer, item.document) : null;
  return span && { ...span, severity: level === "reject" ? "error" : level === "warn" ? "warning" : "info", message: `${message} [${name}]` };
}

/** The functions that the table calls. */
export interface Actions {
  line: (mark: Marked) => number;
  go: (mark: Marked) => void;
  explain: (texts: Partial<Texts>) => void;
}

/** The result of all objects in one sentence. */
export interface Summary {
  outcome: Outcome;
  words: string;
}

export function summaryOf(rows: Row[]): Summary {
  const count = (...wanted: Worst[]): number => rows.filter((row) => wanted.includes(worstOf(row))).length;
  const unknown = count("unknown");
  const outcome = count("failed") > 0 ? "failed" : rows.length === count("passed") ? "passed" : "unknown";
  return { outcome, words: `${rows.length} ${rows.length === 1 ? "object" : "objects"}, ${count("failed", "warned")} with findings${unknown === 0 ? "" : `, ${unknown} not known`}.` };
}

type Worst = "failed" | "warned" | "unknown" | "passed";

function worstOf({ findings, problem }: Row): Worst {
  if (problem !== null || findings.some(({ level }) => level === "reject")) return "failed";
  return findings.some(({ level }) => level === "warn") ? "warned" : findings.length > 0 ? "unknown" : "passed";
}

export function showObjects(place: HTMLElement, rows: Row[], { line, go, explain }: Actions): void {
  if (rows.length === 0) {
    place.replaceChildren(element("p", { class: "quiet" }, "There are no objects yet. Paste manifests, such as the output of ", element("code", {}, "kubectl get pods,serviceaccounts -o yaml"), "."));
    return;
  }
  const items = rows.map(({ item }) => item);
  const body = rows.map((row) => {
    const { item, answer, problem, findings } = row;
    const worst = worstOf(row);
    const words = { failed: problem === null ? "✗ rejected" : "✗ can't be read", warned: "! warned", unknown: "? not known", passed: answer?.decision === "skipped" ? "– not checked" : "✓ no findings" }[worst];
    const canExplain = item.kind === "ServiceAccount" || mayMakePods(item.kind);
    const setup = (): Partial<Texts> => (item.kind === "ServiceAccount" ? { pod: "", serviceAccount: item.text } : { serviceAccount: "", ...setupOf(item, items) });
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, element("span", { class: "kind" }, item.kind), " ", element("span", {}, [item.namespace, item.name].filter((part) => part !== "").join("/") || "(no name)")),
      element("td", { class: worst }, worst === "passed" && answer?.decision === "skipped" ? element("span", { class: "quiet" }, words) : words),
      element(
        "td",
        {},
        problem === null ? null : element("p", {}, ...prose(problem)),
        findings.length === 0
          ? null
          : element(
              "ul",
              {},
              ...findings.map(({ message, name, fix, mark }) =>
                element("li", {}, ...(mark ? [button(`Line ${line(mark)}`, "link", () => go(mark)), ": "] : []), ...prose(`${message} [${name}]. Fix: ${fix}.`)),
              ),
            ),
        canExplain ? button(`Explain ${item.kind} ${item.name}`, "small", () => explain(setup())) : null,
      ),
    );
  });
  place.replaceChildren(
    element("p", {}, element("strong", {}, summaryOf(rows).words)),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All objects" }, element("table", {}, element("thead", {}, element("tr", {}, ...["Object", "Result", "Findings"].map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...body))),
  );
}
