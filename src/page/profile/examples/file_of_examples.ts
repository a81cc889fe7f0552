import { WebVeraError } from '../../../core/errors/error';
import { wrong } from '../../../core/errors/wrong';
import type { SentExample } from '../../../core/types/training';
import { formatOf } from '../../data/feed';
import { partsKey, type RemoteModel } from '../../models/remote_model';

/** Largest file, as all of its examples are in memory for a moment. */
const MOST_BYTES = 2 ** 26;

/**
 * Reads a file's examples in the worker. Rejects with `invalid_argument` for a file that isn't JSON Lines or CSV, or
 * has no examples; `invalid_format` for broken lines; `limit_exceeded`.
 */
export async function examplesOfFile(base: RemoteModel, blob: Blob): Promise<readonly SentExample[]> {
  const format = formatOf(blob);
  if (format === 'text') {
    const hint = 'Text is added as { text }, and an image as { image, label }.';
    throw wrong('examples', 'a file of JSON Lines or CSV, by its type or name', `one of type "${blob.type}"`, hint);
  }
  if (blob.size > MOST_BYTES) {
    const message = `examples: expected a file of at most ${MOST_BYTES} bytes, got ${blob.size}`;
    throw new WebVeraError('limit_exceeded', message, {
      hint: 'Only a random sample of the examples is stored: add a part of the file.',
    });
  }
  const { link } = base[partsKey];
  const examples = await link.call((call) => link.request('readExamples', call, { blob, format }));
  if (examples.length > 0) return examples;
  throw wrong('examples', 'a file with a line for each example', 'one without any');
}
