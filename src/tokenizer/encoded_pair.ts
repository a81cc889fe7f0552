import { WebVeraError } from '../core/errors/error';
import type { Layout, Piece } from './post_processor';
import { type TextStream, WINDOW } from './streaming/text_stream';

/** The tokens of one or two texts, as an encoder's input. */
export interface EncodedPair {
  readonly input_ids: number[];
  /** The type of each token. The tokenizer's post-processor sets it by the text to which the token belongs. */
  readonly token_type_ids: number[];
  /** Whether the texts were truncated. */
  readonly cut: boolean;
}

/**
 * Puts texts and special tokens in the order of a layout, and truncates the texts so that there are at most `maxLength` tokens. Throws
 * `invalid_argument` if the special tokens alone exceed that.
 */
export function encodedPair(
  layout: Layout,
  sources: readonly [TokenSource, TokenSource?],
  maxLength: number,
): EncodedPair {
  const added = layout.length - sources.length;
  if (!(Number.isSafeInteger(maxLength) && maxLength >= added)) {
    const message = `max_length: expected a length from ${added} on, got ${maxLength}`;
    throw new WebVeraError('invalid_argument', message, { hint: 'Special tokens count, and are never left out.' });
  }
  const { texts, cut } = firstTokens(sources, maxLength - added);
  const idsOf = (piece: Piece): readonly number[] => ('id' in piece ? [piece.id] : (texts[piece.text] ?? []));
  return {
    input_ids: layout.flatMap(idsOf),
    token_type_ids: layout.flatMap((piece) => idsOf(piece).map(() => piece.type)),
    cut,
  };
}

/** Returns the first `most` tokens of a text, and encodes only as much of the text as is needed for them. */
export type TokenSource = (most: number) => readonly number[];

export function tokenSource(text: string, stream: TextStream): TokenSource {
  const ids: number[] = [];
  let read = 0;
  return (most) => {
    while (ids.length < most && read <= text.length) {
      const part = text.slice(read, read + WINDOW);
      read += WINDOW;
      for (const some of stream.push(part)) for (const id of some) ids.push(id);
      if (read > text.length) for (const id of stream.finish()) ids.push(id);
    }
    return ids.slice(0, most);
  };
}

interface FirstTokens {
  /** The tokens of each text. */
  readonly texts: readonly (readonly number[])[];
  readonly cut: boolean;
}

/**
 * Returns the first tokens of one or two texts, `room` of them in total. Truncates as transformers' `longest_first` does: removes tokens
 * from the longer text and, once both are equally long, from each in turn.
 */
function firstTokens([a, b]: readonly [TokenSource, TokenSource?], room: number): FirstTokens {
  // One token more than `room` shows whether the text is truncated.
  let most = room + 1;
  const count = (source: TokenSource): number => source(most).length;
  if (b === undefined) return { texts: [a(room)], cut: count(a) > room };
  const half = Math.floor(room / 2);
  // If `room` is odd, the longer of two long texts gets the extra token. To find the longer one, both are encoded further until one of them
  // ends.
  while (room > 2 * half && count(a) === most && count(b) === most) most *= 2;
  const [countA, countB] = [count(a), count(b)];
  const kept = Math.min(countA, countB, half);
  const texts = countA > countB ? [a(room - kept), b(kept)] : [a(kept), b(room - kept)];
  return { texts, cut: countA + countB > room };
}
