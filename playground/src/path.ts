// Where in a string the core's message is about: it begins with the way there, as Kubernetes writes it, in backticks:
// `spec.containers[0].name`: expected …

import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from "yaml";

import type { Span } from "./yaml";

/** The place, or else the last on the way there that there is. */
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

/** The way as one text: a message may have several, each from where the one before it ended. */
function way(message: string): string {
  const [parts = ""] = /^(?:`[^`]+`: )*/.exec(message) ?? [];
  const joined = [...parts.matchAll(/`([^`]+)`: /g)].map(([, part]) => part).join(".");
  // The object of a review stands in a request.
  return joined.replace(/^(?:request\.)?object\./, "");
}

/** One step further. A key may hold dots, so it is looked for among those that there are, the longest first. */
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

/** Where a node stands; an empty one stands nowhere. */
function range(node: unknown): [number, number] | null {
  const found = (node as Node | null)?.range;
  return found && found[1] > found[0] ? [found[0], found[1]] : null;
}
