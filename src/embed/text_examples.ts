/** Where a text may be cut, the best place first. */
const cuts: readonly ((text: string) => readonly string[])[] = [
  (text) => text.split(/(?<=\n[^\S\n]*\n)(?=[^\S\n]*\S)/), // behind an empty line
  (text) => text.split(/(?<=\n)/),
  segments('sentence'),
  segments('word'),
  segments('grapheme'),
];

/** Characters below which a paragraph, such as a title or a turn of a dialogue, joins the next one. */
const SHORT = 80;

/** How many pieces are counted at a time. */
const TOGETHER = 64;

/** Tokens of a UTF-16 unit at most: its bytes in UTF-8, and a share in the special tokens. What can't be too long isn't counted. */
const MOST_TOKENS = 4;

/** Counts the tokens of a text, with the special ones that an example gets. */
export type CountTokens = (text: string) => Promise<number>;

/**
 * A text as examples of at most `limit` tokens: its paragraphs, and what is too long at the ends of sentences, else of
 * words. Nothing but the space between two examples is lost.
 */
export async function textExamples(text: string, limit: number, count: CountTokens): Promise<string[]> {
  const sample = text.trim().slice(0, 4096);
  if (sample === '') return [];
  const perToken = sample.length / Math.max(1, await count(sample));
  const pieces = cutText(text.replaceAll(/\r\n?/g, '\n'), Math.max(1, Math.floor(0.9 * limit * perToken)));
  const examples: string[] = [];
  for (let first = 0; first < pieces.length; first += TOGETHER) {
    const some = pieces.slice(first, first + TOGETHER);
    examples.push(...(await Promise.all(some.map((piece) => untilShort(piece, limit, count)))).flat());
  }
  return examples;
}

/** A text as pieces of at most `size` UTF-16 units, but for single characters that have more. */
export function cutText(text: string, size: number, level = 0): string[] {
  const [cut, ...finer] = cuts.slice(level);
  if (text.length <= size && level > 0) return text.trim() === '' ? [] : [text.trim()];
  if (cut === undefined) return [text];
  const pieces: string[] = [];
  let held = '';
  const release = (): void => {
    if (held.length <= size && held.trim() !== '') pieces.push(held.trim());
    else if (held.trim() !== '') pieces.push(...(finer.length === 0 ? [held] : cutText(held, size, level + 1)));
    held = '';
  };
  for (const part of cut(text)) {
    const joins = level > 0 || held.trim().length < SHORT;
    if (held !== '' && (!joins || held.length + part.length > size)) release();
    held += part;
  }
  release();
  return pieces;
}

/** An estimate made the piece; where it has too many tokens after all, it is cut once more. */
async function untilShort(piece: string, limit: number, count: CountTokens): Promise<string[]> {
  if (piece.length * MOST_TOKENS <= limit || piece.length < 2) return [piece];
  const tokens = await count(piece);
  if (tokens <= limit) return [piece];
  const size = Math.max(1, Math.floor((0.9 * piece.length * limit) / tokens));
  const pieces = cutText(piece, Math.min(size, piece.length - 1));
  if (pieces.length < 2) return pieces;
  return (await Promise.all(pieces.map((part) => untilShort(part, limit, count)))).flat();
}

/** UTF-16 units that are looked through at a time, as each segment comes with a copy of the whole that it was found in. */
const WINDOW = 1024;
/** Units before a window's end that may go on behind it. */
const EDGE = 8;

/** Cuts a text into its sentences, words or characters. */
export function segments(granularity: 'sentence' | 'word' | 'grapheme'): (text: string) => readonly string[] {
  return (text) => {
    const segmenter = new Intl.Segmenter(undefined, { granularity });
    const found: string[] = [];
    for (let at = 0, size = WINDOW; at < text.length; ) {
      const window = segmenter.segment(text.slice(at, at + size));
      const end = at + size < text.length ? size - EDGE : size;
      // In a window that had to grow, only the segment is looked at that it grew for.
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
