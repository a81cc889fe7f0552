import { WebVeraError } from '../core/error';

/** UTF-16 units of one line of JSON. */
const MAX_LINE = 2 ** 24;

/** A Blob's text in parts, as UTF-8, with every line ending as `\n`. */
export async function* readText(blob: Blob): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = blob.stream().getReader();
  // A part may end within a `\r\n`.
  let held = '';
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(unreadable);
      const text = held + decoder.decode(value, { stream: !done });
      held = !done && text.endsWith('\r') ? '\r' : '';
      const whole = text.slice(0, text.length - held.length).replaceAll(/\r\n?/g, '\n');
      if (whole !== '') yield whole;
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function unreadable(cause: unknown): never {
  throw new WebVeraError('invalid_format', 'Expected a file that can be read', {
    hint: 'Has it changed since it was chosen? Choose it again.',
    cause,
  });
}

/** One line of a JSON Lines file. */
interface JsonLine {
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
}

/** The values of a JSON Lines file; empty lines are skipped. Throws `invalid_format`, `limit_exceeded` for an endless line. */
export async function* readJsonLines(blob: Blob): AsyncGenerator<JsonLine> {
  let line = 0;
  let rest = '';
  for await (const part of readText(blob)) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      line++;
      if (text.trim() !== '') yield { line, value: parseLine(text, line) };
    }
    if (rest.length > MAX_LINE) throw tooLong(line + 1);
  }
  if (rest.trim() !== '') yield { line: line + 1, value: parseLine(rest, line + 1) };
}

function parseLine(text: string, line: number): unknown {
  if (text.length > MAX_LINE) throw tooLong(line);
  try {
    return JSON.parse(text);
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
