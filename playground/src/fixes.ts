// The edits of the inputs that "Apply fix" makes. The core returns the edits, so this module does not parse the text of
// a fix.

import type { Edit, Explanation, Step } from "./core";
import { LINES, named, type LineName, type Name, type Texts } from "./inputs";
import { edited, segments } from "./place";

/** An edit of the inputs. */
export interface Fix {
  label: string;
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

/** For some inputs, the command with which the user makes the change of the input in the cluster, too. */
const BY_HAND: Partial<Record<Name, string>> = {
  pod: "kubectl apply -f FILE   # with the changed manifest",
  settings: "kubectl edit clusteradmissionpolicy   # change `spec.settings` in the same way",
};

/** Returns the edit that fixes the cause. `null` if the fix changes none of the inputs. */
export function fixOf(texts: Texts, explanation: Explanation): Fix | null {
  const edits = causeOf(explanation)?.edits ?? [];
  const names = [...new Set(edits.map(({ input }) => named(input)))];
  const [name] = names;
  if (name === undefined) return null;
  try {
    const changed = names.map((one) => [one, applied(one, texts[one], edits.filter(({ input }) => named(input) === one))]);
    return { label: "Apply fix", name, texts: Object.fromEntries(changed) as Partial<Texts>, left: left(explanation, names) };
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

function left(explanation: Explanation, names: Name[]): Left {
  const commands = commandsOf(explanation);
  // For a change of the trust policy, the words describe the new statement, which is already in the input.
  const words = explanation.trustFix ? "" : withoutCommands(causeOf(explanation)?.fix ?? "", commands);
  return { words, commands: [...commands, ...names.flatMap((name) => BY_HAND[name] ?? [])], policy: policyOf(explanation) };
}

/** The whole trust policy with the fix. `null` if the fix does not change the trust policy. */
export function policyOf({ trustFix }: Explanation): string | null {
  return trustFix ? JSON.stringify(trustFix.policy, null, 2) : null;
}

function causeOf({ cause, steps }: Explanation): Step | undefined {
  return steps.find(({ step }) => step === cause?.step);
}
