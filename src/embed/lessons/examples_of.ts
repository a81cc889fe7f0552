import { type Example, WebVeraError } from '../../index';
import { otherEncoding } from '../../parts/encoding';
import type { Lesson } from '../public';
import { type CountTokens, textExamples } from './text_examples';

/** Examples, or a file of examples, which the worker reads. */
export type LessonExamples = readonly Example[] | Blob;

/**
 * The largest size of a text file in bytes, because the page's thread reads and splits the whole text. Files of examples have the same
 * limit.
 */
const MOST_BYTES = 2 ** 26;

/**
 * Converts a lesson (see `Lesson`) to examples: a text is split into examples of at most `limit` tokens; files of JSON Lines or CSV stay
 * files. Throws `invalid_argument` for an empty lesson, `invalid_format` for a file that isn't text in UTF-8, and `limit_exceeded` for a
 * file of text that is too large.
 */
export async function examplesOf(lesson: Lesson, limit: number, count: CountTokens): Promise<LessonExamples> {
  const examples = await read(lesson, limit, count);
  if (examples instanceof Blob || examples.length > 0) return examples;
  throw new WebVeraError('invalid_argument', 'teach: expected something to learn from, got nothing', {
    hint: 'Pass a text, a Blob of text, JSON Lines or CSV, or examples such as { text }.',
  });
}

/** Converts a lesson for a classifier. Throws as `examplesOf` does, and also for a text or image without a label. */
export async function labelledExamples(lesson: Lesson): Promise<LessonExamples> {
  const isBare = typeof lesson === 'string' || (lesson instanceof Blob && !isFileOfExamples(lesson));
  if (!isBare) return examplesOf(lesson, 0, async () => 0);
  const isImage = typeof lesson !== 'string' && lesson.type.startsWith('image/');
  const what = isImage ? 'an image' : 'a text';
  throw new WebVeraError('invalid_argument', `teach: expected examples with labels, got ${what} without one`, {
    hint: isImage
      ? "Pass { image, label: 'cat' }, or several of them."
      : "Pass { text: 'see you at noon', label: 'ham' }, several of them, or a file of such: JSON Lines or CSV.",
  });
}

/**
 * Identifies a lesson by its content when it was added, because the page may change the lesson's list, its examples or its images
 * afterwards.
 */
export interface LessonMark {
  readonly text: string;
  /** The lesson's file, or the images and typed arrays of its examples. */
  readonly objects: readonly unknown[];
}

export function markOf(lesson: LessonExamples): LessonMark {
  if (lesson instanceof Blob) return { text: '', objects: [lesson] };
  const objects: unknown[] = [];
  const text = JSON.stringify(lesson, (name, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`; // the profile refuses such a value
    if (name !== 'image' && !ArrayBuffer.isView(value)) return value;
    objects.push(value);
    return null;
  });
  return { text, objects };
}

/**
 * Whether two lessons are the same. Blobs and ImageBitmaps are compared by identity, not by content. Other objects count as different,
 * because their content may have changed.
 */
export function isSameLesson(one: LessonMark, other: LessonMark): boolean {
  return one.text === other.text && one.objects.every((own, i) => isFixed(own) && own === other.objects[i]);
}

function isFixed(object: unknown): boolean {
  return object instanceof Blob || (typeof ImageBitmap === 'function' && object instanceof ImageBitmap);
}

async function read(lesson: Lesson, limit: number, count: CountTokens): Promise<LessonExamples> {
  if (typeof lesson === 'string') return inTexts(lesson, limit, count);
  if (lesson instanceof Blob) {
    if (isFileOfExamples(lesson)) return lesson;
    if (lesson.size > MOST_BYTES) throw tooLarge(lesson.size);
    return inTexts(await textOf(lesson), limit, count);
  }
  if (Array.isArray(lesson)) return lesson;
  if (typeof lesson === 'object' && lesson !== null) return [lesson as Example];
  throw new WebVeraError('invalid_argument', `teach: expected a text, a Blob or examples, got ${String(lesson)}`);
}

async function textOf(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer().catch(unreadable));
  const encoding = otherEncoding(bytes);
  if (encoding === undefined) return new TextDecoder().decode(bytes);
  throw new WebVeraError('invalid_format', `teach: expected text in UTF-8, got ${encoding}`, {
    hint: 'Open the file in a text editor, and save it in UTF-8.',
  });
}

async function inTexts(text: string, limit: number, count: CountTokens): Promise<readonly Example[]> {
  if (text.includes('\0')) {
    throw new WebVeraError('invalid_format', 'teach: expected text, got a file of another kind', {
      hint: 'Save it as plain text first: documents and pictures hold more than words.',
    });
  }
  return (await textExamples(text, limit, count)).map((example) => ({ text: example }));
}

function tooLarge(bytes: number): WebVeraError {
  return new WebVeraError('limit_exceeded', `teach: expected a text of at most ${MOST_BYTES} bytes, got ${bytes}`, {
    hint: 'Teach a part of the file: of so many examples, only a random sample is stored.',
  });
}

function unreadable(cause: unknown): never {
  throw new WebVeraError('invalid_format', 'teach: expected a file that can be read', {
    hint: 'Is it a folder, or has it changed since? Choose it again.',
    cause,
  });
}

/** Whether a file holds JSON Lines or CSV, by its type or name, as for a Trainer's data set. */
function isFileOfExamples(blob: Blob & { readonly name?: unknown }): boolean {
  return /json|^text\/csv\b/i.test(blob.type) || /\.(jsonl|ndjson|json|csv)$/i.test(String(blob.name));
}
