// What the page holds compressed: the script and the module, each in an element of its own, in base64.

/** The bytes of the element with this id. */
export async function unpacked(id: string): Promise<Response> {
  const packed = Uint8Array.from(atob(document.getElementById(id)?.textContent ?? ""), (character) => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
}
