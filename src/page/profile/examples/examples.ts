import { WebVeraError } from '../../../core/errors/error';
import { wrong } from '../../../core/errors/wrong';
import { randomAt } from '../../../core/numbers/rng';
import { exampleFields, holdsImage } from '../../../core/types/example';
import type { SentExample } from '../../../core/types/training';
import { pixelBytes } from '../../data/feed';

/** An example, and which one of all that ever came it is, from 0. */
export interface KeptExample {
  readonly n: number;
  readonly example: SentExample;
}

/** The fields of an example that a profile over a model of texts keeps. Throws `invalid_argument`, also for an image. */
export function keptFields(where: string, example: unknown): SentExample {
  const fields = exampleFields(where, example);
  if (!holdsImage(fields)) return fields;
  throw wrong(
    where,
    'an example of text',
    fields,
    'The model reads texts. Images are learnt over AutoModelForImageClassification.',
  );
}

interface Reservoir {
  readonly seed: number;
  /** How many have come so far. */
  readonly seen: number;
  /** How many may stay. */
  readonly most: number;
}

/** One in so many is held out. */
const TENTH = 10;
/** The first so many labels are all learnt from: judged by one or two, what was learnt would be taken or not by chance. */
const FIRST_LABELS = 40;
const MOST_CHARACTERS = 2 ** 24;
/** Of all images that a profile keeps: 445 of 224×224. */
export const MOST_PIXEL_BYTES = 2 ** 26;

/**
 * Puts examples to those that are kept. Beyond `most` each that ever came is as likely to stay as any other (Vitter's
 * algorithm R), and which ones stay depends on seed and order alone. Images, which are all of one size, are bounded by their bytes
 * as well.
 */
export function keepFairly(
  kept: readonly KeptExample[],
  coming: readonly SentExample[],
  { seed, seen, most }: Reservoir,
): KeptExample[] {
  const room = roomFor(kept[0]?.example ?? coming[0], most);
  const sample = fewer(kept, room, seed);
  for (const [index, example] of coming.entries()) {
    const n = seen + index;
    const place = sample.length < room ? sample.length : below(n + 1, seed, n);
    if (place < room) sample[place] = { n, example };
  }
  expectModest(sample);
  return sample;
}

/** Which ones a run learns from and which it is judged by: the same ones each time, so that none was ever learnt before. */
export function split(kept: readonly KeptExample[]): { readonly learnt: SentExample[]; readonly held: SentExample[] } {
  const inOrder = kept.toSorted((a, b) => a.n - b.n);
  const isHeld = ({ n, example }: KeptExample): boolean =>
    n % TENTH === TENTH - 1 && (n >= FIRST_LABELS || !isLabelled(example));
  const learnt = inOrder.filter((one) => !isHeld(one)).map(({ example }) => example);
  const held = inOrder.filter(isHeld).map(({ example }) => example);
  return learnt.length > 0 ? { learnt, held } : { learnt: held, held: [] };
}

function isLabelled(example: SentExample): boolean {
  if ('label' in example) return true;
  // A list beside ids may have a label for each token, as one beside words has.
  const isOfTokens = 'input_ids' in example || 'tokens' in example;
  return 'labels' in example && (typeof example.labels === 'number' || !isOfTokens);
}

/** Of an image its number, and its label: its bytes are in a file of their own. */
export function toJsonLines(examples: readonly SentExample[]): string {
  return examples.map((example, index) => `${lineOf(example, index)}\n`).join('');
}

/** Bytes that examples take in files. */
export function bytesIn(examples: readonly SentExample[]): number {
  const ofPixels = examples.reduce((sum, example) => sum + pixelBytes(example), 0);
  return new TextEncoder().encode(toJsonLines(examples)).length + ofPixels;
}

function lineOf(example: SentExample, index: number): string {
  if (!('prepared' in example)) return JSON.stringify(example);
  const { prepared: _pixels, ...told } = example;
  return JSON.stringify({ image: index, ...told });
}

/** How many examples like this one may stay. */
function roomFor(example: SentExample | undefined, most: number): number {
  const bytes = example === undefined ? 0 : pixelBytes(example);
  return bytes === 0 ? most : Math.min(most, Math.floor(MOST_PIXEL_BYTES / bytes));
}

/** A fair sample of a sample. */
function fewer(kept: readonly KeptExample[], most: number, seed: number): KeptExample[] {
  const sample = kept.slice(0, most);
  for (const [index, one] of kept.entries()) {
    const place = index < most ? most : below(index + 1, seed, index);
    if (place < most) sample[place] = one;
  }
  return sample;
}

function below(end: number, seed: number, n: number): number {
  return Math.floor(randomAt({ seed, stream: 'reservoir' }, n) * end);
}

function expectModest(sample: readonly KeptExample[]): void {
  const characters = sample.reduce((sum, { example }, index) => sum + lineOf(example, index).length, 0);
  if (characters <= MOST_CHARACTERS) return;
  throw new WebVeraError(
    'limit_exceeded',
    `profile: expected examples of at most ${MOST_CHARACTERS} characters in all, got ${characters}`,
    { hint: 'Lower max_examples, or add shorter ones: what is longer than max_length tokens is cut anyway.' },
  );
}
