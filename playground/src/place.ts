// Finds the place of a JSON pointer in the user's text, and changes values in the text.

import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, parseDocument, type Document, type Node, type Pair } from "yaml";

import { isJson, OPTIONS, type Span } from "./yaml";

/** The segments of a JSON pointer. */
export function segments(pointer: string): string[] {
  return pointer.split("/").slice(1).map((segment) => segment.replace(/~1/g, "/").replace(/~0/g, "~"));
}

/** Finds the place to mark for a JSON pointer: a scalar itself, and for a larger value its key or its first line. */
export function spanOf(text: string, pointer: string, documentIndex = 0): Span | null {
  const documents = parseAllDocuments(text, OPTIONS) as Document.Parsed[];
  const document = documents.filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null))[documentIndex];
  if (!document) return null;
  let node: unknown = document.contents;
  let key: unknown = null;
  for (const segment of segments(pointer)) {
    const next = child(document, node, segment);
    if (!next) break;
    [key, node] = next;
  }
  return marked(text, key, node);
}

/** Finds the key that a JSON pointer leads to. `null` if the key does not exist. */
export function keySpanOf(text: string, pointer: string): Span | null {
  const document = parseDocument(text, OPTIONS);
  let node: unknown = document.contents;
  let key: unknown = null;
  for (const segment of segments(pointer)) {
    const next = child(document, node, segment);
    if (!next) return null;
    [key, node] = next;
  }
  return range(key);
}

function child(document: Document, node: unknown, segment: string): [key: unknown, value: unknown] | null {
  const here = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(here)) {
    const item = here.items[Number(segment)];
    return item === undefined ? null : [null, item];
  }
  if (!isMap(here)) return null;
  // If a key occurs twice, the last value is the one that is used.
  const pair = here.items.findLast(({ key }) => String(isScalar(key) ? key.value : key) === segment) as Pair | undefined;
  return pair ? [pair.key, pair.value] : null;
}

function marked(text: string, key: unknown, node: unknown): Span | null {
  const value = range(node);
  if (value && (isScalar(node) || isAlias(node))) return value;
  const ofKey = range(key);
  if (ofKey) return ofKey;
  // An element of a list has no key, so its `name` is marked.
  const name = isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === "name")?.value : null;
  const ofName = range(name);
  if (ofName) return ofName;
  if (!value) return null;
  const end = text.indexOf("\n", value.from);
  return { from: value.from, to: end === -1 ? value.to : Math.min(value.to, end) };
}

/** The range of a node in the text. `null` for a node without characters. */
function range(node: unknown): Span | null {
  const found = (node as Node | null)?.range;
  return found && found[1] > found[0] ? { from: found[0], to: found[1] } : null;
}

/** A change of an object: the segments of a JSON pointer, and the new value. `undefined` removes the old value. */
export type Change = [path: string[], value: unknown];

/** Applies changes to an input. Comments and the style of YAML are kept. */
export function edited(text: string, changes: Change[]): string {
  const document = parseDocument(isJson(text) || text.trim() !== "" ? text : "{}", { ...OPTIONS, keepSourceTokens: true });
  for (const [path, value] of changes) {
    // An empty path replaces the whole input, so there is no style to keep.
    if (path.length === 0) return JSON.stringify(value, null, 2);
    if (value === undefined) {
      remove(document, path);
    } else {
      fill(document, path.slice(0, -1));
      document.setIn(path, value);
    }
  }
  if (isJson(text)) return JSON.stringify(document.toJS(), null, 2);
  if (isMap(document.contents) && text.trim() === "") document.contents.flow = false;
  return document.toString({ lineWidth: 0 });
}

/** The start of the first line that differs from the text before a change. */
export function changedAt(before: string, after: string): number {
  let at = 0;
  while (at < after.length && before[at] === after[at]) at++;
  return at === 0 ? 0 : after.lastIndexOf("\n", at - 1) + 1;
}

/** Removes those parents of a value that are null (`annotations:`), so that `setIn` creates them as objects. */
function fill(document: Document, parents: string[]): void {
  for (let depth = 1; depth <= parents.length; depth++) {
    const parent = parents.slice(0, depth);
    if (document.hasIn(parent) && document.getIn(parent) === null) document.deleteIn(parent);
  }
}

/** Removes a value, and also its parents if they are then empty. */
function remove(document: Document, path: string[]): void {
  document.deleteIn(path);
  const parent = path.slice(0, -1);
  const left = parent.length > 0 ? document.getIn(parent) : null;
  if ((isMap(left) || isSeq(left)) && left.items.length === 0) remove(document, parent);
}
