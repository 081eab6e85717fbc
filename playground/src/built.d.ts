// What `bundle.mjs` puts in.

declare module "built:bindings" {
  export function explain(inputs: string): string;
  export function initSync(options: { module: BufferSource }): unknown;
}

/** The module, compressed by deflate, in base64. */
declare module "built:module" {
  const module: string;
  export default module;
}

/** The setups of `explain/setups/`. */
declare module "built:setups" {
  const setups: import("./examples").Setup[];
  export default setups;
}
