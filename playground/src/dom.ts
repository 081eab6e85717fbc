// Functions that create elements. User input gets into the page as text, never as HTML.

import { code } from "./shorten";

type Child = Node | string | null;

/** Makes an element. An attribute that is `true` is set without a value. `null` and `false` leave an attribute out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | boolean | null> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element of the page with this id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} \`${id}\``);
  return found;
}

/** The children for a string in which the parts between backticks become code. */
export function prose(text: string): Child[] {
  return text.split("`").map((part, index) => (index % 2 === 0 ? part : code(part)));
}

/** A button that calls `onClick`. */
export function button(label: string, className: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", class: className }, label);
  made.addEventListener("click", onClick);
  return made;
}

/** A button that copies a string. */
export function copier(text: string, label: string, shown = "Copy"): HTMLButtonElement {
  const copy = button(shown, "copy", () => {
    const done = (words: string): void => {
      copy.textContent = words;
      window.setTimeout(() => (copy.textContent = shown), 2000);
    };
    // A page that is not loaded over HTTPS has no clipboard. The user can still select the text.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    (clipboard?.writeText(text) ?? Promise.reject(new Error("there is no clipboard"))).then(
      () => done("Copied"),
      () => done("Can't copy"),
    );
  });
  copy.setAttribute("aria-label", `Copy: ${label}`);
  return copy;
}

/** A string to copy, with the button that copies it. */
export function copyable(text: string, label: string): HTMLElement {
  return element("div", { class: "copyable" }, element("pre", { tabindex: "0", role: "region", "aria-label": label }, text), copier(text, label));
}

/** Text that is invisible, and that only a screen reader reads out. */
export function spoken(text: string): HTMLElement {
  return element("span", { class: "spoken" }, text);
}
