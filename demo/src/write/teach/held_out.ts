import { ChoiceProblem } from '../../library/choice_problem';
import { evenly } from '../../library/evenly';
import type { Corpus } from '../state';

/** A text in two parts. The model learns from the first and is measured on the second. */
export interface SplitText {
  readonly learnt: File;
  readonly heldOut: File;
  /** The first words of the held-out part; '' for JSON Lines, which aren't prose. */
  readonly opening: string;
}

/** One of every `SHARE` pieces is held out. */
const SHARE = 6;
const FEWEST_PIECES = 4;
const FEWEST_CHARACTERS = 200;
/** The approximate limit of the held-out part, because measuring takes time: in characters, or in bytes above `MOST_READ`. */
const MOST_HELD_OUT = 2500;
/** The number of words in an opening that doesn't end at a punctuation mark. */
const OPENING = 5;
/** The most bytes of a text that is split in memory. For a longer text, the end is held out. */
const MOST_READ = 2_000_000;

/**
 * Holds out pieces from all over a text: paragraphs, or else lines or sentences. JSON Lines are split into lines. Throws `ChoiceProblem`
 * for a text that is too short.
 */
export async function splitText({ name, blob }: Corpus): Promise<SplitText> {
  const isLines = /\.jsonl$/i.test(name);
  // Parts of a CSV file or of a JSON document aren't such files, so they are learnt as the text that the visitor sees.
  const named = isLines ? name : name.replace(/\.(?:csv|json)$/i, '$&.txt');
  const type = isLines ? blob.type : 'text/plain';
  const file = (...parts: readonly BlobPart[]): File => new File([...parts], named, { type });
  if (blob.size > MOST_READ) {
    const at = await lastLines(blob);
    const rest = await blob.slice(at).text();
    return { learnt: file(blob.slice(0, at)), heldOut: file(rest), opening: isLines ? '' : openingOf(rest) };
  }
  const { pieces, joint } = piecesOf(await blob.text(), isLines);
  if (pieces.length < FEWEST_PIECES || blob.size < FEWEST_CHARACTERS)
    throw new ChoiceProblem('That is too little to learn from. Some paragraphs are enough; some pages are better.');
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const count = Math.max(1, Math.floor(pieces.length * Math.min(1 / SHARE, MOST_HELD_OUT / size)));
  const held = new Set(evenly([...pieces.keys()], count));
  const part = (isHeld: boolean): string => pieces.filter((_, index) => held.has(index) === isHeld).join(joint);
  const heldOut = part(true);
  return { learnt: file(part(false)), heldOut: file(heldOut), opening: isLines ? '' : openingOf(heldOut) };
}

/** Returns the byte offset of the last lines of a file: as many lines as can be measured quickly, or one longer line. */
async function lastLines(blob: Blob): Promise<number> {
  for (let bytes = MOST_HELD_OUT; bytes < MOST_READ; bytes *= 2) {
    const end = new Uint8Array(await blob.slice(-bytes).arrayBuffer());
    const line = end.indexOf(0x0a) + 1;
    if (line > 0 && line < end.length) return blob.size - end.length + line;
  }
  // A text without line breaks is split between two characters: in UTF-8, all bytes of a character but the first begin with 10.
  const end = new Uint8Array(await blob.slice(-MOST_HELD_OUT).arrayBuffer());
  return blob.size - end.length + end.findIndex((byte) => (byte & 0xc0) !== 0x80);
}

/** Returns the words up to the first punctuation mark if it comes soon, or else the first few words. */
function openingOf(text: string): string {
  const start = text.trim().slice(0, 80);
  const [pause] = /^.{3,30}?[.,:;!?](?=\s)/.exec(start) ?? [];
  return pause ?? start.split(/\s+/).slice(0, OPENING).join(' ');
}

function piecesOf(text: string, isLines: boolean): { readonly pieces: readonly string[]; readonly joint: string } {
  const ways: readonly (readonly [RegExp, string])[] = [
    [/\r?\n[ \t]*\r?\n/, '\n\n'],
    [/\r?\n/, '\n'],
    [/(?<=[.!?।؟]["'”’»)]{0,3}) /, ' '],
    // Chinese and Japanese have no spaces between sentences.
    [/(?<=[。！？][」』”’）]{0,3})(?![」』”’）])/, ''],
  ];
  let best: { readonly pieces: readonly string[]; readonly joint: string } = { pieces: [], joint: '' };
  for (const [end, joint] of isLines ? ways.slice(1, 2) : ways) {
    const pieces = text.split(end).filter((piece) => piece.trim() !== '');
    if (pieces.length >= 2 * SHARE) return { pieces, joint };
    if (pieces.length > best.pieces.length) best = { pieces, joint };
  }
  return best;
}
