/**
 * Frees what values are in, when nothing else is: the garbage collector would be started for it again and again, and walk all of the
 * heap, which costs as much as the reading itself.
 */
export function freeMemory({ buffer, byteLength }: ArrayBufferView): void {
  // From Node.js 22 on.
  if (byteLength === buffer.byteLength)
    (buffer as { transfer?: (bytes: number) => ArrayBuffer }).transfer?.(0);
}
