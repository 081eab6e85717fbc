// The page: what is typed goes to the core, and what the core says is shown.

import { Chain } from "./chain";
import { explainText, load, type Explanation } from "./core";
import { byId, element } from "./dom";
import { Editor } from "./editor";
import { SETUPS, setup, texts as textsOf } from "./examples";
import { showFindings } from "./findings";
import { ask, EMPTY, LINES, named, OBJECT_NAMES, OBJECTS, type LineName, type Name, type ObjectName, type Question, type Texts } from "./inputs";
import { fromFragment, toFragment } from "./link";
import { showPod } from "./pod";
import { Tabs } from "./tabs";
import { startTheme } from "./theme";
import { showBeginning, showUnreadable, showVerdict, type Unreadable } from "./verdict";
import type { Problem } from "./yaml";

/** How long after the last key the core is asked. */
const PAUSE_MS = 150;

const verdict = byId("verdict", HTMLElement);
const chain = new Chain(byId("chain", HTMLOListElement));
const tabs = new Tabs(byId("tabs", HTMLElement), () => {
  for (const editor of editors.values()) editor.measure();
});
const select = byId("example", HTMLSelectElement);
const status = byId("status", HTMLElement);

const editors = new Map(OBJECT_NAMES.map((name) => [name, new Editor(byId(name, HTMLElement), OBJECTS[name], changed)]));
const lines = new Map(LINES.map((name) => [name, byId(name, HTMLInputElement)]));
for (const input of lines.values()) input.addEventListener("input", changed);

let pending: number | undefined;

function changed(): void {
  verdict.setAttribute("aria-busy", "true");
  clearTimeout(pending);
  pending = window.setTimeout(() => update(false), PAUSE_MS);
}

function texts(): Texts {
  const all = { ...EMPTY };
  for (const [name, editor] of editors) all[name] = editor.text;
  for (const [name, input] of lines) all[name] = input.value;
  return all;
}

/** Shows a setup in place of the one that is there. */
function show(next: Partial<Texts>): void {
  for (const [name, editor] of editors) editor.text = next[name] ?? "";
  for (const [name, input] of lines) input.value = next[name] ?? "";
  update(true);
}

function update(fresh: boolean): void {
  clearTimeout(pending);
  verdict.removeAttribute("aria-busy");
  const { question, problems } = ask(texts(), () => Math.floor(Date.now() / 1000));
  byId("stale", HTMLElement).hidden = !problems;
  if (problems) {
    const wrong = [...problems].map(([name, problem]) => ({ name, ...problem }));
    mark(wrong);
    showUnreadable(verdict, wrong.map(unreadable));
    return;
  }
  const answer = explainText(question.inputs);
  const explanation = JSON.parse(answer) as Explanation;
  const wrong = explanation.problems.map((problem) => ({
    name: named(problem.input),
    message: problem.message,
    ...question.place(problem),
  }));
  mark(wrong);
  if (wrong.length > 0) showUnreadable(verdict, wrong.map(unreadable));
  else if (Object.keys(question.inputs).length === 0) showBeginning(verdict);
  else showVerdict(verdict, explanation);
  chain.show(explanation, fresh);
  showResults(question, explanation);
  byId("json", HTMLElement).textContent = answer;
}

function showResults({ inputs }: Question, { review }: Explanation): void {
  showPod(byId("result", HTMLElement), inputs.pod, review);
  showFindings(byId("findings", HTMLElement), review);
}

type Wrong = Problem & { name: Name };

/** Marks each problem at its place, and the tab that holds it. */
function mark(wrong: Wrong[]): void {
  for (const [name, editor] of editors) editor.mark(wrong.filter((problem) => problem.name === name));
  for (const [name, input] of lines) {
    const messages = wrong.filter((problem) => problem.name === name).map(({ message }) => message);
    byId(`${name}-error`, HTMLElement).textContent = messages.join("; ");
    if (messages.length > 0) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  tabs.mark(wrong.map(({ name }) => byId(name, HTMLElement)));
}

function unreadable({ name, message, from }: Wrong): Unreadable {
  const editor = editors.get(name as ObjectName);
  return {
    name,
    message,
    line: editor ? editor.line(from) : null,
    go: () => {
      tabs.reveal(byId(name, HTMLElement));
      if (editor) editor.focus(from);
      else lines.get(name as LineName)?.focus();
    },
  };
}

/** Starts from what the fragment says, else from the first example. */
async function start(): Promise<void> {
  try {
    const linked = await fromFragment(location.hash);
    if (linked && "texts" in linked) {
      select.value = "";
      byId("question", HTMLElement).textContent = "";
      show(linked.texts);
      return;
    }
    choose(linked?.example ?? SETUPS[0]?.name ?? "");
  } catch {
    status.textContent = "The link can't be read, so here is an example.";
    choose(SETUPS[0]?.name ?? "");
  }
}

function choose(name: string): void {
  const chosen = setup(name);
  select.value = chosen ? chosen.name : "";
  byId("question", HTMLElement).textContent = chosen?.question ?? "";
  const [first = "pod"] = Object.keys(chosen?.inputs ?? {});
  show(chosen ? textsOf(chosen) : EMPTY);
  tabs.reveal(byId(named(first), HTMLElement));
}

function listExamples(): void {
  select.append(element("option", { value: "" }, "Your own setup"));
  for (const { name, title } of SETUPS) select.append(element("option", { value: name }, title));
  select.addEventListener("change", () => {
    status.textContent = "";
    history.replaceState(null, "", select.value === "" ? "#" : `#example=${select.value}`);
    choose(select.value);
  });
}

async function link(): Promise<void> {
  history.replaceState(null, "", await toFragment(texts()));
  const left = lines.get("token")?.value ? " The token is not in it." : "";
  try {
    await navigator.clipboard.writeText(location.href);
    status.textContent = `The link is copied.${left}`;
  } catch {
    status.textContent = `The link is in the address bar.${left}`;
  }
}

startTheme();
listExamples();
byId("link", HTMLButtonElement).addEventListener("click", () => void link());
window.addEventListener("hashchange", () => void start());
await load();
await start();
// For whoever measures how long that took.
performance.mark("explained");
