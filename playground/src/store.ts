// Stores the texts, but never the token, in the session storage of the browser tab. They survive a reload, and are
// deleted when the tab is closed.

import { NAMES, type Name, type Texts } from "./inputs";
import { withoutTokens } from "./sort";

const KEY = "irsa-playground";

/** The texts that may be stored or shared: without the token, and without tokens inside other texts. */
export function keepable({ token: _, ...texts }: Texts): Omit<Texts, "token"> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, withoutTokens(text)])) as Omit<Texts, "token">;
}

export function keep(texts: Texts): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(keepable(texts)));
  } catch {
    // The browser forbids storage, or the storage is full: nothing is stored.
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
