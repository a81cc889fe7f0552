import { fileError } from '../../file_error';
import { type GgufFields, WITH_TOKENIZER } from '../gguf_fields';

/** The largest number of characters that are compared, over all ways to split all tokens: four times what the largest vocabularies need. */
const MOST_WORK = 2 ** 26;
/** The largest number of merges: four times as many as the largest vocabularies have. */
const MOST_MERGES = 2 ** 21;

type Merge = readonly [left: string, right: string];

/** A way to split a token into two tokens. */
interface TokenCut {
  readonly merge: Merge;
  readonly score: number;
  /** The number of characters in the left and in the right token. */
  readonly left: number;
  readonly right: number;
}

/**
 * Derives the merges of a vocabulary that comes without merges, as transformers does: all pairs of tokens that together spell a token, the
 * best score first. Throws `limit_exceeded` if tokens are so long, or can be split in so many ways, that this would take long.
 */
export function mergesOf(
  vocab: ReadonlyMap<string, number>,
  score: (id: number) => number,
  fields: GgufFields,
): readonly Merge[] {
  const cuts: TokenCut[] = [];
  let work = 0;
  for (const [token, id] of vocab) {
    work += token.length ** 2;
    if (work > MOST_WORK || cuts.length > MOST_MERGES) {
      const fault = 'expected a vocabulary of short tokens, to make its merges of';
      throw fileError('limit_exceeded', fields.file, fault, WITH_TOKENIZER);
    }
    for (const cut of cutsOf(token, vocab, score(id))) cuts.push(cut);
  }
  // The sort is stable, so merges that compare as equal stay in the order of the vocabulary.
  cuts.sort((a, b) => b.score - a.score || b.left - a.left || b.right - a.right);
  return cuts.map(({ merge }) => merge);
}

function cutsOf(token: string, vocab: ReadonlyMap<string, number>, score: number): TokenCut[] {
  const cuts: TokenCut[] = [];
  let characters = 0;
  for (let at = 0; at < token.length; at++) if (!isLowSurrogate(token.charCodeAt(at))) characters++;
  let left = 0;
  for (let at = 1; at < token.length; at++) {
    if (isLowSurrogate(token.charCodeAt(at))) continue;
    left++;
    const [before, after] = [token.slice(0, at), token.slice(at)];
    if (vocab.has(before) && vocab.has(after))
      cuts.push({ merge: [before, after], score, left, right: characters - left });
  }
  return cuts;
}

/** Whether a UTF-16 code unit is the second one of a surrogate pair. */
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
