// Sorts a pasted text into the inputs: Kubernetes objects by their kind, a trust policy, an issuer, a token. A token
// goes only into its own field. Secrets are dropped.

import { isMap, isScalar, isSeq, parseAllDocuments, stringify, type Document, type Node } from "yaml";

import type { Texts } from "./inputs";
import { inPlainWords, isJson, OPTIONS, type Problem } from "./yaml";

/** An object of a pasted text. */
export interface Item {
  kind: string;
  name: string;
  namespace: string;
  /** The object's text: as the user wrote it, or as YAML if the object is an item of a List. */
  text: string;
  /** The object's place in the pasted text: the index of the document, and the JSON pointer in the document. */
  document: number;
  pointer: string;
}

/** The result of sorting. */
export interface Sorted {
  texts: Partial<Texts>;
  /** The number of objects in the pasted text. */
  count: number;
  /** Sentences about what was moved or left out. */
  notes: string[];
}

const TOKEN = /^(?:Bearer\s+)?["']?(eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+)["']?$/;

/** Matches each token in a string. */
export const TOKENS = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g;

/** Common kinds that create no pods. */
const OTHER = /^(?:Namespace|Service|Ingress.*|Secret|ServiceAccount|ConfigMap|.*Role(?:Binding)?|.*Policy|.*Class|CustomResourceDefinition|Persistent.*|.*Webhook.*|PodDisruptionBudget|HorizontalPodAutoscaler|PolicyServer|NetworkPolicy|Endpoints.*|Event|Node|Lease)$/;

/** Sorts a pasted text into the inputs. `null` if the text is not recognized. */
export function sort(pasted: string): Sorted | null {
  const text = pasted.trim();
  if (text === "") return null;
  const token = TOKEN.exec(text)?.[1];
  if (token !== undefined) return only({ token });
  if (/^https:\/\/\S+$/.test(text)) return only({ issuer: text });
  if (isJson(text)) {
    const found = aws(JSON.parse(text) as unknown, text);
    if (found) return found;
  }
  return objects(pasted);
}

function only(texts: Partial<Texts>): Sorted {
  return { texts, count: 0, notes: [] };
}

/** Recognizes the output of the AWS CLI, and the documents of an issuer. */
function aws(value: unknown, text: string): Sorted | null {
  const at = (...path: string[]): unknown => path.reduce<unknown>((here, key) => (here as Record<string, unknown> | null)?.[key], value);
  const token = at("status", "token");
  if (typeof token === "string" && TOKEN.test(token)) return only({ token });
  if (at("Role", "AssumeRolePolicyDocument") !== undefined || at("AssumeRolePolicyDocument") !== undefined || at("Statement") !== undefined) {
    return only({ trustPolicy: text });
  }
  if (Array.isArray(at("keys"))) return only({ jwks: text });
  if (at("jwks_uri") !== undefined) return only({ discovery: text });
  const issuer = at("cluster", "identity", "oidc", "issuer");
  return typeof issuer === "string" ? only({ issuer }) : null;
}

/** The content of a string: its objects, and its parts that can't be read as an object. */
export interface Content {
  items: Item[];
  problems: Problem[];
  /** Whether all of the string is valid YAML or JSON. */
  isValid: boolean;
}

/** Reads the objects in a string: its documents, and the items of Lists. */
export function contentOf(text: string): Content {
  const content: Content = { items: [], problems: [], isValid: true };
  if (text.trim() === "") return content;
  const documents = parseAllDocuments(text, OPTIONS) as Document.Parsed[];
  const filled = documents.filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.value === null));
  for (const document of documents) {
    const [error] = document.errors;
    const index = filled.indexOf(document);
    if (error) {
      content.isValid = false;
      content.problems.push({ message: inPlainWords(error), from: error.pos[0], to: error.pos[1] });
    } else if (index !== -1) {
      const whole = filled.length === 1 ? text : text.slice(...bounds(documents, document, text));
      collect(document, document.contents, { whole, index, pointer: "" }, content);
    }
  }
  if (content.isValid && filled.length === 0) content.problems.push({ message: "expected an object, but got nothing", from: 0, to: text.length });
  return content;
}

/** The start and the end of a document in the text. Comments are included, separators are not. */
function bounds(all: Document.Parsed[], document: Document.Parsed, text: string): [number, number] {
  const before = all[all.indexOf(document) - 1];
  const from = before ? before.range[2] : 0;
  const to = document.range[2];
  const between = text.slice(from, to);
  const start = /^---[^\n]*\n/.exec(between)?.[0].length ?? 0;
  const end = between.replace(/\n(?:---|\.\.\.)[^\n]*\n?$/, "\n").length;
  return [from + start, from + end];
}

type Where = { whole: string; index: number; pointer: string };

