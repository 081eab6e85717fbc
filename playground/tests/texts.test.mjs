// What needs no browser: YAML to JSON and back to its place, a path to its place, the diff.

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

const at = (text, { from, to }) => text.slice(from, to);

for (const [what, text, json] of [
  ["block style", "a:\n- 1\n- b: two\n", '{"a":[1,{"b":"two"}]}'],
  ["a boolean of YAML 1.1, as kubectl reads it", "a: yes\nb: off\nc: 'no'\n", '{"a":true,"b":false,"c":"no"}'],
  ["a text that only looks like a time", "a: 2012-10-17\nb: 12:30\n", '{"a":"2012-10-17","b":"12:30"}'],
  ["numbers as they were written", "a: 1.0\nb: 9007199254740993\nc: 0x10\n", '{"a":1.0,"b":9007199254740993,"c":16}'],
  ["a key that is no text", "80: web\n", '{"80":"web"}'],
  ["an anchor", "a: &x {b: 1}\nc: *x\n", '{"a":{"b":1},"c":{"b":1}}'],
  ["a merge, in which what is there wins", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", '{"a":{"b":1,"c":2},"d":{"b":1,"c":3}}'],
  ["nothing as null", "a:\n", '{"a":null}'],
  ["quotes and line ends", 'a: "x\\n\\"y\\""\n', '{"a":"x\\n\\"y\\""}'],
  ["empty documents around one", "---\n---\na: 1\n---\n", '{"a":1}'],
]) {
  test(`converts ${what}`, () => {
    const { json: converted, problem } = convert(text);
    assert.equal(problem, null);
    assert.equal(converted, json);
  });
}

test("passes JSON on as it is, even with a key twice, for the core to judge", () => {
  const text = ' {"a": 1,\n "a": 2} ';
  assert.equal(convert(text).json, text.trim());
  assert.equal(convert('{"a": 1,}', true).json, '{"a": 1,}');
});

for (const [what, text, place] of [
  ["an anchor within itself", "a: &x [*x]\n", null],
  ["aliases that grow without end", `a0: &a0 [${"x,".repeat(50)}]\n${[1, 2, 3, 4, 5].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(20)}]\n`).join("")}`, null],
  ["a number that JSON has not", "a: 1\nb: .inf\n", ".inf"],
  ["a key that is an object", "{a: 1}: b\n", "{a: 1}"],
  ["a tab as indentation", "a:\n\tb: 1\n", null],
  ["no object", "# nothing\n", null],
]) {
  test(`says what is wrong with ${what}`, () => {
    const { json, problem } = convert(text);
    assert.equal(json, null);
    assert.match(problem.message, /^[a-z]/);
    if (place !== null) assert.equal(at(text, problem), place);
  });
}

test("knows where each value of the JSON stood", () => {
  const text = "metadata:\n  name: web\nspec:\n  - {image: x}\n";
  const { json, origin } = convert(text);
  assert.equal(at(text, origin(json.indexOf("web"))), "web");
  assert.equal(at(text, origin(json.indexOf("image"))), "image");
});

for (const [message, place] of [
  ["`spec.containers[0].env`: expected an array, but got a string", "nothing"],
  ["`object.spec.containers[0].env`: expected an array, but got a string", "nothing"],
  ["`metadata.annotations.eks.amazonaws.com/role-arn`: expected a text, but got a number", "5"],
  ["`spec.containers[0]`: `name`: expected a text, but got none", "app"],
  ["`spec.containers[0].image`: expected a text, but got none", "{name: app, env: nothing}"],
  ["`spec.volumes`: expected an array, but got null", "volumes"],
]) {
  test(`finds the place of ${message}`, () => {
    const text = "metadata: {annotations: {eks.amazonaws.com/role-arn: 5}}\nspec:\n  containers: [{name: app, env: nothing}]\n  volumes:\n";
    assert.equal(at(text, locate(text, message)), place);
  });
}

test("finds no place where a message names none", () => {
  assert.equal(locate("a: 1", "expected an object"), null);
});

test("shows what is added, with three lines around it", () => {
  const before = ["a", "b", "c", "d", "e", "f"];
  const after = [...before, "new"];
  const shown = diff(before.join("\n"), after.join("\n")).map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(shown, ["left-out …", "same d", "same e", "same f", "added new"]);
});

test("shows what is removed, and nothing where all is the same", () => {
  assert.deepEqual(diff("a\nb", "b"), [{ kind: "removed", text: "a" }, { kind: "same", text: "b" }]);
  assert.deepEqual(diff("a\nb", "a\nb"), [{ kind: "left-out", text: "…" }]);
});
