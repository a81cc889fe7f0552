import { WebVeraError } from '../../core/errors/error';
import { parseJson } from '../../core/input/nesting';
import { unreadable } from '../../core/input/unreadable';
import { expectTextFile, Utf8Check } from './text_bytes';

/** The largest length of one line of JSON, in UTF-16 code units. */
const MAX_LINE = 2 ** 24;

/** Files are decoded in parts of at most this many bytes. */
const PART = 2 ** 16;
/**
 * The number of bytes at the beginning of a file that show its type. They are read separately, because the first part of the file's stream
 * may be shorter.
 */
const LONGEST_MARK = 8;
const NOTHING = new Uint8Array();

/**
 * Decodes a Blob as UTF-8 and yields its text in parts, with every line ending as `\n`. Calls `onRead` with the number of bytes of each
 * part. Rejects with `invalid_format` for a file that can't be read, or that isn't text in UTF-8.
 */
export async function* readText(blob: Blob, onRead?: ((bytes: number) => void) | undefined): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const check = new Utf8Check();
  const reader = blob.stream().getReader();
  const { name = 'data set' } = blob as Partial<File>;
  // If a part ends with `\r`, this character is held back, because the next part may begin with `\n`.
  let held = '';
  try {
    expectTextFile(new Uint8Array(await blob.slice(0, LONGEST_MARK).arrayBuffer().catch(unreadable(name))));
    for (;;) {
      const { done, value = NOTHING } = await reader.read().catch(unreadable(name));
      // A browser may deliver a whole file at once, so it is split here.
      for (let start = 0; start < value.length || done; start += PART) {
        const bytes = value.subarray(start, start + PART);
        onRead?.(bytes.length);
        const decoded = decoder.decode(bytes, { stream: !done });
        check.add(bytes, decoded);
        const text = held + decoded;
        held = !done && text.endsWith('\r') ? '\r' : '';
        const whole = text.slice(0, text.length - held.length).replaceAll(/\r\n?/g, '\n');
        if (whole !== '') yield whole;
        if (done) return;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** One line of a JSON Lines file. */
interface JsonLine {
  /** The line's number, from 1. */
  readonly line: number;
  readonly value: unknown;
}

/**
 * Yields the values of a JSON Lines file, and skips empty lines. Throws `invalid_format`, and `limit_exceeded` for a line that is too long.
 */
export async function* readJsonLines(
  blob: Blob,
  onRead?: ((bytes: number) => void) | undefined,
): AsyncGenerator<JsonLine> {
  let line = 0;
  for await (const text of readLines(readText(blob, onRead))) {
    line++;
    if (text.trim() !== '') yield { line, value: parseLine(text, line) };
  }
}

async function* readLines(parts: AsyncIterable<string>): AsyncGenerator<string> {
  let line = 1;
  // The pieces of a line that hasn't ended. They are joined once: joining them at each part would take time quadratic in the line's length.
  let pieces: string[] = [];
  let length = 0;
  for await (const part of parts) {
    const [first = '', ...others] = part.split('\n');
    pieces.push(first);
    length += first.length;
    for (const next of others) {
      yield pieces.join('');
      line++;
      pieces = [next];
      length = next.length;
    }
    if (length > MAX_LINE) throw tooLong(line);
  }
  yield pieces.join('');
}

function parseLine(text: string, line: number): unknown {
  if (text.length > MAX_LINE) throw tooLong(line);
  try {
    return parseJson(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new WebVeraError('invalid_format', `line ${line}: expected JSON: ${problem}`, {
      hint: 'A JSON Lines file holds one complete JSON object per line.',
      detail: { line },
      cause,
    });
  }
}

function tooLong(line: number): WebVeraError {
  return new WebVeraError('limit_exceeded', `line ${line}: expected at most ${MAX_LINE} characters`, {
    hint: 'A JSON Lines file holds one example per line. For plain text leave out the .jsonl ending and type.',
    detail: { line },
  });
}
