// The edits of the inputs that "Apply fix" makes. The core returns the edits, so this module does not parse the text of
// a fix.

import type { CoreInputs, Edit, Explanation, Step } from "./core";
import { LINES, metadata, named, type LineName, type Name, type Texts } from "./inputs";
import { edited, segments } from "./place";

/** An edit of the inputs. */
export interface Fix {
  texts: Partial<Texts>;
  /** The first input that changes. */
  name: Name;
  /** What the user still has to do outside of the page. */
  left: Left;
}

/** What to do in the cluster or in AWS: in words, and as commands. */
export interface Left {
  words: string;
  commands: string[];
  /** The whole trust policy, which the commands read from a file. `null` if they read none. */
  policy: string | null;
}

/** How the user makes the change of an input of the core in the cluster, too. Inputs that are not here need no more. */
const OUTSIDE: Record<string, (inputs: CoreInputs) => { words?: string; commands: string[] }> = {
  pod: ({ pod = "" }) => {
    if (hasOwner(pod)) return { words: "Another object created the pod, so make the change in the pod template of its workload, such as a Deployment. The workload then creates new pods.", commands: [] };
    const [name, namespace] = [metadata(pod, "name"), metadata(pod, "namespace")].map((one) => (/^[a-z0-9.-]+$/.test(one) ? one : ""));
    const of = namespace ? `-n ${namespace} ` : "";
    return {
      words: "The change takes effect when the pod is created, so delete the pod and create it again. This stops its containers. If a workload created the pod, such as a Deployment, change the pod template of the workload instead.",
      commands: [`kubectl delete pod ${of}${name || "NAME"} && kubectl apply ${of}-f FILE   # with the changed manifest`],
    };
  },
  workload: () => ({ commands: ["kubectl apply -f FILE   # with the changed manifest"] }),
  settings: () => ({ commands: ["kubectl edit clusteradmissionpolicy   # change `spec.settings` in the same way"] }),
};

/** Whether a pod was created by another object. */
function hasOwner(pod: string): boolean {
  const owners = (JSON.parse(pod) as { metadata?: { ownerReferences?: unknown } }).metadata?.ownerReferences;
  return Array.isArray(owners) && owners.length > 0;
}

/** Returns the edit that fixes the cause. `null` if the fix changes none of the inputs. */
export function fixOf(texts: Texts, inputs: CoreInputs, explanation: Explanation): Fix | null {
  const edits = causeOf(explanation)?.edits ?? [];
  const names = [...new Set(edits.map(({ input }) => named(input)))];
  const [name] = names;
  if (name === undefined) return null;
  try {
    const changed = names.map((one) => [one, applied(one, texts[one], edits.filter(({ input }) => named(input) === one))]);
    return { name, texts: Object.fromEntries(changed) as Partial<Texts>, left: left(explanation, edits, inputs) };
  } catch {
    // The text has no place for an edit, so the page shows the fix only in words.
    return null;
  }
}

function applied(name: Name, text: string, edits: Edit[]): string {
  // An input that is one line has no structure, so its edit replaces the line.
  if (LINES.includes(name as LineName)) return String(edits.at(-1)?.value ?? "");
  return edited(text, edits.map(({ pointer, value }) => [segments(pointer), value ?? undefined]));
}

/** The commands that make the fix of the cause, each to be copied as a whole. */
export function commandsOf(explanation: Explanation): string[] {
  const { trustFix } = explanation;
  return trustFix ? [trustFix.commands.join("\n")] : (causeOf(explanation)?.commands ?? []);
}

/** The words of a fix without the commands, which are shown separately with a button that copies them. */
export function withoutCommands(words: string, commands: string[]): string {
  const text = commands.reduce((rest, command) => rest.replace(`: \`${command}\``, "").replace(`\`${command}\``, "the command below"), words);
  return text.trim();
}

/** The end of a role's ARN in a fix of the core, if the role is not known. */
const PLACEHOLDER = ":role/NAME";

/** The role with a placeholder that the fix would write, or that is in an input. `null` if the role is known. */
export function openRole(explanation: Explanation): string | null {
  const cause = causeOf(explanation);
  if (cause?.step !== "role") return null;
  const values = [...cause.edits.map(({ value }) => value), ...cause.details.filter(() => cause.mistake === "placeholder").map(({ value }) => value)];
  return values.find((value): value is string => typeof value === "string" && value.endsWith(PLACEHOLDER)) ?? null;
}

function left(explanation: Explanation, edits: Edit[], inputs: CoreInputs): Left {
  const commands = commandsOf(explanation);
  const outside = [...new Set(edits.map(({ input }) => input))].flatMap((input) => OUTSIDE[input]?.(inputs) ?? []);
  // For a change of the trust policy, the words describe the new statement, which is already in the input.
  const fix = explanation.trustFix ? "" : withoutCommands(causeOf(explanation)?.fix ?? "", commands);
  return {
    words: [fix, ...outside.flatMap(({ words }) => words ?? [])].filter((words) => words !== "").join(" "),
    commands: [...commands, ...outside.flatMap((one) => one.commands)],
    policy: policyOf(explanation),
  };
}

/** The whole trust policy with the fix. `null` if the fix does not change the trust policy. */
export function policyOf({ trustFix }: Explanation): string | null {
  return trustFix ? JSON.stringify(trustFix.policy, null, 2) : null;
}

function causeOf({ cause, steps }: Explanation): Step | undefined {
  return steps.find(({ step }) => step === cause?.step);
}
