// The start of the page: passes what the user types to the core, and shows the core's answer.

import { showAnswers } from "./answers";
import { Chain, type Guide } from "./chain";
import { explainText, load, review, type Explanation } from "./core";
import { byId, button, element, prose } from "./dom";
import { Editor } from "./editor";
import { FIRST, GROUPS, setup, slugOf, texts as textsOf, type Setup } from "./examples";
import { fixOf, openRole, type Fix, type Left } from "./fixes";
import { ask, EDITOR_NAMES, EDITORS, EMPTY, LINES, named, type EditorName, type LineName, type Name, type Texts } from "./inputs";
import { fromFragment, LONGEST, toFragment } from "./link";
import { marksOf, type Mark } from "./marks";
import { check, marksOfRows, showObjects, summaryOf, type Row } from "./objects";
import { changedAt } from "./place";
import { contentOf, sort, type Sorted } from "./sort";
import { keep, kept } from "./store";
import { Tabs } from "./tabs";
import { startTheme } from "./theme";
import { label, showBeginning, showChecked, showUnreadable, showVerdict, type Unreadable } from "./verdict";
import { convert } from "./yaml";

/** The time between the last key and the call of the core. */
const PAUSE_MS = 150;

/** The time between the last answer and the update of the address. Browsers limit how often the address may change. */
const ADDRESS_MS = 400;

const verdict = byId("verdict", HTMLElement);
const status = byId("status", HTMLElement);
const chain = new Chain(byId("chain", HTMLOListElement), { go, where });
const tabs = new Tabs(byId("tabs", HTMLElement), () => {
  for (const editor of editors.values()) editor.measure();
});

const editors = new Map(EDITOR_NAMES.map((name) => [name, new Editor(byId(name, HTMLElement), EDITORS[name], { changed, pasted: (text, isWhole) => take(name, text, isWhole) })]));
const lines = new Map(LINES.map((name) => [name, byId(name, HTMLInputElement)]));
for (const input of lines.values()) input.addEventListener("input", changed);

/** The example that the page shows. `null` as soon as the user changes anything of it. */
let example: Setup | null = null;
/** What the user still has to do outside of the page after each "Apply fix". */
let left: Left[] = [];
let pending: number | undefined;
let addressing: number | undefined;

function changed(): void {
  verdict.setAttribute("aria-busy", "true");
  left = [];
  clearTimeout(pending);
  pending = window.setTimeout(() => update(false), PAUSE_MS);
}

/** The time in seconds since 1970. */
function clock(): number {
  return Math.floor(Date.now() / 1000);
}

function texts(): Texts {
  const all = { ...EMPTY };
  for (const [name, editor] of editors) all[name] = editor.text;
  for (const [name, input] of lines) all[name] = input.value;
  return all;
}

/** Puts texts into their fields. */
function fill(next: Partial<Texts>): void {
  for (const [name, text] of Object.entries(next) as [Name, string][]) {
    const editor = editors.get(name as EditorName);
    if (editor) editor.text = text;
    else {
      const input = lines.get(name as LineName);
      if (input) input.value = text;
    }
  }
}

/** Replaces the setup. If an input contains several objects, they are sorted into their tabs. */
function show(next: Partial<Texts>): void {
  left = [];
  const sorted = (["pod", "serviceAccount"] as const).map((name) => several(name, next[name] ?? "")).filter((one) => one !== null);
  fill({ ...EMPTY, ...next, ...Object.assign({}, ...sorted.map((one) => one.texts)) });
  update(true);
}

/** Sorts an input that contains several objects, a List, or an object of another tab. `null` for any other input. */
function several(name: Name, text: string): Sorted | null {
  const sorted = sort(text);
  return sorted && sorted.count > 0 && (sorted.count > 1 || sorted.texts[name] !== text) ? sorted : null;
}

