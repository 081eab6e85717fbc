// A link that holds the state in its fragment, which browsers never send. It is made only when asked for, so that what was
// typed stays out of the browser's history.

import type { Texts } from "./inputs";

/** What a fragment may come to: a link is no way to fill a visitor's memory. */
const LARGEST = 1_000_000;

/** What a link may hold: the texts without the token, which is a secret. */
export type Shared = Omit<Texts, "token">;

/** What a fragment says. */
export type Linked = { example: string } | { texts: Partial<Shared> } | null;

export async function toFragment({ token: _, ...shared }: Texts): Promise<string> {
  const filled = Object.fromEntries(Object.entries(shared).filter(([, text]) => text !== ""));
  const packed = await through(new TextEncoder().encode(JSON.stringify(filled)), new CompressionStream("deflate-raw"));
  const base64 = btoa(packed.reduce((text, byte) => text + String.fromCharCode(byte), ""));
  return `#state=${base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")}`;
}

export async function fromFragment(fragment: string): Promise<Linked> {
  const [, kind, value] = /^#(state|example)=([\w-]+)$/.exec(fragment) ?? [];
  if (value === undefined) return null;
  if (kind === "example") return { example: value };
  const packed = Uint8Array.from(atob(value.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  const state: unknown = JSON.parse(new TextDecoder().decode(await through(packed, new DecompressionStream("deflate-raw"))));
  if (typeof state !== "object" || state === null) return null;
  const texts = Object.entries(state).filter(([name, text]) => name !== "token" && typeof text === "string");
  return { texts: Object.fromEntries(texts) as Partial<Shared> };
}

async function through(bytes: Uint8Array<ArrayBuffer>, transform: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough<Uint8Array<ArrayBuffer>>(transform).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size > LARGEST) throw new Error("the link holds more than a setup can be");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
