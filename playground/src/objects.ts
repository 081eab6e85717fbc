// The tab "All objects": checks many objects like `irsa check`, and shows a row for each, with findings and their
// lines.

import { review, type Answer, type Finding, type Outcome } from "./core";
import { button, element, prose, spoken } from "./dom";
import type { Marked } from "./editor";
import { mayMakePods, setupOf, type Content, type Item } from "./sort";
import type { Texts } from "./inputs";
import { spanOf } from "./place";
import { convert } from "./yaml";

/** An object, with the policy's answer about it. */
export interface Row {
  /** The object. `null` for a document that is not an object. */
  item: Item | null;
  answer: Answer | null;
  /** Why the object can't be read, and where. `null` if it can. */
  problem: Marked | null;
  findings: (Finding & { mark: Marked | null })[];
}

/** Checks each object. The policy's lookups find the other objects. What can't be read comes first. */
export function check(text: string, { items, problems }: Content, settings: string | null, namespace: string): Row[] {
  const read = items.map((item) => ({ item, converted: convert(item.text) }));
  const readable = read.filter(({ converted }) => converted.json !== null);
  const answers = review({ objects: readable.map(({ converted }) => converted.json ?? "null"), settings, namespace, isOneSetup: false });
  const unreadable = problems.map((problem): Row => ({ item: null, answer: null, problem: { ...problem, severity: "error" }, findings: [] }));
  const rows = read.map(({ item, converted }): Row => {
    const answer = answers[readable.findIndex((one) => one.item === item)] ?? null;
    if (converted.problem) {
      const span = spanOf(text, item.pointer, item.document) ?? { from: 0, to: 0 };
      return { item, answer: null, problem: { ...span, message: converted.problem.message, severity: "error" }, findings: [] };
    }
    const findings = (answer?.findings ?? []).map((finding) => ({ ...finding, mark: markOf(text, finding, readable[finding.object]?.item) }));
    return { item, answer, problem: null, findings };
  });
  return [...unreadable, ...rows];
}

/** The marks of the rows. */
export function marksOfRows(rows: Row[]): Marked[] {
  return rows.flatMap(({ problem, findings }) => [problem, ...findings.map(({ mark }) => mark)].filter((mark) => mark !== null));
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
  const [unknown, unreadable] = [count("unknown"), count("unreadable")];
  const outcome = count("failed", "unreadable") > 0 ? "failed" : rows.length === count("passed") ? "passed" : "unknown";
  const parts = [`${rows.length} ${rows.length === 1 ? "object" : "objects"}`, `${count("failed", "warned")} with findings`];
  if (unknown > 0) parts.push(`${unknown} not known`);
  if (unreadable > 0) parts.push(`${unreadable} can't be read`);
  return { outcome, words: `${parts.join(", ")}.` };
}

type Worst = "unreadable" | "failed" | "warned" | "unknown" | "passed";

function worstOf({ findings, problem }: Row): Worst {
  if (problem !== null) return "unreadable";
  if (findings.some(({ level }) => level === "reject")) return "failed";
  return findings.some(({ level }) => level === "warn") ? "warned" : findings.length > 0 ? "unknown" : "passed";
}

export function showObjects(place: HTMLElement, rows: Row[], { line, go, explain }: Actions): void {
  if (rows.length === 0) {
    place.replaceChildren(element("p", { class: "quiet" }, "There are no objects yet. Paste manifests, such as the output of ", element("code", {}, "kubectl get pods,serviceaccounts -o yaml"), "."));
    return;
  }
  const items = rows.flatMap(({ item }) => item ?? []);
  const placed = (mark: Marked | null): (Node | string)[] => (mark ? [button(`Line ${line(mark)}`, "link", () => go(mark)), ": "] : []);
  const body = rows.map((row) => {
    const { item, answer, problem, findings } = row;
    const worst = worstOf(row);
    const words = { unreadable: "✗ can't be read", failed: "✗ rejected", warned: "! warned", unknown: "? not known", passed: answer?.decision === "skipped" ? "– not checked" : "✓ no findings" }[worst];
    const setup = (of: Item): Partial<Texts> => (of.kind === "ServiceAccount" ? { pod: "", serviceAccount: of.text } : { serviceAccount: "", ...setupOf(of, items) });
    const explained = item && problem === null && (item.kind === "ServiceAccount" || mayMakePods(item.kind)) ? item : null;
    return element(
      "tr",
      {},
      item
        ? element("th", { scope: "row" }, element("span", { class: "kind" }, item.kind), " ", element("span", {}, [item.namespace, item.name].filter((part) => part !== "").join("/") || "(no name)"))
        : element("th", { scope: "row" }, element("span", { class: "kind" }, "Document")),
      element("td", { class: worst === "unreadable" ? "failed" : worst }, worst === "passed" && answer?.decision === "skipped" ? element("span", { class: "quiet" }, words) : words),
      element(
        "td",
        {},
        problem === null ? null : element("p", {}, ...placed(problem), ...prose(problem.message)),
        findings.length === 0
          ? null
          : element(
              "ul",
              {},
              ...findings.map(({ message, name, fix, mark }) =>
                element("li", {}, element("p", {}, ...placed(mark), ...prose(`${message} [${name}]`)), element("p", {}, element("strong", {}, "Fix: "), ...prose(fix))),
              ),
            ),
        explained ? explainer(explained, () => explain(setup(explained))) : null,
      ),
    );
  });
  place.replaceChildren(
    element("p", { class: "summary" }, element("strong", {}, summaryOf(rows).words)),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All objects" }, element("table", {}, element("thead", {}, element("tr", {}, ...["Object", "Result", "Findings"].map((title) => element("th", { scope: "col" }, title)))), element("tbody", {}, ...body))),
  );
}

/** The button of a row. Its row shows the name of the object, which only a screen reader needs to hear again. */
function explainer({ kind, name }: Item, onClick: () => void): HTMLElement {
  const made = button("Explain", "small", onClick);
  made.append(spoken(` ${kind} ${name}`));
  return made;
}
