import { WebVeraError } from '../../../core/errors/error';
import { wrong } from '../../../core/errors/wrong';
import type { SentExample } from '../../../core/types/training';
import { formatOf } from '../../data/feed';
import { partsKey, type RemoteModel } from '../../models/model';

/** All of its examples are in memory for a moment. */
const MOST_BYTES = 2 ** 26;

/**
 * The examples of a file, which the worker reads. Rejects with `invalid_argument` for what is no file of examples, and for one without
 * any; `invalid_format` for broken lines; `limit_exceeded`.
 */
export async function examplesOfFile(base: RemoteModel, blob: Blob): Promise<readonly SentExample[]> {
  const format = formatOf(blob);
  if (format === 'text') {
    const hint = 'Text is added as { text }, and an image as { image, label }.';
    throw wrong('examples', 'a file of JSON Lines or CSV, by its type or name', `one of type "${blob.type}"`, hint);
  }
  if (blob.size > MOST_BYTES) {
    throw new WebVeraError(
      'limit_exceeded',
      `examples: expected a file of at most ${MOST_BYTES} bytes, got ${blob.size}`,
      {
        hint: 'No more than a fair sample is kept: a part of the file will do.',
      },
    );
  }
  const { link } = base[partsKey];
  const examples = await link.call((call) => link.request('readExamples', call, { blob, format }));
  if (examples.length > 0) return examples;
  throw wrong('examples', 'a file with a line for each example', 'one without any');
}
