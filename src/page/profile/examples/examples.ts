import { WebVeraError } from '../../../core/errors/error';
import { wrong } from '../../../core/errors/wrong';
import { randomAt } from '../../../core/numbers/rng';
import { exampleFields, holdsImage } from '../../../core/types/example';
import type { SentExample } from '../../../core/types/training';
import { pixelBytes } from '../../data/feed';

/** An example, with its index among all examples ever added. */
export interface Numbered<T extends SentExample> {
  readonly n: number;
  readonly example: T;
}
export type NumberedExample = Numbered<SentExample>;

/**
 * Returns the fields of an example that a profile over a text model stores. Throws `invalid_argument` for an image or another invalid
 * value.
 */
export function textFields(where: string, example: unknown): SentExample {
  const fields = exampleFields(where, example);
  if (!holdsImage(fields)) return fields;
  throw wrong(
    where,
    'an example of text',
    fields,
    'The model reads texts. Images are learnt over AutoModelForImageClassification.',
  );
}

export interface Reservoir {
  readonly seed: number;
  /** The number of examples that were added before the new ones, whether or not they are still stored. */
  readonly seen: number;
  /** The largest number of examples that may be stored. */
  readonly most: number;
}

/**
 * A profile's examples: those to learn from, and those held out. `learnt_places` and `held_places` are the positions of these examples
 * among all stored examples, oldest first.
 */
export interface SplitExamples {
  readonly learnt: readonly SentExample[];
  readonly learnt_places: readonly number[];
  readonly held: readonly SentExample[];
  readonly held_places: readonly number[];
}

/** One in this many examples is held out. */
const TENTH = 10;
/** Labelled examples, ratings and preferences with a lower index are never held out: there would be too few of them to evaluate on. */
const FIRST_LABELS = 100;
/** The smallest number of held-out labelled examples. If there would be fewer, none are held out. */
const FEWEST_LABELS = 5;
const MOST_CHARACTERS = 2 ** 24;
/** The largest size of all images of a profile, in bytes: 445 images of 224×224. */
export const MOST_PIXEL_BYTES = 2 ** 26;

/**
 * Adds examples to the stored ones. Beyond `most`, every example ever added is stored with the same probability (Vitter's algorithm R). The
 * sample depends only on the seed and the order. Images, which all have the same size, are also limited by their total size in bytes.
 */
export function sampleFairly<T extends SentExample>(
  kept: readonly Numbered<T>[],
  coming: readonly T[],
  { seed, seen, most }: Reservoir,
): Numbered<T>[] {
  const room = roomFor(kept[0]?.example ?? coming[0], most);
  const sample = fewer(kept, room, seed);
  for (const [index, example] of coming.entries()) {
    const n = seen + index;
    const place = sample.length < room ? sample.length : below(n + 1, seed, n);
    if (place < room) sample[place] = { n, example };
  }
  return sample;
}

/**
 * Splits examples into those to train on and those held out. The split is the same each time, so that no held-out example was ever trained
 * on. If only labelled examples would be held out, and too few of them, `held` is empty.
 */
export function split(kept: readonly NumberedExample[]): SplitExamples {
  const inOrder = kept.toSorted((a, b) => a.n - b.n);
  const isHeld = ({ n, example }: NumberedExample): boolean =>
    n % TENTH === TENTH - 1 && (n >= FIRST_LABELS || !isLabelled(example));
  const placed = inOrder.map((one, place): OrderedExample => ({ ...one, place }));
  const learnt = placed.filter((one) => !isHeld(one));
  const held = placed.filter(isHeld);
  if (learnt.length === 0) return splitInto(held, []);
  return splitInto(learnt, held.length < FEWEST_LABELS && held.every(({ example }) => isLabelled(example)) ? [] : held);
}

interface OrderedExample extends NumberedExample {
  readonly place: number;
}

function splitInto(learnt: readonly OrderedExample[], held: readonly OrderedExample[]): SplitExamples {
  return {
    learnt: learnt.map(({ example }) => example),
    learnt_places: learnt.map(({ place }) => place),
    held: held.map(({ example }) => example),
    held_places: held.map(({ place }) => place),
  };
}

/** Whether an example has a label, a rating or a preference for its text or image. */
function isLabelled(example: SentExample): boolean {
  if ('label' in example || 'chosen' in example) return true;
  // If the example has `input_ids`, or `tokens` without a text, a list of labels may have one label for each token.
  const isOfTokens = 'input_ids' in example || ('tokens' in example && !('text' in example));
  return 'labels' in example && (typeof example.labels === 'number' || !isOfTokens);
}

/** Returns a line of JSON for each example. The line of an image has its index and its label; its pixels are in another file. */
export function toJsonLines(examples: readonly SentExample[]): string {
  return examples.map((example, index) => `${lineOf(example, index)}\n`).join('');
}

/** Returns the size that examples have in files, in bytes. Throws `limit_exceeded` if they have too many characters. */
export function bytesIn(examples: readonly SentExample[]): number {
  const ofPixels = examples.reduce((sum, example) => sum + pixelBytes(example), 0);
  const lines = toJsonLines(examples);
  expectModest(lines.length - examples.length);
  return new TextEncoder().encode(lines).length + ofPixels;
}

function lineOf(example: SentExample, index: number): string {
  if (!('prepared' in example)) return JSON.stringify(example);
  const { prepared: _pixels, ...told } = example;
  return JSON.stringify({ image: index, ...told });
}

/** Returns how many examples as large as `example` may be stored. */
function roomFor(example: SentExample | undefined, most: number): number {
  const bytes = example === undefined ? 0 : pixelBytes(example);
  return bytes === 0 ? most : Math.min(most, Math.floor(MOST_PIXEL_BYTES / bytes));
}

/** Draws a uniform random sample of `most` examples. */
function fewer<T extends SentExample>(kept: readonly Numbered<T>[], most: number, seed: number): Numbered<T>[] {
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

function expectModest(characters: number): void {
  if (characters <= MOST_CHARACTERS) return;
  const message = `profile: expected examples of at most ${MOST_CHARACTERS} characters in all, got ${characters}`;
  throw new WebVeraError('limit_exceeded', message, {
    hint: 'Lower max_examples, or add shorter examples: texts are cut at max_length tokens anyway.',
  });
}
