// Shows two values that should agree next to each other, with the difference marked: mostly the value that the trust
// policy requires, and the value that the token has.

import type { Explanation, Step } from "./core";
import { element, prose, spoken } from "./dom";
import { piece, pieces } from "./shorten";

/** Two values that should be equal, or of which the first should match the second. */
export interface Comparison {
  wants: { title: string; value: string };
  has: { title: string; value: string };
}

/** The two values that do not agree. `null` if the cause is not about two values. */
export function compare({ cause, steps, trustFix }: Explanation): Comparison | null {
  const step = (name: string): Step | undefined => steps.find((one) => one.step === name);
  const detail = (from: Step | undefined, name: string): string | undefined => from?.details.find((one) => one.name === name)?.value;
  const failing = steps.find((one) => one.step === cause?.step);
  const expected = detail(step("provider"), "expected") ?? "";
  const url = expected.includes("oidc-provider/") ? expected.slice(expected.indexOf("oidc-provider/") + "oidc-provider/".length) : "";
  if (failing?.step === "conditions") {
    const condition = failing.details.find(({ outcome }) => outcome === "failed");
    const key = condition?.name.slice(condition.name.indexOf(" ") + 1) ?? "";
    const claim = key.slice(key.lastIndexOf(":") + 1);
    if (condition === undefined || key === "" || url === "") return null;
    if (key !== `${url}:${claim}`) {
      if (failing.mistake === "otherProvider" || trustFix !== null) {
        return { wants: { title: "The trust policy uses the key", value: key }, has: { title: "For this token, AWS sets the key", value: `${url}:${claim}` } };
      }
      return null;
    }
    const value = detail(step("token"), claim);
    if (value === undefined) return null;
    return { wants: { title: `The trust policy wants \`${claim}\``, value: condition.value }, has: { title: `The token has \`${claim}\``, value } };
  }
  if (failing?.step === "provider") {
    const trusted = detail(failing, "trusted");
    if (trusted === undefined || expected === "" || trusted === expected) return null;
    return { wants: { title: "The trust policy names the provider", value: trusted }, has: { title: "The token is from the provider", value: expected } };
  }
  if (failing?.step === "issuer") {
    const issuers = failing.details.filter(({ name }) => name.startsWith("issuer, from "));
    const [first] = issuers;
    const other = issuers.find(({ value }) => value !== first?.value);
    if (!first || !other) return null;
    const title = (name: string): string => `The issuer, from ${name.slice("issuer, from ".length)}`;
    return { wants: { title: title(first.name), value: first.value }, has: { title: title(other.name), value: other.value } };
  }
  return null;
}

export function showComparison({ wants, has }: Comparison): HTMLElement {
  const [start, end] = common(wants.value, has.value);
  const side = ({ title, value }: Comparison["wants"], kind: string): HTMLElement =>
    element("div", { class: kind }, element("dt", {}, ...prose(title)), element("dd", {}, marked(value, start, end)));
  return element("dl", { class: "comparison" }, side(wants, "wants"), side(has, "has"));
}

/** The number of equal characters at the start and at the end, without parts of words: words differ as a whole. */
function common(one: string, other: string): [number, number] {
  const least = Math.min(one.length, other.length);
  let start = 0;
  while (start < least && one[start] === other[start]) start++;
  let end = 0;
  while (end < least - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  // Both ends move back to a separator, so that `my-sa` and `my-app` differ as whole words.
  while (start > 0 && /[\w-]/.test(one[start - 1] ?? "")) start--;
  while (end > 0 && /[\w-]/.test(one[one.length - end] ?? "")) end--;
  return [start, end];
}

function marked(value: string, start: number, end: number): HTMLElement {
  const middle = value.slice(start, value.length - end);
  const same = (text: string): (Node | string)[] => (text === "" ? [] : pieces(text).flatMap((one) => (one.isCut ? [piece(one)] : breakable(one.text))));
  return element(
    "code",
    { title: value },
    ...same(value.slice(0, start)),
    middle === "" ? element("mark", { class: "nothing" }, spoken("nothing")) : element("mark", {}, middle),
    ...same(value.slice(value.length - end)),
  );
}

/** The text, with a place to break the line after each separator. */
function breakable(text: string): (Node | string)[] {
  return text.split(/(?<=[:/])/).flatMap((part) => [part, element("wbr")]);
}
