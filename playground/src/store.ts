// Keeps the texts over a reload, in the storage of this one browser tab, which is gone when the tab is closed. Never
// the token.

import { NAMES, type Name, type Texts } from "./inputs";
import { withoutTokens } from "./sort";

const KEY = "irsa-playground";

/** What may be kept or shared: all but tokens, wherever they were typed. */
export function keepable({ token: _, ...texts }: Texts): Omit<Texts, "token"> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, withoutTokens(text)])) as Omit<Texts, "token">;
}

export function keep(texts: Texts): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(keepable(texts)));
  } catch {
    // The browser forbids storage, or it is full: nothing is kept.
  }
}

export function kept(): Partial<Texts> | null {
  try {
    const texts: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (typeof texts !== "object" || texts === null) return null;
    const entries = Object.entries(texts).filter(([name, text]) => NAMES.includes(name as Name) && name !== "token" && typeof text === "string");
    return Object.fromEntries(entries) as Partial<Texts>;
  } catch {
    return null;
  }
}
