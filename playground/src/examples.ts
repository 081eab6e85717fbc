// The example setups, grouped by the error message that users search for.

import setups from "built:setups";

import { EMPTY, NAMES, type Name, type Texts } from "./inputs";

/** A setup of `explain/setups/`. */
export interface Setup {
  name: string;
  title: string;
  question: string;
  /** The inputs, each as a user would type it. */
  inputs: Record<string, string>;
  /** The result that the explanation must have. */
  expected: { outcome: string; step: string | null; mistake: string | null };
}

export const SETUPS: readonly Setup[] = setups;

/** An error, and examples of its causes. `slug` is the name of an example in a link. */
export interface Group {
  error: string;
  examples: { slug: string; setup: Setup; label: string }[];
}

/** The errors in the order of the page, each with its examples: the slug, and the label of the chip. */
const ERRORS: [error: string, examples: [slug: string, label: string][]][] = [
  [
    "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
    [
      ["wildcard-in-string-equals", "StringEquals with a *"],
      ["wrong-namespace", "Another namespace"],
      ["issuer-with-scheme", "https:// in a condition's key"],
      ["another-clusters-provider", "Another cluster"],
      ["wrong-audience", "Another audience"],
    ],
  ],
  [
    "InvalidIdentityToken: No OpenIDConnect provider found in your account",
    [
      ["provider-in-another-account", "Another AWS account"],
      ["trailing-slash", "Issuer with a trailing slash"],
    ],
  ],
  ["assumed-role/…NodeInstanceRole…", [["no-role", "No role on the service account"]]],
  ["No AWS_ROLE_ARN in the pod", [["opted-out", "The pod opts out"]]],
  ["ValidationError: Request ARN is invalid", [["malformed-role", "Malformed role ARN"]]],
  ["The pod acts as an IAM user", [["static-credentials", "Static keys are used first"]]],
  ["ExpiredTokenException: Token expired", [["token-expired", "Expired token"]]],
  ["Could not find region", [["no-region", "No region is set"]]],
  ["A setup that works", [["walk-through", "Everything is right"]]],
];

/** The name of a setup in a link: the name of its file without the number. */
export function slugOf({ name }: Setup): string {
  return name.replace(/^\d+-/, "");
}

export const GROUPS: readonly Group[] = groups();

function groups(): Group[] {
  const known = ERRORS.map(([error, examples]) => ({
    error,
    examples: examples.flatMap(([slug, label]) => {
      const found = SETUPS.find((one) => slugOf(one) === slug);
      return found ? [{ slug, setup: found, label }] : [];
    }),
  }));
  const listed = known.flatMap(({ examples }) => examples.map(({ slug }) => slug));
  const others = SETUPS.filter((one) => !listed.includes(slugOf(one)));
  const more = others.map((one) => ({ error: one.title, examples: [{ slug: slugOf(one), setup: one, label: one.title }] }));
  return [...known.filter(({ examples }) => examples.length > 0), ...more];
}

/** Finds the setup that a link names, with or without the number of its file. */
export function setup(name: string): Setup | undefined {
  return SETUPS.find((one) => one.name === name || slugOf(one) === name);
}

/** The example that the page opens with: the most common fault. */
export const FIRST = GROUPS[0]?.examples[0]?.slug ?? "";

/** The texts of a setup. */
export function texts({ inputs }: Setup): Texts {
  const filled = Object.entries(inputs).map(([name, text]) => [name === "workload" ? "pod" : name, text] as const);
  return { ...EMPTY, ...Object.fromEntries(filled.filter(([name]) => NAMES.includes(name as Name))) };
}
