// The setups to start from, by the error that people search for.

import setups from "built:setups";

import { EMPTY, NAMES, type Name, type Texts } from "./inputs";

/** A setup, as `explain/setups/` has it. */
export interface Setup {
  name: string;
  title: string;
  question: string;
  /** The inputs, each as a user would have it. */
  inputs: Record<string, string>;
  /** What has to be found. */
  expected: { outcome: string; step: string | null; mistake: string | null };
}

export const SETUPS: readonly Setup[] = setups;

/** An error, and the examples of what causes it, each by the name of its link. */
export interface Group {
  error: string;
  examples: { slug: string; setup: Setup; label: string }[];
}

/** The error texts in the order of the page, each with its examples: the slug, and the words of its chip. */
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
  ["The pod is an IAM user", [["static-credentials", "Static keys win"]]],
  ["ExpiredTokenException: Token expired", [["token-expired", "Expired token"]]],
  ["Could not find region", [["no-region", "No region is set"]]],
  ["It works", [["walk-through", "Everything is right"]]],
];

/** The name of a setup's link: that of its file without the number. */
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

/** The setup of a link: by its name, with or without the number of its file. */
export function setup(name: string): Setup | undefined {
  return SETUPS.find((one) => one.name === name || slugOf(one) === name);
}

/** What the page opens with: the fault that most people come with. */
export const FIRST = GROUPS[0]?.examples[0]?.slug ?? "";

/** The texts of a setup. */
export function texts({ inputs }: Setup): Texts {
  const filled = Object.entries(inputs).map(([name, text]) => [name === "workload" ? "pod" : name, text] as const);
  return { ...EMPTY, ...Object.fromEntries(filled.filter(([name]) => NAMES.includes(name as Name))) };
}
