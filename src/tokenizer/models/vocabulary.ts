import { isJsonObject, type JsonObject } from '../../core/input/fields';
import type { StepBudget } from '../../regex/step_budget';
import { checkId, checkString, describe, invalid, MAX_TOKEN } from '../checks';
import type { EncodeWord, Vocabulary } from './model_kind';

/** The largest number of words whose tokens are cached, and the largest length of such a word in characters. */
const CACHED_WORDS = 10_000;
const CACHED_LENGTH = 256;

/** Checks a vocabulary that maps tokens to ids, and returns the number of entries. Throws `invalid_format`. */
export function checkIds({ vocab }: JsonObject, idLimit: number): number {
  if (!isJsonObject(vocab)) throw invalid('model.vocab: expected an object of token ids');
  const entries = Object.entries(vocab);
  for (const [token, id] of entries) {
    if (token.length > MAX_TOKEN) checkString('model.vocab', token, MAX_TOKEN);
    checkId(() => `model.vocab: ${describe(token)}`, id, idLimit);
  }
  return entries.length;
}

/** Returns the id of the unknown token if the file requests that several in a row become one; otherwise undefined. */
export function fusedUnknown(json: JsonObject, vocabulary: Vocabulary): number | undefined {
  return json.fuse_unk === true ? vocabulary.unk_token_id : undefined;
}

/** Caches the tokens of words, because most words of a text occur more than once. */
export function cached(encode: EncodeWord): EncodeWord {
  const cache = new Map<string, ReturnType<EncodeWord>>();
  return (word: string, budget: StepBudget) => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const ids = encode(word, budget);
    if (word.length > CACHED_LENGTH) return ids;
    if (cache.size === CACHED_WORDS) cache.clear();
    cache.set(word, ids);
    return ids;
  };
}

export function longestOf(tokens: Iterable<string>): number {
  let longest = 1;
  for (const token of tokens) longest = Math.max(longest, token.length);
  return longest;
}

/**
 * Returns the cost, in budget steps, to look up all strings of up to `longest` characters that begin at one position. Each string must be
 * hashed.
 */
export function stepsToLookUp(longest: number): number {
  return Math.ceil(longest + longest ** 2 / 16);
}
