// Unpacks the script and the Wasm module, which the page contains compressed, each in an element, in base64.

/** Unpacks the content of the element with this id. */
export async function unpacked(id: string): Promise<Response> {
  const packed = Uint8Array.from(atob(document.getElementById(id)?.textContent ?? ""), (character) => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
}
