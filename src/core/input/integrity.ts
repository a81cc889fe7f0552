/**
 * What downloaded files are compared with. 'hub': the SHA-256 that the hub tells of large files; 'none': nothing; or SHA-256 by file
 * name, in 64 hexadecimal digits or as 'sha256-…' in base64, as Subresource Integrity has it: files that it doesn't name are then
 * compared with what the hub tells.
 */
export type Integrity = 'hub' | 'none' | Readonly<Record<string, string>>;

/** A SHA-256 in hexadecimal digits, from how it was given. Undefined for what is none. */
export function readSha256(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  if (/^[\da-f]{64}$/i.test(text)) return text.toLowerCase();
  const [, base64] = /^sha256-([A-Za-z\d+/]{43}=)$/.exec(text) ?? [];
  if (base64 === undefined) return undefined;
  return Array.from(atob(base64), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** What a file's SHA-256 must be; undefined where any will do. `told` is what the hub tells. */
export function expectedSha256(integrity: Integrity, file: string, told: string | undefined): string | undefined {
  if (typeof integrity === 'string') return integrity === 'hub' ? told : undefined;
  return Object.hasOwn(integrity, file) ? readSha256(integrity[file]) : told;
}