function collect(document: Document, node: unknown, { whole, index, pointer }: Where, found: Content): void {
  const [from = 0, to = 0] = (node as Node | null)?.range ?? [];
  const unknown = (message: string): void => void found.problems.push({ message, from, to });
  if (!isMap(node)) return unknown("expected a Kubernetes object, with `apiVersion` and `kind`");
  const get = (key: string): string => {
    const value = node.get(key);
    return typeof value === "string" ? value : "";
  };
  const kind = get("kind");
  const list = node.get("items");
  if (kind.endsWith("List") && isSeq(list)) {
    list.items.forEach((item, at) => collect(document, item, { whole: stringify((item as Node).toJS(document), { lineWidth: 0, version: "1.1" }), index, pointer: `${pointer}/items/${at}` }, found));
    return;
  }
  if (kind === "") return unknown("expected a Kubernetes object, but this one has no `kind`");
  const metadata = node.get("metadata");
  const of = (key: string): string => (isMap(metadata) && metadata.get(key) !== undefined ? String(metadata.get(key)) : "");
  found.items.push({ kind, name: of("name"), namespace: of("namespace"), text: whole, document: index, pointer });
}

/** Whether objects of this kind may create pods. */
export function mayMakePods(kind: string): boolean {
  return !OTHER.test(kind);
}

function objects(text: string): Sorted | null {
  const { items: all, isValid } = contentOf(text);
  if (all.length === 0 || !isValid) return null;
  const notes: string[] = [];
  const texts: Partial<Texts> = {};
  const secrets = all.filter(({ kind }) => kind === "Secret");
  const token = secrets.map(tokenOf).find((found) => found !== null);
  if (token) {
    texts.token = token;
    notes.push("The token of the Secret is in the token field.");
  }
  if (secrets.length > 0) notes.push("Manifests of Secrets are left out.");
  const kept = all.filter(({ kind }) => kind !== "Secret");
  for (const policy of kept.filter(({ kind }) => /^(?:Cluster)?AdmissionPolicy$/.test(kind))) {
    const settings = settingsOf(policy);
    if (settings !== null) texts.settings = settings;
  }
  const pod = kept.find(({ kind }) => mayMakePods(kind));
  if (pod) Object.assign(texts, setupOf(pod, kept));
  else {
    const account = kept.find(({ kind }) => kind === "ServiceAccount");
    if (account) texts.serviceAccount = account.text;
    const map = configMap(kept);
    if (map) texts.configMap = map.text;
  }
  if (kept.length > 1) texts.objects = secrets.length === 0 ? text : kept.map((item) => item.text.trimEnd()).join("\n---\n") + "\n";
  if (Object.keys(texts).length === 0 && secrets.length === 0) return null;
  return { texts, count: all.length, notes };
}

/** The inputs for a pod or a workload: its own text, and from `all` its service account and the ConfigMap. */
export function setupOf(pod: Item, all: Item[]): Partial<Texts> {
  const texts: Partial<Texts> = { pod: pod.text };
  const accounts = all.filter(({ kind }) => kind === "ServiceAccount");
  const name = /\bserviceAccountName["']?\s*:\s*["']?([\w.-]+)/.exec(pod.text)?.[1] ?? /\bserviceAccount["']?\s*:\s*["']?([\w.-]+)/.exec(pod.text)?.[1];
  const named = accounts.filter((account) => account.name === (name ?? "default"));
  const account = named.find(({ namespace }) => namespace === pod.namespace) ?? named[0] ?? (accounts.length === 1 ? accounts[0] : undefined);
  if (account) texts.serviceAccount = account.text;
  const map = configMap(all);
  if (map) texts.configMap = map.text;
  return texts;
}

function configMap(all: Item[]): Item | undefined {
  return all.find(({ kind, name }) => kind === "ConfigMap" && name === "pod-identity-webhook");
}

function tokenOf({ text }: Item): string | null {
  const encoded = /^\s*["']?token["']?\s*:\s*["']?([\w+/=-]+)/m.exec(text)?.[1] ?? "";
  if (TOKEN.test(encoded)) return encoded;
  try {
    return TOKEN.exec(atob(encoded).trim())?.[1] ?? null;
  } catch {
    return null;
  }
}

function settingsOf({ text }: Item): string | null {
  const [document] = parseAllDocuments(text, OPTIONS) as Document.Parsed[];
  const settings = document?.getIn(["spec", "settings"]);
  return isMap(settings) && document ? stringify(settings.toJS(document), { lineWidth: 0, version: "1.1" }) : null;
}

/** Replaces the tokens in a string, so that it may be stored or shared. */
export function withoutTokens(text: string): string {
  return text.replace(TOKENS, "TOKEN-LEFT-OUT");
}
