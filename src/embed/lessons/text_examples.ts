/** Functions that split a text at the places where it may be cut, in order of preference. */
const cuts: readonly ((text: string) => readonly string[])[] = [
  (text) => text.split(/(?<=\n[^\S\n]*\n)(?=[^\S\n]*\S)/), // after an empty line
  (text) => text.split(/(?<=\n)/),
  segments('sentence'),
  segments('word'),
  segments('grapheme'),
];

/** A paragraph with fewer characters, such as a title or a turn of a dialogue, joins the next one. */
const SHORT = 80;

/** The number of pieces whose tokens are counted at once. */
const TOGETHER = 64;

/**
 * The largest number of tokens per UTF-16 unit. A unit has at most three bytes in UTF-8, so at most three tokens; a fourth one allows for
 * special tokens. The tokens of a piece aren't counted if this bound shows that the piece is short enough.
 */
const MOST_TOKENS = 4;

/** Counts the tokens of a text, including the special tokens of an example. */
export type CountTokens = (text: string) => Promise<number>;

/**
 * Splits a text into examples of at most `limit` tokens: between paragraphs, else between sentences, else between words.
 * Drops only the whitespace between examples.
 */
export async function textExamples(text: string, limit: number, count: CountTokens): Promise<string[]> {
  const sample = text.trim().slice(0, 4096);
  if (sample === '') return [];
  const perToken = sample.length / Math.max(1, await count(sample));
  const pieces = cutText(text.replaceAll(/\r\n?/g, '\n'), Math.max(1, Math.floor(0.9 * limit * perToken)));
  const examples: string[][][] = [];
  for (let first = 0; first < pieces.length; first += TOGETHER) {
    const some = pieces.slice(first, first + TOGETHER);
    examples.push(await Promise.all(some.map((piece) => untilShort(piece, limit, count))));
  }
  return examples.flat(2);
}

/** Splits a text into pieces of at most `size` UTF-16 units. A single character may have more. */
export function cutText(text: string, size: number, level = 0): string[] {
  const [cut, ...finer] = cuts.slice(level);
  if (text.length <= size && level > 0) return text.trim() === '' ? [] : [text.trim()];
  if (cut === undefined) return [text];
  const pieces: (string | readonly string[])[] = [];
  let held = '';
  const release = (): void => {
    if (held.length <= size && held.trim() !== '') pieces.push(held.trim());
    else if (held.trim() !== '') pieces.push(finer.length === 0 ? held : cutText(held, size, level + 1));
    held = '';
  };
  for (const part of cut(text)) {
    const joins = level > 0 || held.trim().length < SHORT;
    if (held !== '' && (!joins || held.length + part.length > size)) release();
    held += part;
  }
  release();
  return pieces.flat();
}

/** Splits a piece again if it has more than `limit` tokens. */
async function untilShort(piece: string, limit: number, count: CountTokens): Promise<string[]> {
  if (piece.length * MOST_TOKENS <= limit || piece.length < 2) return [piece];
  const tokens = await count(piece);
  if (tokens <= limit) return [piece];
  const size = Math.max(1, Math.floor((0.9 * piece.length * limit) / tokens));
  const pieces = cutText(piece, Math.min(size, piece.length - 1));
  if (pieces.length < 2) return pieces;
  return (await Promise.all(pieces.map((part) => untilShort(part, limit, count)))).flat();
}

/** The number of UTF-16 units that are segmented at once. It is small, because each segment comes with a copy of the whole input. */
const WINDOW = 1024;
/** A segment that ends within this many units of the window's end isn't used yet, because it may continue beyond the window. */
const EDGE = 8;

/** Returns a function that splits a text into sentences, words or characters. */
export function segments(granularity: 'sentence' | 'word' | 'grapheme'): (text: string) => readonly string[] {
  return (text) => {
    const segmenter = new Intl.Segmenter(undefined, { granularity });
    const found: string[] = [];
    for (let at = 0, size = WINDOW; at < text.length; ) {
      const window = segmenter.segment(text.slice(at, at + size));
      const end = at + size < text.length ? size - EDGE : size;
      // If a segment is longer than a window, the window is enlarged, and only that segment is read.
      const parts: Iterable<{ readonly segment: string } | undefined> =
        size === WINDOW ? window : [window.containing(0)];
      let taken = 0;
      for (const part of parts) {
        const segment = part?.segment ?? '';
        if (taken + segment.length > end) break;
        found.push(segment);
        taken += segment.length;
      }
      at += taken;
      size = taken === 0 ? 2 * size : WINDOW;
    }
    return found;
  };
}
