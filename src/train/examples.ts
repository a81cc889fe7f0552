import { WebVeraError } from '../core/error';
import { isJsonObject, type JsonObject } from '../core/fields';
import type { TextTokenizer } from '../tokenizer/tokenizer';
import { IGNORED, type TokenRow, textRow } from './token_row';

export interface ExampleOptions {
  /** Needed by all examples but `input_ids`. */
  readonly tokenizer: TextTokenizer | undefined;
  /** Of the model: ids and labels must be below. */
  readonly vocabSize: number;
  /** Whether the prompt is left out of the loss; null: yes. */
  readonly completionOnly: boolean | null;
}

/**
 * Turns an example into tokens. `where` says which one it is, for messages: 'example 3', 'line 12'.
 * Fields that no example has are ignored, as transformers does with columns it doesn't use.
 * Throws `invalid_argument`.
 */
export function tokenizeExample(example: unknown, where: string, options: ExampleOptions): TokenRow {
  if (!isJsonObject(example)) throw invalid(where, `an object, got ${kindOf(example)}`);
  const later = ['messages', 'label', 'image', 'pixel_values'].find((key) => key in example);
  if (later !== undefined) throw invalid(where, `none of the fields that aren't supported yet, got ${later}`);
  if ('input_ids' in example) return tokenRow(example, where, options.vocabSize);
  const tokenizer = tokenizerFor(options, where);
  if ('prompt' in example || 'completion' in example) {
    const prompt = textField(example, 'prompt', where);
    const completion = textField(example, 'completion', where);
    return completionRow(tokenizer, prompt, completion, options.completionOnly ?? true);
  }
  if ('text' in example) return textRow(tokenizer.encode(textField(example, 'text', where)));
  throw invalid(where, `{ text }, { prompt, completion } or { input_ids }, got ${kindOf(example)}`);
}

/** As TRL: the completion is closed by the EOS token, and learned is what comes after the prompt's tokens. */
function completionRow(
  tokenizer: TextTokenizer,
  prompt: string,
  completion: string,
  completionOnly: boolean,
): TokenRow {
  const eos = tokenizer.eos_token_id === null ? null : tokenizer.eos_token;
  const closed = eos === null || completion.endsWith(eos) ? completion : completion + eos;
  const row = textRow(tokenizer.encode(prompt + closed));
  if (completionOnly) row.labels.fill(IGNORED, 0, tokenizer.encode(prompt).length);
  return row;
}

function tokenRow(example: JsonObject, where: string, vocabSize: number): TokenRow {
  const ids = integerList(example.input_ids, `${where}: input_ids`, 0, vocabSize - 1);
  const mask = integerList(example.attention_mask ?? ids.map(() => 1), `${where}: attention_mask`, 0, 1);
  const labels = integerList(
    example.labels ?? ids.map((id, t) => (mask[t] === 0 ? IGNORED : id)),
    `${where}: labels`,
    IGNORED,
    vocabSize - 1,
  );
  if (mask.length !== ids.length) throw invalid(where, `${ids.length} entries in attention_mask, got ${mask.length}`);
  if (labels.length !== ids.length) throw invalid(where, `${ids.length} entries in labels, got ${labels.length}`);
  const wrong = labels.find((label) => label < 0 && label !== IGNORED);
  if (wrong !== undefined) throw invalid(where, `labels that are token ids or ${IGNORED}, got ${wrong}`);
  return { input_ids: Uint32Array.from(ids), labels: Int32Array.from(labels), attention_mask: Uint8Array.from(mask) };
}

function integerList(value: unknown, what: string, min: number, max: number): readonly number[] {
  if (!Array.isArray(value)) throw invalid(what, `a list of integers, got ${kindOf(value)}`);
  for (const item of value) {
    if (Number.isSafeInteger(item) && item >= min && item <= max) continue;
    throw invalid(what, `integers from ${min} to ${max}, got ${typeof item === 'number' ? item : kindOf(item)}`);
  }
  return value;
}

function textField(example: JsonObject, key: string, where: string): string {
  const value = example[key];
  if (typeof value === 'string') return value;
  throw invalid(where, `${key} to be a string, got ${kindOf(value)}`);
}

function tokenizerFor({ tokenizer }: ExampleOptions, where: string): TextTokenizer {
  if (tokenizer !== undefined) return tokenizer;
  throw new WebVeraError('invalid_argument', `${where}: expected { input_ids }, because the model has no tokenizer`, {
    hint: 'Load the model from a source that holds tokenizer.json, or pass token ids.',
  });
}

function kindOf(value: unknown): string {
  if (isJsonObject(value)) return `an object with ${Object.keys(value).slice(0, 8).join(', ') || 'no fields'}`;
  if (Array.isArray(value)) return 'a list';
  if (value === null || value === undefined) return String(value);
  return `a ${typeof value}`;
}

function invalid(where: string, expected: string): WebVeraError {
  return new WebVeraError('invalid_argument', `${where}: expected ${expected}`, {
    hint: 'An example is { text }, { prompt, completion } or { input_ids, labels?, attention_mask? }.',
  });
}
