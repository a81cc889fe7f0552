import { wrong } from '../errors/wrong';
import { bytesOf } from '../input/bytes';
import { isJsonObject } from '../input/fields';
import { isShownImage, pixelsOfShown } from '../input/shown_image';
import { plainNumber, plainNumbers } from '../numbers/numbers';
import { isPreference, preferenceFields, weightOf } from '../preferences/preference_fields';
import { chatMessages } from './chat';
import { looksLikeImage, type RgbaImage, type RgbImage, type SentImage } from './image';
import type { Tensor } from './tensor';
import type { ImageExample, LabelList, SentExample } from './training';

const FORMS =
  '{ text }, { text, label }, { text, labels }, { prompt, completion }, { messages }, { input_ids, labels?, attention_mask? }, { tokens, labels }, { image, label } or { pixel_values, label }';

/** The expected form of a row with a preference pair. */
const PAIR = '{ prompt, chosen, rejected }';

/** The hint for an example with a weight below 0. */
const LESS_LIKELY =
  'A text that should become less likely is a rating, { prompt, completion, label: false }: for KTOTrainer, or profile.rate(text, -1).';

const UNWEIGHTED = 'Texts that a language model learns have weights; classWeights weighs classes.';

const PROMPTS = ['prompt', 'instruction', 'question', 'input', 'query'];
const COMPLETIONS = ['completion', 'output', 'response', 'answer', 'target'];
const CONTEXTS = ['input', 'context'];
const TEXTS = ['content', 'body', 'sentence', 'document', 'article'];
const PAIRS = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['question1', 'question2'],
  ['text1', 'text2'],
] as const;
const LABELS_OF_WORDS = ['ner_tags', 'tags', 'pos_tags'];

/** The hint for a prompt and a completion in TRL's conversational form. */
const IN_MESSAGES = 'Messages are passed as rows.map((row) => ({ messages: [...row.prompt, ...row.completion] })).';

/** The hint for a value that isn't a text, by the value's type. */
const AS_TEXT: Readonly<Record<string, string>> = {
  number: 'Write a number as a text: String(value).',
  object: 'A text is one string: join the parts of a list, or make an example of each.',
};

/**
 * Validates an example and copies only the fields that it needs, because rows of a data set often have more fields, and some can't be sent
 * to a worker. All examples are checked here: those of arrays, iterables, profiles, JSON Lines and CSV. A field that is null or undefined
 * counts as missing; unknown fields are ignored, as transformers ignores columns that it doesn't use. The model later checks the range of
 * ids and the lengths of labels and masks.
 *
 * Throws `invalid_argument`; `where` names the example in error messages: 'train_dataset[3]', 'line 12'.
 */
export function exampleFields(where: string, example: unknown): SentExample {
  if (!isJsonObject(example) || example instanceof Blob) throw wrong(where, FORMS, example, exampleHint(example));
  const has = (key: string): boolean => (example[key] ?? undefined) !== undefined;
  const text = (key: string, hint?: string): string => {
    const value = example[key];
    if (typeof value === 'string') return value;
    throw wrong(`${where}: ${key}`, 'a string', value, hint ?? AS_TEXT[typeof value]);
  };
  const label = (): number | string => {
    const value = plainNumber(example.label);
    if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw wrong(`${where}: label`, "a number, or one of the model's labels", value);
  };
  const list = (key: string): number[] => integers(`${where}: ${key}`, example[key]);
  const weight = () => weightOf(`${where}: weight`, example.weight, LESS_LIKELY);
  const labels = labelList(example.labels);
  if (has('input_ids')) {
    const one = plainNumber(example.labels);
    const ofTokens = typeof one === 'number' ? one : labels;
    if (has('labels') && ofTokens === undefined) throw wrong(`${where}: labels`, LABELS, example.labels);
    return {
      input_ids: list('input_ids'),
      ...(ofTokens !== undefined && { labels: ofTokens }),
      ...(has('label') && { label: label() }),
      ...(has('attention_mask') && { attention_mask: list('attention_mask') }),
      ...(has('token_type_ids') && { token_type_ids: list('token_type_ids') }),
      ...weight(),
    };
  }
  const labelFields = () => ({ ...(has('label') && { label: label() }), ...(labels !== undefined && { labels }) });
  const isOfTexts = !['pixel_values', 'image', 'prepared'].some(has) && (!has('tokens') || has('text'));
  if (!isOfTexts && has('weight') && example.weight !== 1) {
    throw wrong(`${where}: weight`, 'none beside an image or words', example.weight, UNWEIGHTED);
  }
  if (has('pixel_values')) {
    return { pixel_values: pixels(`${where}: pixel_values`, example.pixel_values), ...labelFields() };
  }
  if (has('image')) return { image: image(`${where}: image`, example.image), ...labelFields() };
  if (has('prepared')) return { prepared: prepared(`${where}: prepared`, example.prepared), ...labelFields() };
  if (isPreference(example)) return preferenceFields(where, example);
  if (has('prompt') && has('completion')) {
    const areLists = Array.isArray(example.prompt) && Array.isArray(example.completion);
    const prompt = text('prompt', areLists ? IN_MESSAGES : undefined);
    return { prompt, completion: text('completion'), ...weight() };
  }
  if (has('messages'))
    return { messages: chatMessages(`${where}: messages`, example.messages, example.tools), ...weight() };
  if (has('text')) {
    const pair = has('text_pair') ? { text_pair: text('text_pair') } : {};
    const { tokens } = example;
    const isTagged = !has('label') && areWords(tokens) && tokens.length === labels?.length;
    const tagged = isTagged ? { tokens: [...tokens] } : {};
    return { text: text('text'), ...pair, ...tagged, ...labelFields(), ...weight() };
  }
  if (has('tokens') && labels !== undefined) return { tokens: words(`${where}: tokens`, example.tokens), labels };
  throw wrong(where, has('chosen') || has('rejected') ? PAIR : FORMS, example, exampleHint(example));
}

