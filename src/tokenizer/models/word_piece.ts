import type { JsonObject } from '../../core/input/fields';
import type { EncodeWord, ModelKind } from './model_kind';
import { cached, checkIds, fusedUnknown, longestOf, stepsToLookUp } from './vocabulary';

export const WORD_PIECE: ModelKind = {
  type: 'WordPiece',
  isImplied: (json) => 'continuing_subword_prefix' in json && !Array.isArray(json.merges) && !Array.isArray(json.vocab),
  check: checkIds,
  forLibrary: (json) => json,
  create: (json, vocabulary) => ({
    encode: longestFirst(json, vocabulary.unk_token_id),
    cut: undefined,
    fusedUnknown: fusedUnknown(json, vocabulary),
  }),
};

/**
 * Encodes a word by repeatedly taking the longest token with which the rest of the word begins. If there is none, the whole word becomes
 * the unknown token. Doesn't use the library's vocabulary, because it has added tokens as well, which must not be found within words.
 */
function longestFirst(json: JsonObject, unknown: number | undefined): EncodeWord {
  const vocab = new Map(Object.entries(json.vocab as Readonly<Record<string, number>>));
  const prefix = String(json.continuing_subword_prefix ?? '##');
  const most = Number(json.max_input_chars_per_word ?? 100);
  const longest = longestOf(vocab.keys());
  const lookUps = stepsToLookUp(longest);
  return cached((word, budget) => {
    const characters = [...word];
    if (characters.length > most) return [unknown];
    const ids: number[] = [];
    for (let start = 0; start < characters.length; ) {
      let end = Math.min(characters.length, start + longest);
      let id: number | undefined;
      for (; end > start; end--) {
        const part = characters.slice(start, end).join('');
        id = vocab.get(start === 0 ? part : prefix + part);
        if (id !== undefined) break;
      }
      budget.spend(lookUps);
      if (id === undefined) return [unknown];
      ids.push(id);
      start = end;
    }
    return ids;
  });
}
