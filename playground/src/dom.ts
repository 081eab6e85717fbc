// Elements, made in one call each. What a user typed gets into the page as text, never as HTML.

type Child = Node | string | null;

/** Makes an element. An attribute that is `true` is there without a value; one that is `null` or `false` is not. */
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

/** A text in which what stands between backticks is set as code. */
export function prose(text: string): Child[] {
  return text.split("`").map((part, index) => (index % 2 === 0 ? part : element("code", {}, part)));
}

/** Text that only a screen reader says. */
export function spoken(text: string): HTMLElement {
  return element("span", { class: "spoken" }, text);
}
