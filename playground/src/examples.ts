// The setups to start from: those that the explanation is tested by.

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

export function setup(name: string): Setup | undefined {
  return SETUPS.find((one) => one.name === name);
}

/** The texts of a setup. */
export function texts({ inputs }: Setup): Texts {
  const filled = Object.entries(inputs).map(([name, text]) => [name === "workload" ? "pod" : name, text] as const);
  return { ...EMPTY, ...Object.fromEntries(filled.filter(([name]) => NAMES.includes(name as Name))) };
}
