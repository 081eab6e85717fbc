// Tests of functions that need no browser: converting YAML, finding places, editing, comparing and shortening.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { build } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "playground-"));
after(() => rmSync(folder, { recursive: true }));

async function load(file) {
  const outfile = join(folder, file.replace(/ts$/, "mjs"));
  await build({ entryPoints: [new URL(`../src/${file}`, import.meta.url).pathname], bundle: true, format: "esm", outfile });
  return import(outfile);
}

const { convert } = await load("yaml.ts");
const { locate } = await load("path.ts");
const { diff } = await load("diff.ts");
const { spanOf, keySpanOf, edited, changedAt } = await load("place.ts");
const { pieces } = await load("shorten.ts");

const at = (text, { from, to }) => text.slice(from, to);

for (const [what, text, json] of [
  ["block style", "a:\n- 1\n- b: two\n", '{"a":[1,{"b":"two"}]}'],
  ["a boolean of YAML 1.1, as kubectl reads it", "a: yes\nb: off\nc: 'no'\n", '{"a":true,"b":false,"c":"no"}'],
  ["a string that only looks like a time", "a: 2012-10-17\nb: 12:30\n", '{"a":"2012-10-17","b":"12:30"}'],
  ["numbers as they were written", "a: 1.0\nb: 9007199254740993\nc: 0x10\n", '{"a":1.0,"b":9007199254740993,"c":16}'],
  ["a key that is not a string", "80: web\n", '{"80":"web"}'],
  ["an anchor", "a: &x {b: 1}\nc: *x\n", '{"a":{"b":1},"c":{"b":1}}'],
  ["a merge key, whose values give way to the mapping's own values", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", '{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}'],
  ["an empty value as null", "a:\n", '{"a":null}'],
  ["quotes and line ends", 'a: "x\\n\\"y\\""\n', '{"a":"x\\n\\"y\\""}'],
  ["one document between empty documents", "---\n---\na: 1\n---\n", '{"a":1}'],
]) {
  test(`converts ${what}`, () => {
    const { json: converted, problem } = convert(text);
    assert.equal(problem, null);
    assert.equal(converted, json);
  });
}

test("passes JSON on unchanged, even with a duplicate key, so that the core reports it", () => {
  const text = ' {"a": 1,\n "a": 2} ';
  assert.equal(convert(text).json, text.trim());
  assert.equal(convert('{"a": 1,}', true).json, '{"a": 1,}');
});

for (const [what, text, place] of [
  ["an alias inside its own anchor", "a: &x [*x]\n", null],
  ["aliases that expand to a huge object", `a0: &a0 [${"x,".repeat(50)}]\n${[1, 2, 3, 4, 5].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(20)}]\n`).join("")}`, null],
  ["a number that JSON can't represent", "a: 1\nb: .inf\n", ".inf"],
  ["a key that is an object", "{a: 1}: b\n", "{a: 1}"],
  ["a tab as indentation", "a:\n\tb: 1\n", null],
  ["a string with only a comment", "# nothing\n", null],
]) {
  test(`says what is wrong with ${what}`, () => {
    const { json, problem } = convert(text);
    assert.equal(json, null);
    assert.match(problem.message, /^[a-z]/);
    if (place !== null) assert.equal(at(text, problem), place);
  });
}

test("finds the place in the text that a value of the JSON comes from", () => {
  const text = "metadata:\n  name: web\nspec:\n  - {image: x}\n";
  const { json, origin } = convert(text);
  assert.equal(at(text, origin(json.indexOf("web"))), "web");
  assert.equal(at(text, origin(json.indexOf("image"))), "image");
});

for (const [message, place] of [
  ["`spec.containers[0].env`: expected an array, but got a string", "nothing"],
  ["`object.spec.containers[0].env`: expected an array, but got a string", "nothing"],
  ["`metadata.annotations.eks.amazonaws.com/role-arn`: expected a string, but got a number", "5"],
  ["`spec.containers[0]`: `name`: expected a string, but got nothing", "app"],
  ["`spec.containers[0].image`: expected a string, but got nothing", "{name: app, env: nothing}"],
  ["`spec.volumes`: expected an array, but got null", "volumes"],
]) {
  test(`finds the place of ${message}`, () => {
    const text = "metadata: {annotations: {eks.amazonaws.com/role-arn: 5}}\nspec:\n  containers: [{name: app, env: nothing}]\n  volumes:\n";
    assert.equal(at(text, locate(text, message)), place);
  });
}

test("finds no place for a message without a path", () => {
  assert.equal(locate("a: 1", "expected an object"), null);
});

test("shows an added line with three lines before it", () => {
  const before = ["a", "b", "c", "d", "e", "f"];
  const after = [...before, "new"];
  const shown = diff(before.join("\n"), after.join("\n")).map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(shown, ["left-out …", "same d", "same e", "same f", "added new"]);
});

test("shows a removed line, and no line if nothing differs", () => {
  assert.deepEqual(diff("a\nb", "b"), [{ kind: "removed", text: "a" }, { kind: "same", text: "b" }]);
  assert.deepEqual(diff("a\nb", "a\nb"), [{ kind: "left-out", text: "…" }]);
});

for (const [pointer, place] of [
  ["/metadata/annotations/a~1b", "x"],
  // An element of a list is marked at its name.
  ["/spec/containers/1/env/0", "X"],
  ["/spec/containers/1/env", "env"],
  ["/spec", "spec"],
  ["/metadata/missing", "metadata"],
]) {
  test(`finds the place of the pointer ${pointer}`, () => {
    const text = "metadata: {annotations: {a/b: x}}\nspec:\n  containers: [{name: a}, {name: b, env: [{name: X}]}]\n";
    assert.equal(at(text, spanOf(text, pointer)), place);
  });
}

test("finds the place of a value in JSON and in the second document, and the place of a key", () => {
  const json = '{\n  "Statement": [{"Condition": {"StringEquals": {"a:sub": "x"}}}]\n}';
  assert.equal(at(json, spanOf(json, "/Statement/0/Condition/StringEquals/a:sub")), '"x"');
  assert.equal(at(json, keySpanOf(json, "/Statement/0/Condition/StringEquals")), '"StringEquals"');
  const two = "a: 1\n---\n---\nb: {c: 2}\n";
  assert.equal(at(two, spanOf(two, "/b/c", 1)), "2");
});

test("edits YAML and JSON, and removes a parent that becomes empty", () => {
  assert.equal(edited("# kept\na: 1\nb: {c: 2}\n", [[["b", "c"], undefined]]), "# kept\na: 1\n");
  assert.equal(edited("", [[["region"], "us-east-2"]]), "region: us-east-2\n");
  assert.equal(edited('{"a": {"b": 1}}', [[["a", "c"], 2]]), '{\n  "a": {\n    "b": 1,\n    "c": 2\n  }\n}');
  assert.equal(edited("a:\n  b:\nd: 1\n", [[["a", "b", "c"], "x"]]), "a:\n  b:\n    c: x\nd: 1\n", "an empty value becomes an object");
  assert.equal(edited("a:\n  - b\n  - c # kept\n  - d\n", [[["a", "2"], undefined], [["a", "0"], undefined]]), "a:\n  - c # kept\n");
  assert.equal(edited("%7B%22a%22%3A1%7D", [[[], { a: 2 }]]), '{\n  "a": 2\n}');
});

test("finds the first line that a change has changed", () => {
  assert.equal(changedAt("a\nbc\nd", "a\nbx\nd"), 2);
  assert.equal(changedAt("a\n", "b\n"), 0);
  assert.equal(changedAt("a\n", "a\nb\n"), 2);
});

test("shortens the ID of an issuer, and leaves a short value whole", () => {
  const whole = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E";
  const parts = pieces(whole);
  assert.equal(parts.map(({ text }) => text).join(""), whole);
  assert.equal(parts.filter(({ isCut }) => !isCut).map(({ text }) => text).join("…"), "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/EXAM…041E");
  assert.deepEqual(pieces("system:serviceaccount:default:my-sa"), [{ text: "system:serviceaccount:default:my-sa", isCut: false }]);
});
