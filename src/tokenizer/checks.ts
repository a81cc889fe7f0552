import { WebVeraError } from '../core/errors/error';

/** The largest length of a string in the settings of a rule or a model, in characters. */
export const MAX_STRING = 256;
/** The largest length of all added tokens together. Those of models that generate images have some 750,000 characters. */
const MAX_ADDED = 2 ** 20;
/** The largest length of a token, in characters. The longest tokens of published vocabularies, runs of spaces, have 128. */
export const MAX_TOKEN = 1024;

/** Throws `invalid_format` unless a value is a string of at most `longest` characters. */
export function checkString(name: string, value: unknown, longest: number): void {
  if (typeof value !== 'string') throw invalid(`${name}: expected a text, got ${describe(value)}`);
  if (value.length > longest) throw invalid(`${name}: expected at most ${longest} characters, got ${value.length}`);
}

/** Throws `limit_exceeded` if the total length of the added tokens is too large. */
export function checkAdded(texts: readonly string[]): void {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > MAX_ADDED)
    throw tooLarge(`added_tokens: expected at most ${MAX_ADDED} characters in all, got ${length}`);
}

/** Throws `invalid_format` unless a value is an integer from 0 to `idLimit` - 1. `name` is called only for the message. */
export function checkId(name: () => string, id: unknown, idLimit: number): void {
  if (Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < idLimit) return;
  throw invalid(`${name()}: expected an id from 0 to ${idLimit - 1}, got ${describe(id)}`);
}

/** Formats a value for an error message, and truncates it. */
export function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, 41) : value) ?? 'nothing';
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

/** The hint for a tokenizer.json that is larger than any published one. */
export const TOO_LARGE = 'This tokenizer is too large to use, perhaps by intent. Use that of a published model.';

export function tooLarge(problem: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `tokenizer.json: ${problem}`, { hint: TOO_LARGE });
}

export function invalid(problem: string): WebVeraError {
  return new WebVeraError('invalid_format', `tokenizer.json: ${problem}`, {
    hint: "Is this the tokenizer.json that belongs to the model, in Hugging Face's format?",
  });
}
