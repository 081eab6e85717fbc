// The edits of the inputs that "Apply fix" makes. The core describes each fix in words. This module turns the fix into
// an edit, if the fix changes an input.

import type { Answer, Explanation, Step } from "./core";
import type { Name, Question, Texts } from "./inputs";
import { edited, segments, type Change } from "./place";
import { walk } from "./marks";
import { isJson } from "./yaml";

/** An edit of the inputs. */
export interface Fix {
  label: string;
  texts: Partial<Texts>;
  /** The input that changes. */
  name: Name;
  /** What the user still has to do outside of the page: commands, or sentences. */
  left: string[];
}

const APPLY = "Apply fix";

/** Returns the edit that fixes the cause. `null` if the fix changes none of the inputs. */
export function fixOf(texts: Texts, question: Question, explanation: Explanation, answers: Answer[]): Fix | null {
  const step = explanation.steps.find((one) => one.step === explanation.cause?.step);
  if (!step) return null;
  try {
    return ofTrustPolicy(texts, explanation) ?? ofStep(texts, question, step, answers);
  } catch {
    // The text can't be edited by its structure, so the page shows the fix only in words.
    return null;
  }
}

function ofTrustPolicy(texts: Texts, { trustFix }: Explanation): Fix | null {
  if (!trustFix) return null;
  return { label: APPLY, name: "trustPolicy", texts: { trustPolicy: withPolicy(texts.trustPolicy, trustFix.policy) }, left: [trustFix.commands.join("\n")] };
}

/** Replaces the policy in an input, which is the policy alone, or the output of `aws iam get-role`. */
function withPolicy(text: string, policy: unknown): string {
  if (isJson(text)) {
    const whole = JSON.parse(text) as Record<string, unknown>;
    const role = whole["Role"] as Record<string, unknown> | undefined;
    if (role?.["AssumeRolePolicyDocument"] !== undefined) return JSON.stringify({ ...whole, Role: { ...role, AssumeRolePolicyDocument: policy } }, null, 2);
    if (whole["AssumeRolePolicyDocument"] !== undefined) return JSON.stringify({ ...whole, AssumeRolePolicyDocument: policy }, null, 2);
  }
  return JSON.stringify(policy, null, 2);
}

