// Converts YAML to the JSON that the core reads, like kubectl (YAML 1.1: a bare `yes` is a boolean). Also finds the
// place in the text from which a value of the JSON comes. Input that is JSON is passed on unchanged, so that the core
// checks what the user wrote.

import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } from "yaml";
import type { Document, DocumentOptions, ErrorCode, Node, Pair, ParseOptions, SchemaOptions, YAMLMap, YAMLParseError } from "yaml";

/** A range in a string: the offset of its first character, and the offset after its last character. */
export interface Span {
  from: number;
  to: number;
}

/** A mistake in an input, and its place. */
export interface Problem extends Span {
  message: string;
}

/** The result of converting a string. `origin` finds the place in the string for an offset in the JSON. */
export type Converted =
  | { json: string; origin: (offset: number) => Span; problem: null }
  | { json: null; origin: null; problem: Problem };

/** The maximum length of the JSON, which aliases can make very long. etcd stores objects of at most 1.5 MB. */
const LARGEST = 3_000_000;

/** The tags of YAML 1.1 that kubectl supports. It reads a timestamp as a string, so that tag is not here. */
const TAGS = new Set(["map", "seq", "str", "null", "bool", "int", "float", "merge"].map((name) => `tag:yaml.org,2002:${name}`));

/** Options with which the parser reads YAML like kubectl. */
export const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: "1.1",
  prettyErrors: false,
  customTags: (tags) => tags.filter((tag) => typeof tag === "string" || (TAGS.has(tag.tag) && !("format" in tag && tag.format === "TIME"))),
};

