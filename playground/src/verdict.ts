// Shows the result at the top of the page: what is wrong in one sentence, the two values that differ, and the fix.

import { sign, why, type Guide } from "./chain";
import { compare, showComparison } from "./comparison";
import type { Explanation, Outcome, Step } from "./core";
import { button, copier, copyable, element, prose } from "./dom";
import { commandsOf, policyOf, withoutCommands, type Fix, type Left } from "./fixes";
import { EDITORS, named, type EditorName, type Name } from "./inputs";
import type { Marks } from "./marks";
import type { Summary } from "./objects";

const HEADINGS: Record<Outcome, string> = {
  passed: "The pod gets its role",
  failed: "The pod does not get its role",
  unknown: "No problem found, but not everything is known",
  skipped: "Nothing to check",
};

/** The data of the verdict. */
export interface Shown {
  explanation: Explanation;
  marks: Marks;
  guide: Guide;
  /** The edit of the inputs that fixes the cause. `null` if the fix changes no input. */
  fix: Fix | null;
  apply: (fix: Fix) => void;
  /** The role with a placeholder that the fix would write. `null` if the fix needs no role. */
  openRole: string | null;
  /** Applies the fix with this role. Returns what is wrong with the role. */
  applyRole: (role: string) => string | null;
  /** What the user still has to do in the cluster or in AWS, for each fix that was applied to the inputs. */
  left: Left[];
  hasPod: boolean;
  /** Whether the setup is an unchanged example. */
  isExample: boolean;
}

/** Shows the outcome, and the step that is its cause. */
export function showVerdict(place: HTMLElement, shown: Shown): void {
  const { explanation, left, hasPod } = shown;
  const { outcome, cause, steps } = explanation;
  const decisive = steps.find(({ step }) => step === cause?.step);
  if (decisive) return show(place, outcome, ...failure(decisive, shown));
  const first = steps.find((step) => step.outcome === outcome && outcome !== "passed");
  const words = outcome === "passed" ? prose(passed(explanation, hasPod)) : outcome === "unknown" ? unknown(explanation, shown.guide) : prose(first?.says ?? "");
  const heading = outcome === "passed" && !hasPod ? "No problem found" : outcome === "passed" && left.length > 0 ? "With the fix, the pod gets its role" : HEADINGS[outcome];
  show(place, outcome, element("h2", {}, heading), element("p", {}, ...words), ...warnings(explanation), ...leftToDo(left));
}

function leftToDo(left: Left[]): HTMLElement[] {
  return left.flatMap(({ words, commands, policy }, index) => {
    // A later fix of the same object needs the same command, once.
    const later = left.slice(index + 1).flatMap((one) => one.commands);
    const own = commands.filter((command) => !later.includes(command));
    const title = index === 0 ? [element("strong", {}, "What you still have to do outside of this page:"), " "] : [];
    return [element("p", { class: "left" }, ...title, ...prose(words)), ...policyFile(own, policy), ...own.map((command) => copyable(command, "the command"))];
  });
}

function passed({ steps }: Explanation, hasPod: boolean): string {
  return hasPod ? "Every step from the pod to STS passed." : `${steps.filter(({ outcome }) => outcome === "passed").length} steps passed. Add a pod to check the other steps.`;
}

const WORDS: Record<string, [article: string, noun: string]> = {
  pod: ["the ", "pod"],
  serviceAccount: ["the ", "service account"],
  issuer: ["the ", "issuer's URL"],
  trustPolicy: ["the ", "trust policy"],
  token: ["a ", "token"],
  settings: ["the ", "settings"],
  configMap: ["the ", "ConfigMap"],
};

/** The number of unknown steps, and the missing inputs. Each is a button that opens the input's tab. */
function unknown({ steps, missing }: Explanation, guide: Guide): (Node | string)[] {
  const count = steps.filter(({ outcome }) => outcome === "unknown").length;
  const inputs = missing.flatMap((input, index) => {
    const [article, noun] = WORDS[input] ?? ["", input];
    const opener = button(noun, "link", () => guide.go({ name: named(input), from: 0, to: 0, message: "", severity: "info" }));
    return [index === 0 ? "" : index === missing.length - 1 ? " and " : ", ", article, opener];
  });
  return [`${count} of ${steps.length} steps need more input.`, ...(inputs.length === 0 ? [] : [" Add ", ...inputs, "."])];
}

