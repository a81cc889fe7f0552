import { WebVeraError } from '../../../core/errors/error';
import { wrong } from '../../../core/errors/wrong';
import { isList } from '../../../core/input/named_files';
import { isPreferred } from '../../../core/preferences/preference_fields';
import { exampleFields } from '../../../core/types/example';
import type { SentExample } from '../../../core/types/training';
import { Feed, formatOf, ownExample, pixelBytes } from '../../data/feed';
import { liveHandle, partsKey, type RemoteModel } from '../../models/remote_model';
import { isObject } from '../../session/rules';
import { approved, expectText, type Feedback } from '../feedback/feedback';
import { MOST_PIXEL_BYTES, textFields } from './examples';

/** The number of examples that are checked in one call. */
const PORTION = 64;

/**
 * Prepares the examples that were passed to a profile: one example, an iterable of examples, or a file. Examples and arrays are read before
 * it returns, so that the caller may change them afterwards. Rejects as `prepareExamples` and `examplesOfFile` do.
 */
export async function prepareGiven(base: RemoteModel, given: unknown): Promise<readonly SentExample[]> {
  const examples = givenExamples(base, given);
  // Examples of an iterable have been copied as they came, and nothing else holds those of a file.
  if (examples instanceof Promise) return prepareExamples(base, await examples);
  const isImages = base[partsKey].info.task.inputs === 'images';
  return prepareExamples(base, isImages ? examples.map((one, index) => ownExample(placeOf(index), one)) : examples);
}

const placeOf = (index: number): string => `examples[${index}]`;

/**
 * Prepares examples for storage: checks them, so that no example can make a run fail, and resizes images to the model's image size, with
 * their pixels as bytes. Rejects with `invalid_argument` for a value that isn't an example for the model, for an unknown label, and for
 * `pixel_values`, which can't be stored; `invalid_format` for a file that isn't an image; `limit_exceeded` if the images have too many
 * bytes. Ratings and preferences are returned unchanged: only their rated or chosen text is checked, as an example.
 */
export async function prepareExamples(base: RemoteModel, given: readonly unknown[]): Promise<readonly SentExample[]> {
  const { link, info } = base[partsKey];
  const fields = info.task.inputs === 'images' ? exampleFields : textFields;
  const examples = given.map((example, index) => fields(placeOf(index), example));
  for (const [index, example] of examples.entries()) {
    if (isPreferred(example)) expectFeedback(base, placeOf(index), example);
  }
  const checked = examples.map((example) => (isPreferred(example) ? approved(example) : example));
  const feed = new Feed('examples', checked);
  const kept: SentExample[] = [];
  for (let isDone = examples.length === 0, bytes = 0; !isDone; ) {
    const portion = await feed.take(PORTION);
    const request = { examples: portion.examples, first: kept.length };
    const handle = liveHandle(base);
    const prepared = await link.call((call) => link.request('prepareExamples', call, handle, request));
    kept.push(...prepared);
    bytes = prepared.reduce((sum, example) => sum + pixelBytes(example), bytes);
    if (bytes > MOST_PIXEL_BYTES) throw tooMany(kept.length);
    isDone = portion.done || kept.length === examples.length;
  }
  return kept.map((prepared, index) => {
    const example = examples[index];
    return example !== undefined && isPreferred(example) ? example : prepared;
  });
}

/** Throws `invalid_argument` for feedback about an empty text, and for a model that doesn't continue texts. */
export function expectFeedback(base: RemoteModel, where: string, feedback: Feedback): void {
  if (!base[partsKey].info.task.generates) throw wrong(where, 'an example with a label', feedback, ONLY_TEXTS);
  expectText(where, feedback);
}

const ONLY_TEXTS = 'Ratings and preferences are learnt by models that continue texts: AutoModelForCausalLM.';

function tooMany(count: number): WebVeraError {
  return new WebVeraError(
    'limit_exceeded',
    `examples: expected at most ${MOST_PIXEL_BYTES} bytes of images at a time, of the model's size, and ${count} are more`,
    { hint: 'Add them in several calls. At most that many bytes are stored: of more, a random sample.' },
  );
}

/** The largest size of a file, in bytes: all of its examples are in memory at once. */
const MOST_BYTES = 2 ** 26;

/** The largest number of examples of an iterable: an iterable may be endless, and all of its examples are in memory at once. */
const MOST_EXAMPLES = 2 ** 20;

const FILES = 'labelledFiles(files) makes examples of files that are in a folder for each label.';
const A_PART = 'Only a random sample of the examples is stored: add a part of ';

/** Lists the given examples. Throws or rejects as `examplesOfFile` does. */
export function givenExamples(base: RemoteModel, given: unknown): readonly unknown[] | Promise<readonly unknown[]> {
  if (given instanceof Blob) return examplesOfFile(base, given);
  if (Array.isArray(given)) return given;
  if (isList(given)) throw wrong('examples', 'examples, an iterable of them, or one file', given, FILES);
  if (!isObject(given) || !(Symbol.iterator in given || Symbol.asyncIterator in given)) return [given];
  return collected(given as AsyncIterable<unknown>);
}

async function collected(given: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const examples: unknown[] = [];
  for await (const example of given) {
    // The iterable may fill the same objects again.
    if (examples.push(ownExample(placeOf(examples.length), example)) <= MOST_EXAMPLES) continue;
    const message = `examples: expected an iterable of at most ${MOST_EXAMPLES} examples, got more`;
    throw new WebVeraError('limit_exceeded', message, { hint: `${A_PART}them.` });
  }
  return examples;
}

/**
 * Reads a file's examples in the worker. Rejects with `invalid_argument` for a file that isn't JSON Lines or CSV, or
 * has no examples; `invalid_format` for broken lines; `limit_exceeded` for a file that is too large.
 */
export async function examplesOfFile(base: RemoteModel, blob: Blob): Promise<readonly SentExample[]> {
  const format = formatOf(blob);
  if (format === 'text') {
    const hint = 'Text is added as { text }, and an image as { image, label }.';
    throw wrong('examples', 'a file of JSON Lines or CSV, by its type or name', `one of type "${blob.type}"`, hint);
  }
  if (blob.size > MOST_BYTES) {
    const message = `examples: expected a file of at most ${MOST_BYTES} bytes, got ${blob.size}`;
    throw new WebVeraError('limit_exceeded', message, { hint: `${A_PART}the file.` });
  }
  const { link } = base[partsKey];
  const examples = await link.call((call) => link.request('readExamples', call, { blob, format }));
  if (examples.length > 0) return examples;
  throw wrong('examples', 'a file with a line for each example', 'one without any');
}
