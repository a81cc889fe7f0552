import type { JsonObject } from '../../core/input/fields';
import { checkId, checkString, describe, invalid, MAX_TOKEN } from '../checks';
import type { EncodeWord, ModelKind } from './model_kind';
import { longestOf, stepsToLookUp } from './vocabulary';

/** Tokens with their scores, in the order of their ids. */
type ScoredTokens = readonly (readonly [token: string, score: number])[];

export const UNIGRAM: ModelKind = {
  type: 'Unigram',
  isImplied: ({ vocab }) => Array.isArray(vocab),
  check: checkScores,
  forLibrary: wordVocabulary,
  create: (json) => ({ encode: bestScore(json), cut: undefined, fusedUnknown: unknownOf(json) }),
};

function checkScores({ vocab }: JsonObject, idLimit: number): number {
  if (!Array.isArray(vocab) || vocab.length === 0) throw invalid('model.vocab: expected a list of tokens with scores');
  for (const entry of vocab) {
    const isScored = Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
    if (!isScored) throw invalid(`model.vocab: expected a token and its score, got ${describe(entry)}`);
    checkString('model.vocab', entry[0], MAX_TOKEN);
  }
  checkId(() => 'model.vocab: the last token', vocab.length - 1, idLimit);
  return vocab.length;
}

/**
 * Returns the vocabulary as a WordPiece model. For a Unigram model, the library would build a tree of all tokens, which may not fit in
 * memory.
 */
function wordVocabulary(json: JsonObject): JsonObject {
  const tokens = (json.vocab as ScoredTokens).map(([token]) => token);
  const unknown = unknownOf(json);
  const unk_token = unknown === undefined ? undefined : tokens[unknown];
  return { type: 'WordPiece', unk_token, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) };
}

function unknownOf({ unk_id }: JsonObject): number | undefined {
  return typeof unk_id === 'number' ? unk_id : undefined;
}

/**
 * Finds the tokens whose scores have the largest sum. A character without a token becomes the tokens of its UTF-8 bytes, if the file
 * requests that and has a token for each of these bytes; otherwise, it becomes the unknown token.
 */
function bestScore(json: JsonObject): EncodeWord {
  const entries = json.vocab as ScoredTokens;
  const unknown = unknownOf(json);
  const scores = entries.map(([, score]) => score);
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - 10;
  if (unknown !== undefined) scores[unknown] = unknownScore;
  const ids = new Map(entries.map(([token], id) => [token, id]));
  const longest = longestOf(ids.keys());
  const lookUps = stepsToLookUp(longest);
  const utf8 = new TextEncoder();
  const tokensOf = (character: string): readonly (number | undefined)[] => {
    if (json.byte_fallback !== true) return [unknown];
    const bytes = Array.from(utf8.encode(character), (byte) => ids.get(nameOfByte(byte)));
    return bytes.every((id) => id !== undefined) ? bytes : [unknown];
  };

  return (word, budget) => {
    const characters = [...word];
    const length = characters.length;
    // `best[end]` is the best score for the first `end` characters; `starts[end]` is where the last token of that solution begins.
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
        tokens[end] = known;
      }
    }
    const path: (number | undefined)[] = [];
    for (let end = length; end > 0; end = starts[end] as number) {
      const token = tokens[end];
      path.push(...(token === undefined ? tokensOf(characters[end - 1] as string).toReversed() : [token]));
    }
    return path.reverse();
  };
}

/** Returns the name of a byte's token, such as <0x0A>. */
function nameOfByte(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
