import { BPE, type Tokenizer } from '@huggingface/tokenizers';
import type { JsonObject } from '../core/input/fields';
import type { StepBudget } from '../regex/step_budget';

/** The library's model, with its vocabulary. */
export type Vocabulary = NonNullable<Tokenizer['model']>;
/** Ids of a word's tokens; `undefined` for what there is no token for. */
export type WordModel = (word: string, budget: StepBudget) => readonly (number | undefined)[];

/** Words whose tokens are kept, and characters of the longest of them. */
const CACHED_WORDS = 10_000;
const CACHED_LENGTH = 256;
/** Steps for each character of a word that BPE merges. */
const BPE_STEPS = 24;
const SPACE = '\u2581';

/**
 * BPE by the library. Its time is n·log n in the word, but for its own cache: that looks through all it has dropped when it
 * drops another, so there is one here in its place.
 */
export function bpeModel(model: Vocabulary): WordModel {
  if (model instanceof BPE) model.max_length_to_cache = 0;
  return cached((word, budget) => {
    budget.spend(BPE_STEPS * word.length);
    return model.encode([word]).map((token) => model.tokens_to_ids.get(token) ?? model.unk_token_id);
  });
}

/** Keeps the tokens of words: most of a text's come again. */
function cached(model: WordModel): WordModel {
  const cache = new Map<string, ReturnType<WordModel>>();
  return (word, budget) => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const ids = model(word, budget);
    if (word.length > CACHED_LENGTH) return ids;
    if (cache.size === CACHED_WORDS) cache.clear();
    cache.set(word, ids);
    return ids;
  };
}

/**
 * How to cut a text that is a single word, as in tokenizers without a pre-tokenizer, so that BPE gives the same tokens: before
 * each ▁ that follows something else, but for what a merge joins with a ▁ that follows it.
 */
export function wordCutter(model: JsonObject): ((word: string) => string[]) | undefined {
  const { type, merges, ignore_merges, end_of_word_suffix, continuing_subword_suffix } = model;
  if (type !== 'BPE' || !Array.isArray(merges)) return undefined;
  if (ignore_merges || end_of_word_suffix || continuing_subword_suffix) return undefined;
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

/** WordPiece: the longest token that a word begins with, and so on; the word is unknown where there is none. */
export function wordPieceModel(vocab: ReadonlyMap<string, number>, json: JsonObject): WordModel {
  const prefix = String(json.continuing_subword_prefix ?? '##');
  const most = Number(json.max_input_chars_per_word ?? 100);
  const unknown = vocab.get(String(json.unk_token));
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

/** Unigram: the tokens of the best score in all, and for a character without a token the unknown one. */
export function unigramModel(json: JsonObject): WordModel {
  const entries = json.vocab as readonly (readonly [string, number])[];
  const unknown = typeof json.unk_id === 'number' ? json.unk_id : undefined;
  const scores = entries.map(([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - 10;
  if (unknown !== undefined) scores[unknown] = unknownScore;
  const ids = new Map(entries.map(([token], id) => [token, id]));
  const longest = longestOf(ids.keys());
  const lookUps = stepsToLookUp(longest);

  return (word, budget) => {
    const characters = [...word];
    const length = characters.length;
    // Up to each place: the best score, and the token that ends there.
    const best = new Float64Array(length + 1).fill(Number.NEGATIVE_INFINITY);
    const starts = new Int32Array(length + 1);
    const tokens: (number | undefined)[] = [];
    best[0] = 0;
    for (let start = 0; start < length; start++) {
      let part = '';
      budget.spend(lookUps);
      for (let end = start + 1; end <= Math.min(length, start + longest); end++) {
        part += characters[end - 1];
        const known = ids.get(part);
        if (known === undefined && end > start + 1) continue;
        const score = (best[start] as number) + (known === undefined ? unknownScore : (scores[known] as number));
        if (score <= (best[end] as number)) continue;
        best[end] = score;
        starts[end] = start;
        tokens[end] = known ?? unknown;
      }
    }
    const path: (number | undefined)[] = [];
    for (let end = length; end > 0; end = starts[end] as number) path.push(tokens[end]);
    return path.reverse();
  };
}

function longestOf(tokens: Iterable<string>): number {
  let longest = 1;
  for (const token of tokens) longest = Math.max(longest, token.length);
  return longest;
}

/** All texts up to a length that begin at one place: they are hashed each. */
function stepsToLookUp(longest: number): number {
  return Math.ceil(longest + longest ** 2 / 16);
}
