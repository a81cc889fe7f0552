/** Returns a view's bytes without copying them. */
export function bytesOf<B extends ArrayBufferLike>({
  buffer,
  byteOffset,
  byteLength,
}: ArrayBufferView<B>): Uint8Array<B> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Copies the parts, one after the other, into a new buffer. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
