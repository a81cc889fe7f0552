import { type Example, WebVeraError } from '../index';
import type { Lesson } from './public';
import { type CountTokens, textExamples } from './text_examples';

/**
 * What there is to learn from: a text cut into examples of at most `limit` tokens, or the lines of a JSON Lines file.
 * Throws `invalid_argument` where there is nothing, and `invalid_format`, naming the line, for broken JSON and for what
 * is no text.
 */
export async function examplesOf(lesson: Lesson, limit: number, count: CountTokens): Promise<readonly Example[]> {
  const examples = await read(lesson, limit, count);
  if (examples.length > 0) return examples;
  throw new WebVeraError('invalid_argument', 'teach: expected something to learn from, got nothing', {
    hint: 'Pass a text, a Blob of text or JSON Lines, or examples such as { text }.',
  });
}

/** What a classifier is to learn from: examples, or the lines of a JSON Lines file. Throws as `examplesOf` does, also for bare text. */
export async function labelledExamples(lesson: Lesson): Promise<readonly Example[]> {
  const isBare = typeof lesson === 'string' || (lesson instanceof Blob && !isJsonLines(lesson));
  if (!isBare) return examplesOf(lesson, 0, async () => 0);
  const isImage = typeof lesson !== 'string' && lesson.type.startsWith('image/');
  const what = isImage ? 'an image' : 'a text';
  throw new WebVeraError('invalid_argument', `teach: expected examples with labels, got ${what} without one`, {
    hint: isImage
      ? "Pass { image, label: 'cat' }, or several of them."
      : "Pass { text: 'see you at noon', label: 'ham' }, several of them, or a JSON Lines file of such.",
  });
}

async function read(lesson: Lesson, limit: number, count: CountTokens): Promise<readonly Example[]> {
  if (typeof lesson === 'string') return inTexts(lesson, limit, count);
  if (lesson instanceof Blob) {
    const text = await lesson.text().catch(unreadable);
    return isJsonLines(lesson) ? jsonLines(text) : inTexts(text, limit, count);
  }
  if (Array.isArray(lesson)) return lesson;
  if (typeof lesson === 'object' && lesson !== null) return [lesson as Example];
  throw new WebVeraError('invalid_argument', `teach: expected a text, a Blob or examples, got ${String(lesson)}`);
}

async function inTexts(text: string, limit: number, count: CountTokens): Promise<readonly Example[]> {
  if (text.includes('\0')) {
    throw new WebVeraError('invalid_format', 'teach: expected text, got a file of another kind', {
      hint: 'Save it as plain text first: documents and pictures hold more than words.',
    });
  }
  return (await textExamples(text, limit, count)).map((example) => ({ text: example }));
}

function unreadable(cause: unknown): never {
  throw new WebVeraError('invalid_format', 'teach: expected a file that can be read', {
    hint: 'Is it a folder, or has it changed since? Choose it again.',
    cause,
  });
}

/** As for a Trainer's data set: the type or the file's name says so. */
function isJsonLines(blob: Blob): boolean {
  return /json/i.test(blob.type) || ('name' in blob && /\.(jsonl|ndjson|json)$/i.test(String(blob.name)));
}

function jsonLines(text: string): readonly Example[] {
  return text.split(/\r\n?|\n/).flatMap((line, index) => (line.trim() === '' ? [] : [jsonLine(line, index + 1)]));
}

function jsonLine(text: string, line: number): Example {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WebVeraError('invalid_format', `teach: line ${line}: expected JSON: ${(cause as Error).message}`, {
      hint: 'A JSON Lines file holds one complete JSON object per line.',
      detail: { line },
      cause,
    });
  }
}
