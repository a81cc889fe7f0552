import { WebVeraError } from '../../core/errors/error';
import { isJsonObject } from '../../core/input/fields';
import { parseJson } from '../../core/input/nesting';
import type { RowSource } from '../task/task_data';

/** The number of bytes at the beginning of a file from which its format is recognised. */
const HEAD = 2 ** 16;

/**
 * The beginning of a JSON object, up to its first key. This pattern decides the format if the first line is longer than `HEAD`, for example
 * because it holds an image or a book.
 */
const OBJECT = /^\{\s*"(?:[^"\\\n]|\\.)*"\s*:/;
const LIST = /^\[\s*\{\s*"/;

/**
 * Returns the data set with the format that its file really has, because servers send JSON Lines without a type, and a Blob has no name. A
 * model that learnt such a file as plain text would learn to write braces. Rejects with `invalid_format` for a file that is one JSON
 * document.
 */
export async function recognised(source: RowSource): Promise<RowSource> {
  if (source.kind !== 'blob' || source.format === 'csv') return source;
  const { blob, format } = source;
  // If the file can't be read, the code that reads all of it reports the error.
  const head = await blob
    .slice(0, HEAD)
    .text()
    .catch(() => '');
  const text = head.trimStart();
  if (LIST.test(text)) throw oneDocument();
  if (format === 'jsonl') return source;
  const end = text.indexOf('\n');
  const isCut = end < 0 && blob.size > HEAD;
  if (isCut ? OBJECT.test(text) : isRow(end < 0 ? text : text.slice(0, end))) return { ...source, format: 'jsonl' };
  if (OBJECT.test(text)) throw oneDocument();
  return source;
}

function isRow(line: string): boolean {
  try {
    return isJsonObject(parseJson(line));
  } catch {
    return false;
  }
}

function oneDocument(): WebVeraError {
  const message = 'Expected a text, or JSON Lines with an example a line, got one JSON document';
  return new WebVeraError('invalid_format', message, {
    hint: 'Pass its list of examples: JSON.parse(await blob.text()). To learn the JSON itself, pass [{ text: await blob.text() }].',
  });
}