/** The warnings: steps that passed, but have a mistake that is a risk. */
function warnings({ steps }: Explanation): HTMLElement[] {
  const risky = steps.filter(({ outcome, mistake }) => outcome === "passed" && mistake !== null);
  if (risky.length === 0) return [];
  return [element("ul", { class: "risks" }, ...risky.map(({ reasons, says, mistake }) => element("li", {}, ...prose(reasons.at(-1) ?? says), ` [${mistake}]`)))];
}

function failure(step: Step, shown: Shown): HTMLElement[] {
  const { explanation, marks, guide, isExample } = shown;
  const comparison = compare(explanation);
  const { headline, rest } = split(step, comparison !== null);
  const cause = marks.cause;
  // A sentence that only repeats the two compared values is not shown.
  const isCompared = (text: string): boolean => comparison !== null && [comparison.wants, comparison.has].every(({ value }) => text.includes(`\`${value}\``));
  const isSaid = (reason: string): boolean => step.says.includes(reason) || `${headline} ${rest}`.includes(reason) || isCompared(reason);
  const result = explanation.outcome === "failed" ? HEADINGS.failed : "The pod may not get its role";
  return [
    element("p", { class: "outcome" }, isExample ? `Example: ${result.charAt(0).toLowerCase()}${result.slice(1)}` : result, element("span", { class: "step" }, " · ", step.title), ...(cause ? [element("span", { class: "where" }, " · ", button(guide.where(cause), "link", () => guide.go(cause)))] : [])),
    element("h2", {}, ...prose(headline)),
    ...(comparison ? [showComparison(comparison)] : []),
    ...(rest === "" || isCompared(rest) ? [] : [element("p", {}, ...prose(rest))]),
    ...why({ ...step, reasons: step.reasons.filter((reason) => !isSaid(reason)) }, (marks.ofStep.get(step.step) ?? []).filter((mark) => mark.from !== cause?.from), guide),
    ...mend(step, shown),
  ];
}

/** Short headlines for mistakes, used when the two values that differ are shown below. */
const IN_SHORT: Record<string, string> = {
  wrongNamespace: "its condition is for another namespace",
  wrongServiceAccount: "its condition is for another service account",
  wrongSubject: "its condition names no service account",
  wrongAudience: "its condition is for another audience",
  issuerWithScheme: "a condition's key contains `https://`",
  trailingSlash: "a condition's key differs by a trailing slash",
  otherProvider: "it is for the identity provider of another cluster",
  misspelledProvider: "it misspells the identity provider",
  providerInOtherAccount: "its identity provider is in another AWS account",
  providerInOtherPartition: "its identity provider is in another AWS partition",
  wildcardInProvider: "IAM has no wildcards in a provider's ARN",
};

/** Splits what a step says into a headline of one sentence, and the rest. */
function split({ step, says, mistake }: Step, isCompared: boolean): { headline: string; rest: string } {
  const [first, rest] = atColon(says);
  if (isCompared && (step === "conditions" || step === "provider")) {
    // The part of the text after the first `; ` explains the two values.
    const insight = rest.replace(/\.$/, "").split("; ").slice(1).join("; ");
    const short = IN_SHORT[mistake ?? ""];
    if (short !== undefined) return { headline: `${first}: ${short}.`, rest: insight === "" ? "" : `${capital(insight)}.` };
    return insight === "" ? { headline: says, rest: "" } : { headline: `${first}: ${insight}.`, rest: "" };
  }
  if (says.length <= 160 || rest === "") return { headline: says, rest: "" };
  return { headline: `${first}.`, rest: capital(rest) };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Splits a string at the first colon that is not in backticks. */
function atColon(says: string): [string, string] {
  let at = 0;
  for (const [index, part] of says.split("`").entries()) {
    const colon = index % 2 === 0 ? part.indexOf(": ") : -1;
    if (colon !== -1) return [says.slice(0, at + colon), says.slice(at + colon + 2)];
    at += part.length + 1;
  }
  return [says, ""];
}

/** The fix: its words, what to copy, and the button that applies it to the inputs. */
function mend(step: Step, { explanation, fix, apply, openRole, applyRole }: Shown): HTMLElement[] {
  const { trustFix } = explanation;
  const words = trustFix?.says ?? step.fix;
  if (words === null) return [];
  const statements = trustFix?.statements ?? [];
  const text = statements.length === 0 ? null : JSON.stringify(statements.length === 1 ? statements[0] : statements, null, 2);
  const commands = commandsOf(explanation);
  const policy = policyOf(explanation);
  return [
    element(
      "div",
      { class: "fix" },
      element(
        "div",
        { class: "fix-head" },
        element("p", {}, element("strong", {}, "Fix: "), ...prose(withoutCommands(words, trustFix ? [] : commands))),
        text === null ? null : copier(text, "the whole statement", "Copy the statement"),
        fix && openRole === null ? button("Apply fix", "primary", () => apply(fix)) : null,
      ),
      openRole === null ? null : roleForm(openRole, applyRole),
      ...(text === null ? [] : [element("details", { class: "beside" }, element("summary", {}, "Show the statement"), element("pre", { tabindex: "0", role: "region", "aria-label": "The statement" }, text))]),
      ...(trustFix ? [element("details", {}, element("summary", {}, "With the AWS CLI, or with Terraform"), ...policyFile(commands, policy), copyable(commands.join("\n"), "the commands"), trustFix.terraform === "" ? null : copyable(trustFix.terraform, "the block for Terraform"))] : commands.map((command) => copyable(command, "the command"))),
      trustFix?.alternative ? element("p", {}, ...prose(trustFix.alternative)) : null,
      fix || openRole !== null ? null : element("p", { class: "quiet" }, "This page can't apply the fix. Make it in the cluster, in AWS, or in the source of the manifest."),
    ),
  ];
}

/** The field for a role that no input names, with the button that applies the fix with this role. */
function roleForm(openRole: string, applyRole: Shown["applyRole"]): HTMLElement {
  const input = element("input", { id: "open-role", autocomplete: "off", spellcheck: "false", required: true, placeholder: openRole, "aria-describedby": "open-role-error" });
  const error = element("p", { class: "error", id: "open-role-error", role: "alert" });
  const form = element("form", { class: "open-role" }, element("label", { for: "open-role" }, "ARN of your role"), input, element("button", { type: "submit", class: "primary" }, "Apply fix"), error);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const problem = applyRole(input.value.trim());
    error.replaceChildren(...(problem === null ? [] : prose(problem)).filter((part) => part !== null));
    input.setAttribute("aria-invalid", String(problem !== null));
  });
  return form;
}

