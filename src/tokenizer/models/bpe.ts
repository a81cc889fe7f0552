import { BPE as LibraryBpe } from '@huggingface/tokenizers';
import type { JsonObject } from '../../core/input/fields';
import { checkString, describe, invalid, MAX_TOKEN } from '../checks';
import type { EncodeWord, ModelKind, Vocabulary, WordModel } from './model_kind';
import { cached, checkIds, fusedUnknown } from './vocabulary';

/** The budget steps that it costs to merge one character of a word. */
const STEPS = 24;
const SPACE = '\u2581';

export const BPE: ModelKind = {
  type: 'BPE',
  isImplied: ({ vocab, merges }) => Array.isArray(merges) && !Array.isArray(vocab),
  check(json, idLimit) {
    checkMerges(json.merges);
    return checkIds(json, idLimit);
  },
  forLibrary: (json) => json,
  create: (json, vocabulary) => ({
    encode: mergedByLibrary(vocabulary),
    cut: wordCutter(json),
    fusedUnknown: fusedUnknown(json, vocabulary),
  }),
};

function checkMerges(merges: unknown): void {
  if (!Array.isArray(merges)) throw invalid('model.merges: expected a list');
  for (const merge of merges) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    const isPair = Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string');
    if (!isPair) throw invalid(`model.merges: expected pairs of tokens, got ${describe(merge)}`);
    for (const part of parts) if (part.length > MAX_TOKEN) checkString('model.merges', part, MAX_TOKEN);
  }
}

/**
 * The library's BPE takes n·log n steps for a word of n characters. But each time its cache evicts an entry, it searches all entries that
 * it has evicted before. The library's cache is therefore disabled, and `cached` is used instead.
 */
function mergedByLibrary(vocabulary: Vocabulary): EncodeWord {
  if (vocabulary instanceof LibraryBpe) vocabulary.max_length_to_cache = 0;
  return cached((word, budget) => {
    budget.spend(STEPS * word.length);
    return vocabulary.encode([word]).map((token) => vocabulary.tokens_to_ids.get(token) ?? vocabulary.unk_token_id);
  });
}

/**
 * Returns a function that splits long words, because without a pre-tokenizer a whole text is a single word. A word can be split before each
 * ▁ that follows another character, unless a merge joins that character with a ▁ after it.
 */
function wordCutter(model: JsonObject): WordModel['cut'] {
  const { merges, ignore_merges, end_of_word_suffix, continuing_subword_suffix } = model;
  if (!Array.isArray(merges) || ignore_merges || end_of_word_suffix || continuing_subword_suffix) return undefined;
  const joined = new Set([SPACE]);
  for (const merge of merges) {
    const [left = '', right = '']: readonly string[] = typeof merge === 'string' ? merge.split(' ') : merge;
    if (right.startsWith(SPACE)) joined.add(left.slice(-1));
  }
  return (word) => {
    const parts: string[] = [];
    let from = 0;
    for (let at = word.indexOf(SPACE, 1); at > 0; at = word.indexOf(SPACE, at + 1)) {
      if (joined.has(word.charAt(at - 1))) continue;
      parts.push(word.slice(from, at));
      from = at;
    }
    parts.push(word.slice(from));
    return parts;
  };
}
