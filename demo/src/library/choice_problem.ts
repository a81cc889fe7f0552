import { otherEncoding } from '../../../src/parts/encoding';

/** A problem with a visitor's choice, in words for the visitor. */
export class ChoiceProblem extends Error {}

/** Throws a `ChoiceProblem` for a text that isn't in UTF-8. `isWhole` is false if `bytes` are the beginning of a file. */
export function expectUtf8(name: string, bytes: Uint8Array<ArrayBuffer>, isWhole = true): void {
  const encoding = otherEncoding(bytes, isWhole);
  if (encoding === undefined) return;
  throw new ChoiceProblem(
    `${name} is in ${encoding}, not in UTF-8. Save it in UTF-8 first. Excel calls that CSV UTF-8.`,
  );
}