function update(fresh: boolean): void {
  clearTimeout(pending);
  verdict.removeAttribute("aria-busy");
  const now = texts();
  remember(now);
  const { question, problems } = ask(now, clock);
  byId("stale", HTMLElement).hidden = !problems;
  document.body.classList.toggle("stale", Boolean(problems));
  if (problems) document.body.classList.remove("only-objects");
  if (problems) {
    const wrong = [...problems].map(([name, problem]): Mark => ({ name, severity: "error", ...problem }));
    mark(wrong);
    showUnreadable(verdict, wrong.map(unreadable));
    if (fresh && wrong[0]) reveal(wrong[0]);
    return;
  }
  const answer = explainText(question.inputs);
  const explanation = JSON.parse(answer) as Explanation;
  const wrong = explanation.problems.map((problem): Mark => ({ name: named(problem.input), severity: "error", message: problem.message, ...question.place(problem) }));
  const answers = wrong.length > 0 ? [] : review({ objects: question.objects.map(({ json }) => json), settings: question.inputs.settings ?? null, namespace: question.namespace, isOneSetup: true });
  const marks = marksOf(now, question, explanation, answers);
  const rows = checked(now);
  const ofObjects = marksOfRows(rows).map((mark): Mark => ({ ...mark, name: "objects" }));
  const isOnlyObjects = Object.keys(question.inputs).length === 0;
  document.body.classList.toggle("only-objects", isOnlyObjects && rows.length > 0);
  mark([...wrong, ...marks.all.filter(() => wrong.length === 0), ...ofObjects]);
  if (wrong.length > 0) showUnreadable(verdict, wrong.map(unreadable));
  else if (isOnlyObjects && rows.length > 0 && rows.every(({ problem }) => problem !== null)) showUnreadable(verdict, ofObjects.map(unreadable));
  else if (isOnlyObjects && rows.length > 0) showChecked(verdict, summaryOf(rows));
  else if (isOnlyObjects) showBeginning(verdict);
  else {
    const fix = fixOf(now, question.inputs, explanation);
    showVerdict(verdict, { explanation, marks, guide: GUIDE, fix, apply, openRole: openRole(explanation), applyRole, left, hasPod: question.inputs.pod !== undefined || question.inputs.workload !== undefined, isExample: example !== null });
  }
  chain.show(explanation, marks, fresh);
  showAnswers(byId("answers", HTMLElement), question, answers, explanation);
  byId("json", HTMLElement).textContent = answer;
  if (fresh) reveal(wrong[0] ?? marks.cause ?? null);
}

/** The rows of the tab "All objects". */
function checked({ objects, settings, namespace }: Texts): Row[] {
  const read = settings.trim() === "" ? null : convert(settings).json;
  const rows = check(objects, contentOf(objects), read, namespace.trim() || "default");
  const editor = editors.get("objects");
  showObjects(byId("rows", HTMLElement), rows, {
    line: (marked) => editor?.line(marked.from) ?? 1,
    go: (marked) => go({ ...marked, name: "objects" }),
    explain: (next) => {
      example = null;
      fill(next);
      left = [];
      update(true);
      status.textContent = "The object and its service account are in their tabs.";
    },
  });
  return rows;
}

/** Stores the texts, so that they survive a reload, and updates the address a little later. */
function remember(now: Texts): void {
  if (example && !isSame(now, textsOf(example))) example = null;
  press();
  keep(now);
  clearTimeout(addressing);
  addressing = window.setTimeout(() => void address(), ADDRESS_MS);
}

function isSame(one: Texts, other: Texts): boolean {
  return Object.entries(one).every(([name, text]) => text === other[name as Name]);
}

async function address(): Promise<void> {
  const now = texts();
  let fragment = example ? `#${slugOf(example)}` : await toFragment(now);
  if (isSame(now, EMPTY)) fragment = "#empty";
  const isLong = fragment.length > LONGEST;
  if (isSame(now, texts())) history.replaceState(null, "", isLong ? "#kept" : fragment);
  document.documentElement.dataset["address"] = isLong ? "kept" : "followed";
}