/** The commands `kubectl …` and `aws …` in the words of a fix. */
export function commandsOf(words: string): string[] {
  return [...words.matchAll(/`((?:kubectl|aws) [^`]+)`/g)].map(([, command]) => command ?? "");
}

function ofStep(texts: Texts, question: Question, step: Step, answers: Answer[]): Fix | null {
  const words = step.fix ?? "";
  const apply = (name: Name, changes: Change[], left: string): Fix | null =>
    changes.length === 0 ? null : { label: APPLY, name, texts: { [name]: edited(texts[name], changes) }, left: left === "" ? [] : [left] };
  const recreate = "kubectl rollout restart deployment NAME   # or delete the pod, if a controller recreates it";

  const annotate = commandsOf(words).find((command) => command.startsWith("kubectl annotate") && command.includes(" serviceaccount "));
  if (annotate !== undefined && texts.serviceAccount.trim() !== "") {
    const [, key = "", sign, value = ""] = /\s['"]?([\w.-]+\/[\w-]+)(=|-)(\S*?)['"]?$/.exec(annotate) ?? [];
    if (key === "") return null;
    const role = value.endsWith(":role/NAME") ? ofAccount(value, texts.trustPolicy) : value;
    return apply("serviceAccount", [[["metadata", "annotations", key], sign === "=" ? role : undefined]], annotate.replace(value === "" ? annotate : value, value === "" ? annotate : role));
  }

  const name = /^(?:Set|If .*set) `serviceAccountName: ([\w.-]+)`/.exec(words)?.[1];
  if (name !== undefined && texts.pod.trim() !== "") {
    return apply("pod", [[[...template(answers), "spec", "serviceAccountName"], name]], "kubectl apply -f FILE   # with the changed manifest");
  }

  const removed = /^Remove ((?:`\w+`(?:, | and )?)+) from the container's `env`/.exec(words)?.[1];
  if (removed !== undefined) {
    const names = [...removed.matchAll(/`(\w+)`/g)].map(([, one]) => one);
    return apply("pod", without(question, (entry) => names.includes(entry)), "kubectl apply -f FILE   # with the changed manifest");
  }

  const label = /^Remove the label `([^`]+)`/.exec(words)?.[1];
  if (label !== undefined) {
    const places: Change[] = [];
    walk(question.inputs.pod ?? question.inputs.workload, (_, pointer, key) => {
      if (key.endsWith("/skip-pod-identity-webhook")) places.push([segments(pointer), undefined]);
    });
    return apply("pod", places, recreate);
  }

  const audience = /^Set (the service account's annotation `([^`]+)`|the setting `tokenAudience`) to `([^`]+)`/.exec(words);
  if (audience) {
    const [, , key, value] = audience;
    return key === undefined ? apply("settings", [[["tokenAudience"], value]], recreate) : apply("serviceAccount", [[["metadata", "annotations", key], value]], recreate);
  }

  switch (step.mistake) {
    case "noRegion": {
      const region = /oidc\.eks\.([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(`${texts.issuer} ${texts.trustPolicy}`)?.[1];
      return region === undefined ? null : apply("settings", [[["region"], region]], "kubectl edit clusteradmissionpolicy   # set `region` in `spec.settings`");
    }
    case "invalidRoleArn": {
      const key = /`([\w.-]+\/role-arn)`/.exec(step.reasons.join(" "))?.[1] ?? "";
      const given = annotation(question, key);
      const role = corrected(given) ?? (/^arn:[\w-]+:iam::\d{12}:role\/\S+$/.test(texts.role.trim()) ? texts.role.trim() : null);
      return role === null ? null : apply("serviceAccount", [[["metadata", "annotations", key], role]], `kubectl annotate --overwrite serviceaccount -n ${question.namespace} NAME ${key}=${role}`);
    }
    case "trailingSlash":
    case "issuerMismatch": {
      const issuer = step.details.find(({ name: one }) => one.startsWith("issuer, from "))?.value;
      if (step.step !== "issuer" || issuer === undefined || texts.issuer.trim() === "") return null;
      return { label: APPLY, name: "issuer", texts: { issuer }, left: [`aws iam create-open-id-connect-provider --url ${issuer} --client-id-list sts.amazonaws.com   # if IAM has only a provider with the other URL`] };
    }
    default:
      return null;
  }
}

/** Replaces the account of a placeholder role by the account that the trust policy names. */
function ofAccount(role: string, trustPolicy: string): string {
  const account = /:iam::(\d{12}):oidc-provider\//.exec(trustPolicy)?.[1];
  return account === undefined ? role : role.replace(/\d{12}/, account);
}

/** Removes quotes around a role ARN, and spaces and hyphens in its account. `null` if the result is not a role ARN. */
function corrected(given: string): string | null {
  const [, start = "", account = "", end = ""] = /^(arn:aws[\w-]*:iam::)([\d\s-]+)(:role\/[\w+=,.@/-]+)$/.exec(given.trim().replace(/^["']|["']$/g, "")) ?? [];
  const digits = account.replace(/\D/g, "");
  return digits.length === 12 ? start + digits + end : null;
}

function annotation({ inputs }: Question, key: string): string {
  const account = JSON.parse(inputs.serviceAccount ?? "null") as { metadata?: { annotations?: Record<string, unknown> } } | null;
  const value = account?.metadata?.annotations?.[key];
  return typeof value === "string" ? value : "";
}

/** The segments of the path to the pod template. Empty for a pod. */
function template(answers: Answer[]): string[] {
  return (answers[0]?.templates[0] ?? "").split(/[.[\]]+/).filter((key) => key !== "");
}

/** The changes that remove environment variables. The last one comes first, so that earlier indexes stay valid. */
function without({ inputs }: Question, isRemoved: (name: string) => boolean): Change[] {
  const places: Change[] = [];
  walk(inputs.pod ?? inputs.workload, (value, pointer) => {
    const name = (value as { name?: unknown } | null)?.name;
    if (/\/env\/\d+$/.test(pointer) && typeof name === "string" && isRemoved(name)) {
      places.unshift([segments(pointer).map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)), undefined]);
    }
  });
  return places;
}
