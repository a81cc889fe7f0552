import { wrong } from '../errors/wrong';
import type { JsonObject } from '../input/fields';
import { fitsFloat32, MOST_FLOAT32 } from '../input/float32_range';
import { plainNumber } from '../numbers/numbers';
import { chatMessages } from '../types/chat';
import type { SentExample } from '../types/training';
import type { PreferenceExample, RatedExample, TextOrMessages } from './preference';

/**
 * Whether a row of a data set is a preference pair or a rating. A row with a prompt, a completion and a label other than true or false is
 * neither: its label is ignored, as unknown fields are.
 */
export function isPreference(row: JsonObject): boolean {
  const has = (key: string): boolean => (row[key] ?? undefined) !== undefined;
  if (!has('prompt')) return false;
  return (has('chosen') && has('rejected')) || (has('completion') && typeof row.label === 'boolean');
}

/** Whether an example, as `exampleFields` returns it, is a preference pair or a rating. */
export function isPreferred(example: SentExample): example is PreferenceExample | RatedExample {
  return 'chosen' in example || ('completion' in example && 'label' in example);
}

/** Copies the fields of a preference pair or a rating. Throws `invalid_argument`; `where` names the example in error messages. */
export function preferenceFields(where: string, row: JsonObject): PreferenceExample | RatedExample {
  const names = row.chosen === undefined || row.chosen === null ? ['completion'] : ['chosen', 'rejected'];
  const prompt = part(`${where}: prompt`, row.prompt, row.tools);
  const others = {
    ...weightOf(`${where}: weight`, row.weight),
    ...truncatedOf(`${where}: truncated`, row.truncated),
  };
  const parts = names.map((name) => {
    const own = part(`${where}: ${name}`, row[name], row.tools);
    if (typeof own === typeof prompt) return own;
    const expected = typeof prompt === 'string' ? 'a text, as the prompt is one' : 'messages, as the prompt has them';
    throw wrong(`${where}: ${name}`, expected, row[name]);
  });
  const [first = '', second = ''] = parts;
  if (names.length === 2) return { prompt, chosen: first, rejected: second, ...others };
  return { prompt, completion: first, label: row.label === true, ...others };
}

function part(where: string, value: unknown, tools: unknown): TextOrMessages {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return chatMessages(where, value, tools);
  throw wrong(where, 'a string, or an array of { role, content }', value);
}

/** Reads whether a text is cut off. Throws `invalid_argument`. */
function truncatedOf(where: string, value: unknown): { readonly truncated?: true } {
  if (value === true) return { truncated: true };
  if ((value ?? false) === false) return {};
  throw wrong(where, 'true or false', value);
}

/** Reads an example's weight, if it has one. Throws `invalid_argument`; for a weight below 0, the error has the `hint`. */
export function weightOf(where: string, given: unknown, hint?: string): { readonly weight?: number } {
  const value = plainNumber(given);
  if (value === undefined || value === null) return {};
  const isWeight = typeof value === 'number' && value >= 0 && Number.isFinite(value);
  if (isWeight && fitsFloat32(value)) return { weight: value };
  const expected = isWeight ? `a number from 0 to ${MOST_FLOAT32}` : 'a finite number from 0';
  throw wrong(where, expected, value, typeof value === 'number' && value < 0 ? hint : undefined);
}