/** Copies the trust policy that the commands read from a file, because the statement alone is not a whole policy. */
function policyFile(commands: string[], policy: string | null): HTMLElement[] {
  if (policy === null || !commands.some((command) => command.includes("file://trust-policy.json"))) return [];
  return [element("p", { class: "file" }, "Save the whole trust policy as ", element("code", {}, "trust-policy.json"), ". ", copier(policy, "the whole trust policy", "Copy the trust policy"), " Then run:")];
}

/** Shows what to paste, when all inputs are empty. */
export function showBeginning(place: HTMLElement): void {
  const words = "Paste what you have into any tab: a pod or a workload, its service account, the trust policy, the issuer's URL. These commands print them:";
  const commands = ["kubectl get pod/NAME serviceaccount/NAME -n NAMESPACE -o yaml", "aws iam get-role --role-name NAME", "aws eks describe-cluster --name NAME"];
  show(place, "skipped", element("h2", {}, "Nothing to check yet"), element("p", {}, words), copyable(commands.join("\n"), "the commands"));
}

/** Shows the result of the tab "All objects", when all other inputs are empty. */
export function showChecked(place: HTMLElement, { outcome, words }: Summary): void {
  show(place, outcome, element("h2", { class: "counted" }, words), element("p", {}, "The findings are in the tab All objects. Choose Explain in a row to see each step from that object to its role."));
}

/** An input that can't be read, and the line of the problem. */
export interface Unreadable {
  name: Name;
  message: string;
  line: number | null;
  go: () => void;
  /** Sorts the objects of the input into their tabs. `null` if the input is not several objects. */
  sort: (() => void) | null;
}

/** Shows the inputs that can't be read. */
export function showUnreadable(place: HTMLElement, unreadable: Unreadable[]): void {
  const lines = unreadable.map(({ name, message, line, go, sort }) =>
    element(
      "li",
      {},
      button(line === null ? label(name) : `${label(name)}, line ${line}`, "link", go),
      ": ",
      ...prose(message),
      ...(sort ? [" ", button("Sort the objects into the tabs", "", sort)] : []),
    ),
  );
  show(place, "failed", element("h2", {}, "This can't be read"), element("ul", {}, ...lines));
}

function show(place: HTMLElement, outcome: Outcome, ...content: HTMLElement[]): void {
  place.className = `verdict ${outcome}`;
  place.replaceChildren(sign(outcome), element("div", {}, ...content));
}

const LINE_LABELS: Record<string, string> = { issuer: "Issuer's URL", namespace: "Namespace", role: "Role", now: "Time", token: "Token" };

export function label(name: Name): string {
  return name in EDITORS ? EDITORS[name as EditorName] : (LINE_LABELS[name] ?? name);
}