/** Converts a string that is not empty. `strict`: AWS reads this input only as JSON. */
export function convert(text: string, strict = false): Converted {
  // IAM's API returns a policy URL-encoded. The core decodes it.
  if (strict && /^\s*%7B/i.test(text)) return { json: JSON.stringify(text.trim()), origin: () => ({ from: 0, to: text.length }), problem: null };
  if (strict ? /^\s*[[{]/.test(text) : isJson(text)) {
    // The core gets the text without leading spaces, so its offsets start after them.
    const start = text.length - text.trimStart().length;
    return { json: text.trim(), origin: (offset) => ({ from: start + offset, to: start + offset + 1 }), problem: null };
  }
  try {
    return write(only(parseAllDocuments(text, OPTIONS) as Document.Parsed[]), text);
  } catch (error) {
    if (error instanceof NotJson) return { json: null, origin: null, problem: error.problem };
    // Too much recursion: an alias that contains itself, or too many nested brackets.
    if (error instanceof RangeError) return { json: null, origin: null, problem: { message: "nested too deeply", from: 0, to: 1 } };
    throw error;
  }
}

/** Whether a string is valid JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

class NotJson extends Error {
  readonly problem: Problem;

  constructor(message: string, from: number, to = from + 1) {
    super(message);
    this.problem = { message, from, to };
  }
}

/** Returns the only document that is not empty. Throws unless there is exactly one. */
function only(documents: Document.Parsed[]): Document.Parsed {
  for (const { errors } of documents) {
    const [error] = errors;
    if (error) throw new NotJson(inPlainWords(error), error.pos[0], error.pos[1]);
  }
  const [first, second] = documents.filter((document) => document.contents !== null && !isNull(document.contents));
  if (!first) throw new NotJson("expected an object, but got nothing", 0);
  if (second) throw new NotJson("expected one object, but a second object begins here", second.range[0]);
  return first;
}

function isNull(node: Node): boolean {
  return isScalar(node) && node.value === null;
}

/** The parser's errors in the words of a user who does not know the parser. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "expected this line to be indented like the lines around it",
  BLOCK_AS_IMPLICIT_KEY: "expected one `key: value` on this line: put a value that contains `: ` in quotes, or correct the indentation",
  BLOCK_IN_FLOW: "expected no list with `-` between brackets",
  TAB_AS_INDENT: "expected spaces, but this line is indented by a tab",
  DUPLICATE_KEY: "expected each key once, but this key is there twice",
  MULTILINE_IMPLICIT_KEY: "expected `key: value`, but this line has no `:`",
  BAD_DQ_ESCAPE: "expected no backslash in double quotes: use single quotes",
  BAD_SCALAR_START: "expected a value, but YAML reserves its first character: put the value in quotes",
  BAD_ALIAS: "expected the name of an anchor after `*`: put a value that starts with `*` in quotes",
  TAG_RESOLVE_FAILED: "expected a value without a tag, because Kubernetes does not know this tag",
};

/** The error in plain words, or else the parser's own message. */
export function inPlainWords({ code, message }: YAMLParseError): string {
  const words = WORDS[code];
  if (words !== undefined) return words;
  if (/without - indicator/.test(message)) return WORDS.BAD_INDENT ?? message;
  if (/quote/i.test(message)) return "expected the closing quote of this value";
  if (/end with a? ?[\]}]/.test(message)) return "expected a closing bracket";
  if (/followed by map values/.test(message)) return "expected `key: value`, but this line has no `:`";
  return `expected YAML; the parser says: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function write(document: Document.Parsed, text: string): Converted {
  const places: { json: Span; text: Span }[] = [];
  let json = "";

  function put(part: string, near: Span): void {
    json += part;
    if (json.length > LARGEST) throw new NotJson("expected an object of at most 3 MB", near.from, near.to);
  }

  function value(node: unknown, parent: Span): void {
    const from = json.length;
    const here = span(node) ?? parent;
    if (isAlias(node)) {
      value(node.resolve(document), here);
    } else if (isMap(node)) {
      list("{", pairs(document, node), "}", here, (pair) => entry(pair, here));
    } else if (isSeq(node)) {
      list("[", node.items, "]", here, (item) => value(item, here));
    } else {
      put(scalar(node, here), here);
    }
    places.push({ json: { from, to: json.length }, text: here });
  }

  function entry(pair: Pair, parent: Span): void {
    const from = json.length;
    const here = span(pair.key) ?? parent;
    put(JSON.stringify(key(pair.key, here)), here);
    places.push({ json: { from, to: json.length }, text: here });
    put(":", here);
    value(pair.value, here);
  }

  function list<Item>(open: string, items: Item[], close: string, here: Span, one: (item: Item) => void): void {
    put(open, here);
    items.forEach((item, index) => {
      if (index > 0) put(",", here);
      one(item);
    });
    put(close, here);
  }

  const whole = { from: 0, to: text.length };
  value(document.contents, whole);
  return { json, origin: (offset) => innermost(places, offset)?.text ?? whole, problem: null };
}

/** Finds the smallest place that contains the offset. */
function innermost(places: { json: Span; text: Span }[], offset: number): { json: Span; text: Span } | undefined {
  return places
    .filter(({ json }) => json.from <= offset && offset < json.to)
    .reduce<{ json: Span; text: Span } | undefined>(
      (best, place) => (best && best.json.to - best.json.from <= place.json.to - place.json.from ? best : place),
      undefined,
    );
}

function span(node: unknown): Span | null {
  const range = (node as Node | null)?.range;
  return range ? { from: range[0], to: range[1] } : null;
}

/** The entries of a mapping, including the entries of its merge keys (`<<`). */
function pairs(document: Document.Parsed, map: YAMLMap): Pair[] {
  const own = map.items.filter((pair) => !isMerge(pair));
  const names = new Set(own.map(({ key }) => String(isScalar(key) ? key.value : key)));
  const merged: Pair[] = [];
  for (const merge of map.items.filter(isMerge)) {
    const source = isAlias(merge.value) ? merge.value.resolve(document) : merge.value;
    for (const item of isSeq(source) ? source.items : [source]) {
      const target = isAlias(item) ? item.resolve(document) : item;
      if (!isMap(target)) throw new NotJson("expected a mapping after the merge key `<<`", ...ends(merge.key));
      for (const pair of pairs(document, target)) {
        const name = String(isScalar(pair.key) ? pair.key.value : pair.key);
        if (!names.has(name)) merged.push(pair);
        names.add(name);
      }
    }
  }
  return [...merged, ...own];
}

function isMerge(pair: unknown): boolean {
  return isPair(pair) && isScalar(pair.key) && (typeof pair.key.value === "symbol" || (pair.key.value === "<<" && pair.key.type === "PLAIN"));
}

function ends(node: unknown): [number, number] {
  const { from, to } = span(node) ?? { from: 0, to: 1 };
  return [from, to];
}

function key(node: unknown, here: Span): string {
  if (!isScalar(node) || node.value === null) throw new NotJson("expected a string as the key", here.from, here.to);
  return String(node.value);
}

function scalar(node: unknown, here: Span): string {
  if (node === null || node === undefined) return "null";
  if (!isScalar(node)) throw new NotJson("expected a value that JSON can represent", here.from, here.to);
  if (typeof node.value === "number") {
    if (!Number.isFinite(node.value)) throw new NotJson("expected a finite number, because JSON has no infinity and no NaN", here.from, here.to);
    const source = node.source ?? "";
    return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(source) ? source : JSON.stringify(node.value);
  }
  return JSON.stringify(node.value);
}