function words(where: string, value: unknown): string[] {
  if (areWords(value)) return [...value];
  throw wrong(where, 'an array of strings, a word each', value);
}

function areWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string');
}

export function holdsImage(example: SentExample): example is Extract<SentExample, ImageExample> {
  return 'image' in example || 'prepared' in example || 'pixel_values' in example;
}

/** Returns the hint for a row that is not an example. */
export function exampleHint(row: unknown): string {
  if (typeof row === 'string') return 'Texts are passed as texts.map((text) => ({ text })).';
  if (isImage(row) || (row instanceof Blob && row.type.startsWith('image/'))) {
    return 'Images are passed as [{ image, label }].';
  }
  if (row instanceof Blob) return 'A Blob is a data set by itself: pass it without the list.';
  if (row instanceof ArrayBuffer || ArrayBuffer.isView(row)) {
    return 'A stream of text is passed as await new Response(stream).blob().';
  }
  if (typeof row === 'number' || Array.isArray(row)) return 'Token ids are passed as [{ input_ids }].';
  if (typeof row !== 'object' || row === null) return '';
  if ('role' in row && 'content' in row) return 'A conversation is one example: [{ messages }].';
  if (Object.keys(row).some((name) => /[;\t]/.test(name))) return 'Columns of a CSV file are separated by commas.';
  const find = (names: readonly string[]): string | undefined => names.find((name) => Object.hasOwn(row, name));
  const [prompt, completion, text, tags] = [PROMPTS, COMPLETIONS, TEXTS, LABELS_OF_WORDS].map(find);
  if ('chosen' in row || 'rejected' in row) return pairHint(row, prompt);
  if (prompt !== undefined && completion !== undefined) {
    const context = find(CONTEXTS.filter((name) => name !== prompt && typeof Reflect.get(row, name) === 'string'));
    const whole =
      context === undefined ? `row.${prompt}` : `[row.${prompt}, row.${context}].filter(Boolean).join('\\n')`;
    return rename(`prompt: ${whole}, completion: row.${completion}`);
  }
  if ('tokens' in row && tags !== undefined) return rename(`tokens: row.tokens, labels: row.${tags}`);
  const [image] =
    Object.entries(row).find(
      ([, value]) => isImage(value) || (value instanceof Blob && /^(image\/|$)/.test(value.type)),
    ) ?? [];
  if (image !== undefined) return rename(`image: ${fieldOf(image)}${andLabel(row)}`);
  const [first, second] = PAIRS.find((pair) => pair.every((name) => Object.hasOwn(row, name))) ?? [];
  if (first !== undefined) return rename(`text: row.${first}, text_pair: row.${second}${andLabel(row)}`);
  if (text !== undefined) return rename(`text: row.${text}${andLabel(row)}`);
  if (prompt !== undefined) {
    return `A ${prompt} has its answer beside it: { prompt, completion }. A text without an answer is { text }.`;
  }
  return conversationHint(row) ?? renamed(row);
}

/** Whether a value has an image's pixels. */
function isImage(value: unknown): boolean {
  return looksLikeImage(value) || isShownImage(value);
}

/** Returns the hint with code that makes examples of these fields. */
function rename(fields: string): string {
  return `Rename what it holds: rows.map((row) => ({ ${fields} })).`;
}

function andLabel(row: object): string {
  return 'label' in row ? ', label: row.label' : '';
}

/** Returns the hint for a preference pair whose prompt is missing, has another name, or is the beginning of both conversations. */
function pairHint(row: object, prompt: string | undefined): string {
  if (prompt !== undefined && prompt !== 'prompt') {
    return rename(`...row, prompt: row.${prompt}`);
  }
  if (prompt === undefined && 'chosen' in row && Array.isArray(row.chosen)) {
    return 'The prompt is apart: rows.map(({ chosen, rejected }) => ({ prompt: chosen.slice(0, -1), chosen: chosen.slice(-1), rejected: rejected.slice(-1) })).';
  }
  return 'Both answers continue one prompt, which is apart from them.';
}

