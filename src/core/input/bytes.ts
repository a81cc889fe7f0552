/** The bytes that a view looks at, not a copy. */
export function bytesOf<B extends ArrayBufferLike>({
  buffer,
  byteOffset,
  byteLength,
}: ArrayBufferView<B>): Uint8Array<B> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
