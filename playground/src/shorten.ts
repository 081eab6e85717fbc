// Shortens long values in the middle, only visually. The whole value stays in the page, so that users can copy it,
// search for it, hear it in a screen reader and see it in a tooltip.

import { element } from "./dom";

/** A value that is longer than this may be shortened. */
const LONG = 44;

/** A piece of a value. `isCut`: the page shows an ellipsis instead of it. */
export type Piece = { text: string; isCut: boolean };

/** Splits a value into pieces. If it contains the ID of an issuer, only the ID is shortened. */
export function pieces(text: string): Piece[] {
  if (text.length <= LONG) return [{ text, isCut: false }];
  const id = /[A-Z0-9]{20,}/.exec(text);
  if (id) return cut(text, id.index + 4, id.index + id[0].length - 4);
  if (text.length <= 80 || /\s/.test(text)) return [{ text, isCut: false }];
  return cut(text, 40, text.length - 32);
}

function cut(text: string, from: number, to: number): Piece[] {
  return [
    { text: text.slice(0, from), isCut: false },
    { text: text.slice(from, to), isCut: true },
    { text: text.slice(to), isCut: false },
  ].filter((piece) => piece.text !== "");
}

/** A value as code, shortened. */
export function code(text: string): HTMLElement {
  const parts = pieces(text);
  const isCut = parts.some((part) => part.isCut);
  return element("code", { title: isCut ? text : null }, ...parts.map(piece));
}

export function piece({ text, isCut }: Piece): Node | string {
  return isCut ? element("span", { class: "cut" }, text) : text;
}