/** Returns the hint for a row with a conversation under another name, or in ShareGPT's form; undefined for other rows. */
function conversationHint(row: object): string | undefined {
  for (const [name, value] of Object.entries(row)) {
    const first: unknown = Array.isArray(value) ? value[0] : undefined;
    if (!isJsonObject(first)) continue;
    if ('role' in first) return rename(`messages: ${fieldOf(name)}`);
    if ('from' in first) {
      return rename(
        `messages: ${fieldOf(name)}.map(({ from, value }) => ({ role: { human: 'user', gpt: 'assistant' }[from] ?? from, content: value }))`,
      );
    }
  }
  return undefined;
}

/** Writes the expression that reads a row's field. */
function fieldOf(name: string): string {
  const short = name.slice(0, LONGEST_NAME);
  return /^[a-z_$][\w$]*$/i.test(short) ? `row.${short}` : `row[${JSON.stringify(short)}]`;
}

/** The largest number of field names that a hint lists. */
const SHOWN = 4;

/**
 * Returns the hint for a row whose fields have other names, such as a row of a CSV file with other columns. The hint uses the first field
 * with several words as the text, because ids and categories often come before the text.
 */
function renamed(row: object): string {
  const fields = Object.entries(row).filter(([name]) => name !== '');
  const others = fields.filter(([name]) => name !== 'label' && name !== 'labels');
  const holding = (pattern: RegExp) => others.find(([, value]) => typeof value === 'string' && pattern.test(value));
  const [text] = holding(/\s/) ?? holding(/./) ?? others[0] ?? fields[0] ?? [];
  if (text === undefined) return '';
  const shown = fields.slice(0, SHOWN).map(([name]) => name);
  return `Its fields are ${shown.join(', ').slice(0, LONGEST_NAME)}: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: ${fieldOf(text)}${andLabel(row)} })).`;
}

const LONGEST_NAME = 80;

function pixels(where: string, value: unknown): Tensor {
  const { dims, data } = (value ?? {}) as { readonly dims?: unknown; readonly data?: unknown };
  const shape = plainNumbers(dims);
  const numbers = data instanceof Float32Array ? data : plainNumbers(data);
  const isShape = shape?.every((size): size is number => Number.isSafeInteger(size) && Number(size) > 0);
  if (shape === undefined || !isShape || numbers === undefined) throw wrong(where, PIXELS, value);
  const [count, size] = [numbers.length, (shape as number[]).reduce((product, one) => product * one, 1)];
  if (count !== size) throw wrong(where, PIXELS, `dims [${shape.join(', ')}] with ${count} numbers`);
  return { dims: shape as number[], data: Float32Array.from(numbers as ArrayLike<number>) };
}

function image(where: string, value: unknown): SentImage {
  if (value instanceof Blob) return value;
  if (isShownImage(value)) return pixelsOfShown(where, value);
  if (!looksLikeImage(value)) throw wrong(where, IMAGE, value, IMAGE_HINT);
  return imageBytes(where, value, { channels: 4, expected: BYTES });
}

function prepared(where: string, value: unknown): RgbImage {
  if (!looksLikeImage(value)) throw wrong(where, 'an image', value);
  const { data, ...size } = imageBytes(where, value, { channels: 3, expected: 'width·height·3 bytes' });
  return { ...size, data: bytesOf(data) };
}

function imageBytes(
  where: string,
  { width, height, data }: { readonly [Key in keyof RgbaImage]: unknown },
  { channels, expected }: { readonly channels: number; readonly expected: string },
): RgbaImage {
  if (!(data instanceof Uint8ClampedArray || data instanceof Uint8Array)) throw wrong(`${where}: data`, expected, data);
  const areSizes = [width, height].every((edge) => Number.isSafeInteger(edge) && Number(edge) > 0);
  if (!areSizes || data.length !== channels * Number(width) * Number(height)) {
    throw wrong(`${where}: data`, expected, `${data.length} bytes for ${width}×${height}`);
  }
  // Sending a view to a worker would also send the rest of its buffer.
  const isWhole = data.byteLength === data.buffer.byteLength;
  return { width: Number(width), height: Number(height), data: isWhole ? data : data.slice() };
}

const IMAGE = 'a Blob, pixels as ImageData, or a canvas, <img>, ImageBitmap or VideoFrame';
const IMAGE_HINT =
  'A file is a Blob: await (await fetch(address)).blob(), or a File from a file input. createImageBitmap(video) takes a picture of a video; close() it after the call.';
const BYTES = 'width·height·4 bytes as ImageData has them';
const PIXELS = '{ dims: [channels, height, width], data }, with a number for each';

const LABELS = 'an array of numbers, or of names of labels';

/** Reads a list of numbers or of names. Returns undefined for any other value: callers ignore it, unless the example has `input_ids`. */
function labelList(value: unknown): LabelList | undefined {
  const list = plainNumbers(value);
  if (list?.every((entry) => typeof entry === 'string')) return list as string[];
  return list?.every(Number.isFinite) ? (list as number[]) : undefined;
}

function integers(where: string, value: unknown): number[] {
  const list = plainNumbers(value);
  if (list === undefined) throw wrong(where, 'an array of integers', value);
  const odd = list.findIndex((entry) => !Number.isSafeInteger(entry));
  if (odd >= 0) throw wrong(where, 'an array of integers', list[odd]);
  return list as number[];
}
