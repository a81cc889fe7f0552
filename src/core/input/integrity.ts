/**
 * How downloaded files are verified. 'hub': against the SHA-256 that the hub reports for large files. 'none': not at all. An object gives
 * the SHA-256 of files by name, in 64 hexadecimal digits or as 'sha256-…' in base64, as in Subresource Integrity; files without an entry
 * are verified as with 'hub'.
 */
export type Integrity = 'hub' | 'none' | Readonly<Record<string, string>>;

/** Parses a SHA-256 in hexadecimal digits or as 'sha256-…' in base64. Returns lower-case digits, or undefined for any other value. */
export function readSha256(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  if (/^[\da-f]{64}$/i.test(text)) return text.toLowerCase();
  const [, base64] = /^sha256-([A-Za-z\d+/]{43}=)$/.exec(text) ?? [];
  if (base64 === undefined) return undefined;
  return Array.from(atob(base64), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** Returns the SHA-256 that a file must have; undefined if the file isn't verified. `hubSha256` is the SHA-256 that the hub reports. */
export function expectedSha256(integrity: Integrity, file: string, hubSha256: string | undefined): string | undefined {
  if (typeof integrity === 'string') return integrity === 'hub' ? hubSha256 : undefined;
  return Object.hasOwn(integrity, file) ? readSha256(integrity[file]) : hubSha256;
}
