import { WebVeraError } from '../../core/errors/error';
import type { TextSizes } from '../../models/architecture';

/** Throws `invalid_argument` for ids that aren't in the vocabulary. */
export function expectTokens(
  ids: Int32Array | readonly number[],
  what: string,
  { vocabSize }: Pick<TextSizes, 'vocabSize'>,
): void {
  for (const id of ids) {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw new WebVeraError('invalid_argument', `${what}: expected tokens from 0 to ${vocabSize - 1}, got ${id}`);
  }
}