/** Marks each place, and the tab that contains it. */
function mark(marks: Mark[]): void {
  for (const [name, editor] of editors) editor.mark(marks.filter((one) => one.name === name));
  for (const [name, input] of lines) {
    const own = marks.filter((one) => one.name === name && one.severity === "error");
    byId(`${name}-error`, HTMLElement).replaceChildren(...own.map(({ message }) => element("span", {}, ...prose(message))));
    if (own.length > 0) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  const wrong = marks.filter(({ severity }) => severity !== "info");
  tabs.mark(wrong.map(({ name, severity }) => [byId(name, HTMLElement), severity === "error" ? "error" : "warning"]));
}

/** Opens the tab of a mark, and scrolls to it. */
function reveal(to: Mark | null): void {
  if (!to) return;
  tabs.reveal(byId(to.name, HTMLElement));
  editors.get(to.name as EditorName)?.show(to);
}

function go(to: Mark): void {
  tabs.reveal(byId(to.name, HTMLElement));
  const editor = editors.get(to.name as EditorName);
  if (editor) editor.focus(to.from);
  else lines.get(to.name as LineName)?.focus();
}

function where(to: Mark): string {
  const editor = editors.get(to.name as EditorName);
  return editor && editor.text !== "" ? `${label(to.name)}, line ${editor.line(to.from)}` : label(to.name);
}

const GUIDE: Guide = { go, where };

function unreadable(problem: Mark): Unreadable {
  const editor = editors.get(problem.name as EditorName);
  const sorted = editor && problem.name !== "objects" ? several(problem.name, editor.text) : null;
  return {
    name: problem.name,
    message: problem.message,
    line: editor ? editor.line(problem.from) : null,
    go: () => go(problem),
    sort: sorted ? () => distribute(sorted) : null,
  };
}

/** Applies a fix to the inputs, and explains them again. */
function apply(fix: Fix): void {
  const editor = editors.get(fix.name as EditorName);
  const before = editor?.text ?? "";
  fill(fix.texts);
  left = [...left, fix.left];
  update(false);
  tabs.reveal(byId(fix.name, HTMLElement));
  editor?.point(changedAt(before, editor.text));
  status.textContent = `Applied the fix to ${label(fix.name)}. Nothing has changed in your cluster or in AWS.`;
  verdict.focus();
}

/** Applies the fix with this role, which the user typed. Returns what is wrong with the role. */
function applyRole(role: string): string | null {
  const named = { ...texts(), role };
  const { question } = ask(named, clock);
  if (!question) return null;
  const explanation = JSON.parse(explainText(question.inputs)) as Explanation;
  const problem = explanation.problems.find(({ input }) => input === "role");
  if (problem) return problem.message;
  const fix = fixOf(named, question.inputs, explanation);
  if (fix) apply({ ...fix, texts: { role, ...fix.texts } });
  else {
    fill({ role });
    update(false);
  }
  return null;
}

/** Sorts a string that was pasted into an editor. Returns `false` if the string belongs into that editor. */
function take(name: EditorName, text: string, isWhole: boolean): boolean {
  const sorted = sort(text);
  if (name === "objects" && sorted?.texts.token === undefined) {
    if (isWhole) offerClearing(name);
    return false;
  }
  if (!sorted) return false;
  const targets = Object.keys(sorted.texts);
  const isHere = targets.length === 1 && targets[0] === name && sorted.texts[name]?.trim() === text.trim();
  if (isHere) {
    if (isWhole) offerClearing(name);
    return false;
  }
  if (targets.length === 0 && sorted.notes.length === 0) return false;
  // A string that is pasted into the middle of an object may look like another input, so it stays where it is.
  if (!isWhole && sorted.count === 0 && !("token" in sorted.texts)) return false;
  distribute(sorted);
  return true;
}

/** Puts the parts of a pasted text into their fields, and reports where they are. */
function distribute({ texts: parts, count, notes }: Sorted): void {
  const clear = example !== null && count > 1 ? EMPTY : {};
  const mixed = count > 1 ? null : example;
  example = null;
  left = [];
  fill({ ...clear, ...parts });
  update(true);
  const names = Object.keys(parts).filter((name) => name !== "objects").map((name) => label(name as Name));
  const sorted = names.length === 0 ? "" : `${count > 1 ? `${count} objects were pasted. ` : ""}In their tabs: ${names.join(", ")}. `;
  const rest = "objects" in parts ? "The tab All objects shows all of them. " : "";
  status.textContent = `${sorted}${rest}${"token" in parts ? "The token stays in its field, and is not stored. " : ""}${notes.join(" ")}`.trim();
  if (mixed) status.append(" ", ...clearing(mixed, Object.keys(parts) as Name[]));
  const [first] = Object.keys(parts) as Name[];
  const isShown = marksShown();
  if (first && !isShown) tabs.reveal(byId(first, HTMLElement));
}

/** After a paste over one input of an example: offers to clear the other inputs, so that the result is not about a mix. */
function offerClearing(name: Name): void {
  if (example) status.replaceChildren(...clearing(example, [name]));
}

/** The offer. The button clears only what is still as in the example. */
function clearing(from: Setup, pasted: Name[]): (Node | string)[] {
  const old = textsOf(from);
  const clear = button("Clear them", "link", () => {
    const others = Object.entries(texts()).filter(([name, text]) => !pasted.includes(name as Name) && text === old[name as Name]);
    left = [];
    fill(Object.fromEntries(others.map(([name]) => [name, ""])));
    update(false);
    status.textContent = "The inputs of the example are cleared.";
    verdict.focus();
  });
  return ["The other tabs still contain the example. ", clear];
}

/** Whether the verdict has a button that leads to a place. */
function marksShown(): boolean {
  return verdict.querySelector(".where, li button") !== null;
}

/** Opens the setup of the address, or else the stored texts, or else the first example. */
async function start(): Promise<void> {
  try {
    const linked = await fromFragment(location.hash);
    if (linked && "texts" in linked) {
      example = null;
      show(linked.texts);
      return;
    }
    const wanted = linked?.example;
    if (wanted === "empty") return choose(null);
    const chosen = wanted === undefined ? undefined : setup(wanted);
    const stored = chosen ? null : kept();
    if (stored && (wanted === undefined || wanted === "kept")) {
      example = null;
      show(stored);
      return;
    }
    if (wanted !== undefined && !chosen) status.textContent = "This page has no example with the name in the link, so it shows the first example.";
    choose(chosen ?? setup(FIRST) ?? null);
  } catch {
    status.textContent = "The link can't be read, so the page shows the first example.";
    choose(setup(FIRST) ?? null);
  } finally {
    // The tests wait for this attribute.
    document.documentElement.dataset["opened"] = "";
  }
}

function choose(chosen: Setup | null): void {
  example = chosen;
  const [first = "pod"] = Object.keys(chosen?.inputs ?? {});
  tabs.reveal(byId(named(first), HTMLElement));
  show(chosen ? textsOf(chosen) : EMPTY);
}

/** Adds a chip that clears the inputs, and a chip for each error. */
function listExamples(): void {
  const chip = (text: string, data: string, onClick: () => void): HTMLButtonElement => {
    const made = button(text, "chip", () => {
      status.textContent = "";
      onClick();
    });
    made.setAttribute("aria-pressed", "false");
    made.dataset["example"] = data;
    return made;
  };
  const own = chip("Paste your own setup", "", () => {
    choose(null);
    // On a touch screen, the focus would open the keyboard.
    if (matchMedia("(pointer: fine)").matches) editors.get("pod")?.focus();
  });
  const errors = GROUPS.flatMap(({ error, examples: [first] }) => (first ? [chip(error, first.slug, () => choose(first.setup))] : []));
  byId("errors", HTMLElement).append(element("li", { class: "own" }, own), ...errors.map((one) => element("li", {}, one)));
}

/** Marks the chip of the error that the page shows, and lists the causes of this error. */
function press(): void {
  byId("inputs-title", HTMLElement).textContent = example ? "Example setup" : "Your setup";
  document.body.classList.toggle("example", example !== null);
  const slug = example ? slugOf(example) : isSame(texts(), EMPTY) ? "" : null;
  const group = GROUPS.find(({ examples }) => examples.some((one) => one.slug === slug));
  for (const chip of document.querySelectorAll<HTMLElement>("#errors .chip")) {
    const isPressed = slug !== null && chip.dataset["example"] === (group ? group.examples[0]?.slug : slug);
    const isNew = isPressed && chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(isPressed));
    if (isNew) bringIn(chip, byId("errors", HTMLElement));
  }
  const causes = group && group.examples.length > 1 ? group.examples : [];
  const place = byId("causes", HTMLElement);
  place.hidden = causes.length === 0;
  // The chips are replaced only if the error changes, so that they keep the focus.
  const names = causes.map((one) => one.slug).join(" ");
  if (place.dataset["causes"] !== names) {
    place.dataset["causes"] = names;
    const chips = causes.map((cause) => {
      const chip = button(cause.label, "chip small", () => choose(cause.setup));
      chip.dataset["example"] = cause.slug;
      return element("li", {}, chip);
    });
    byId("cause-list", HTMLElement).replaceChildren(...chips);
  }
  for (const chip of place.querySelectorAll<HTMLElement>(".chip")) chip.setAttribute("aria-pressed", String(chip.dataset["example"] === slug));
}

/** Scrolls the row of chips on a phone, if the chip is outside of it. The page stays where it is. */
function bringIn(chip: HTMLElement, row: HTMLElement): void {
  const [inner, outer] = [chip.getBoundingClientRect(), row.getBoundingClientRect()];
  const least = 4 * parseFloat(getComputedStyle(row).paddingLeft);
  if (inner.left > outer.right - least || inner.right < outer.left + least) row.scrollLeft += inner.left - outer.left - least / 4;
}

async function link(): Promise<void> {
  await address();
  const has = lines.get("token")?.value ? " The token is not in it." : "";
  if (document.documentElement.dataset["address"] === "kept") {
    status.textContent = "The inputs are too long for a link.";
    return;
  }
  try {
    await navigator.clipboard.writeText(location.href);
    status.textContent = `The link is copied.${has} Everyone who has the link can read the inputs.`;
  } catch {
    status.textContent = `The link is in the address bar.${has}`;
  }
}

startTheme();
listExamples();
byId("link", HTMLButtonElement).addEventListener("click", () => void link());
window.addEventListener("hashchange", () => void start());
await load();
await start();
// tests/cost.test.mjs measures the time until this mark.
performance.mark("explained");
