// Finds the place in an input that a message of the core is about. The message begins with a path in backticks, in
// Kubernetes' notation: `spec.containers[0].name`: expected …

import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from "yaml";

import type { Span } from "./yaml";

/** Finds the place of a message's path, or of the longest part of the path that exists. */
export function locate(text: string, message: string): Span | null {
  const document = parseDocument(text, { version: "1.1", prettyErrors: false });
  let rest = way(message);
  let node: unknown = document.contents;
  let found: unknown = null;
  while (rest !== "") {
    const next = step(document, node, rest);
    if (!next) break;
    ({ node, rest } = next);
    found = range(node) ? node : next.key;
  }
  const place = range(found);
  return place ? { from: place[0], to: place[1] } : null;
}

/** Joins the paths of a message. A message may begin with several paths, each relative to the one before it. */
function way(message: string): string {
  const [parts = ""] = /^(?:`[^`]+`: )*/.exec(message) ?? [];
  const joined = [...parts.matchAll(/`([^`]+)`: /g)].map(([, part]) => part).join(".");
  // In a message of a review, the path starts at the request: `request.object.spec` or `object.spec`. The text contains
  // only the object, so that start is removed.
  return joined.replace(/^(?:request\.)?object\./, "");
}

/** Follows one key or index of the path. A key may contain dots, so the longest existing key that fits is used. */
function step(document: Document.Parsed, node: unknown, rest: string): { node: unknown; key: unknown; rest: string } | null {
  const here = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(here)) {
    const [all, index] = /^\[(\d+)\]\.?/.exec(rest) ?? [];
    if (all === undefined || here.items[Number(index)] === undefined) return null;
    const item = here.items[Number(index)];
    return { node: item, key: item, rest: rest.slice(all.length) };
  }
  if (!isMap(here)) return null;
  const keys = here.items.filter(({ key }) => {
    const name = isScalar(key) ? String(key.value) : "";
    return name !== "" && rest.startsWith(name) && /^(?:$|[.[])/.test(rest.slice(name.length));
  });
  const [pair] = keys.sort((one, other) => String(other.key).length - String(one.key).length);
  if (!pair) return null;
  return { node: pair.value, key: pair.key, rest: rest.slice(String(pair.key).length).replace(/^\./, "") };
}

/** The range of a node in the text. `null` for a node without characters. */
function range(node: unknown): [number, number] | null {
  const found = (node as Node | null)?.range;
  return found && found[1] > found[0] ? [found[0], found[1]] : null;
}
