// The modules that `bundle.mjs` adds to the script.

declare module "built:bindings" {
  export function explain(inputs: string): string;
  export function review(question: string): string;
  export function initSync(options: { module: BufferSource }): unknown;
}

/** The setups of `explain/setups/`. */
declare module "built:setups" {
  const setups: import("./examples").Setup[];
  export default setups;
}
