// The fragment of the address: the name of an example, or the texts. Browsers never send the fragment. The page updates
// it after each edit, so that a copied address always leads to what the page shows.

import type { Texts } from "./inputs";
import { keepable } from "./store";

/** The maximum size in bytes of an unpacked fragment, so that a malicious link can't fill a visitor's memory. */
const LARGEST = 1_000_000;

/** The maximum length of a fragment in the address, because chats and mail programs cut longer links. */
export const LONGEST = 30_000;

/** The texts that a link may contain: all except the token, which is a secret. */
export type Shared = Omit<Texts, "token">;

/** The content of a fragment: the name of an example, or texts. `null` if it is neither. */
export type Linked = { example: string } | { texts: Partial<Shared> } | null;

export async function toFragment(texts: Texts): Promise<string> {
  const filled = Object.fromEntries(Object.entries(keepable(texts)).filter(([, text]) => text !== ""));
  const packed = await through(new TextEncoder().encode(JSON.stringify(filled)), new CompressionStream("deflate-raw"));
  const base64 = btoa(packed.reduce((text, byte) => text + String.fromCharCode(byte), ""));
  return `#state=${base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

export async function fromFragment(fragment: string): Promise<Linked> {
  const [, name] = /^#(?:example=)?([\w-]+)$/.exec(fragment) ?? [];
  if (name !== undefined) return { example: name };
  const [, value] = /^#state=([\w-]+)$/.exec(fragment) ?? [];
  if (value === undefined) return null;
  const packed = Uint8Array.from(atob(value.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const state: unknown = JSON.parse(new TextDecoder().decode(await through(packed, new DecompressionStream("deflate-raw"))));
  if (typeof state !== "object" || state === null) return null;
  const texts = Object.entries(state).filter(([key, text]) => key !== "token" && typeof text === "string");
  return { texts: Object.fromEntries(texts) as Partial<Shared> };
}

async function through(bytes: Uint8Array<ArrayBuffer>, transform: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough<Uint8Array<ArrayBuffer>>(transform).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > LARGEST) throw new Error("expected a link that unpacks to at most 1 MB");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
