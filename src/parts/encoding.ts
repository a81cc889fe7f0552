/** The byte order marks of UTF-16. */
const UTF16 = ['255,254', '254,255'];

/**
 * Returns the encoding of a text that isn't in UTF-8. Returns undefined for UTF-8, and for bytes with zeros, which are no text. `isWhole`
 * is false for the beginning of a file. Callers refuse other encodings, because the bytes don't say whether they are Windows-1252, Windows-1251
 * or Shift JIS, and after a wrong guess a model would learn accented letters in place of Cyrillic or Japanese.
 */
export function otherEncoding(
  bytes: Uint8Array<ArrayBuffer>,
  isWhole = true,
): 'UTF-16' | 'another encoding' | undefined {
  if (UTF16.includes(bytes.subarray(0, 2).join())) return 'UTF-16';
  if (bytes.includes(0)) return undefined;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
    return undefined;
  } catch {
    return 'another encoding';
  }
}
