import type { GgufMetadata } from './gguf_metadata';

/** Characters looked at, for all places at which tokens are cut: four times what the largest vocabularies need. */
const MOST_WORK = 2 ** 26;
/** The largest vocabularies have a fourth of it. */
const MOST_MERGES = 2 ** 21;

type Merge = readonly [left: string, right: string];

/** A way to make a token of two others. */
interface Cut {
  readonly merge: Merge;
  readonly score: number;
  /** Characters. */
  readonly left: number;
  readonly right: number;
}

/**
 * Merges of a vocabulary that has none: all pairs of tokens whose text is a token, those with the best score first, as transformers
 * makes them. Throws `limit_exceeded` where tokens are so long, or cut in so many ways, that it would take long.
 */
export function mergesOf(
  vocab: ReadonlyMap<string, number>,
  score: (id: number) => number,
  metadata: GgufMetadata,
): readonly Merge[] {
  const cuts: Cut[] = [];
  let work = 0;
  for (const [token, id] of vocab) {
    work += token.length ** 2;
    if (work > MOST_WORK || cuts.length > MOST_MERGES) {
      throw metadata.exceeded('expected a vocabulary of short tokens, to make its merges of');
    }
    for (const cut of cutsOf(token, vocab, score(id))) cuts.push(cut);
  }
  // What is equal stays in the order of the vocabulary.
  cuts.sort((a, b) => b.score - a.score || b.left - a.left || b.right - a.right);
  return cuts.map(({ merge }) => merge);
}

function cutsOf(token: string, vocab: ReadonlyMap<string, number>, score: number): Cut[] {
  const cuts: Cut[] = [];
  const characters = charactersOf(token);
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

function charactersOf(token: string): number {
  let count = 0;
  for (let at = 0; at < token.length; at++) if (!isLowSurrogate(token.charCodeAt(at))) count++;
  return count;
}

/** The second unit of a character. */
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
