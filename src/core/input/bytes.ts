/** The bytes of a view, without a copy. */
export function bytesOf<B extends ArrayBufferLike>({
  buffer,
  byteOffset,
  byteLength,
}: ArrayBufferView<B>): Uint8Array<B> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
