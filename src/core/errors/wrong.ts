import { WebVeraError } from './error';

/** Returns the error for an invalid argument. `isSecret`: whether the message must not quote the value. */
export function wrong(what: string, expected: string, got: unknown, hint = '', isSecret = false): WebVeraError {
  return new WebVeraError('invalid_argument', `${what}: expected ${expected}, got ${describe(got, isSecret)}`, {
    hint: got instanceof Promise ? 'Put await before it.' : hint,
  });
}

/** Describes a value for a message in a few words, without the content of large values. */
function describe(value: unknown, isSecret: boolean): string {
  if (isSecret && typeof value === 'string') return 'a string';
  if (typeof value === 'string') return quote(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  // A name of one or two letters comes from a minifier and means nothing to a reader. Classes of this library keep their names.
  const name: unknown = value.constructor?.name;
  if (typeof name === 'string' && name.length > 2 && name !== 'Object') {
    return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
  }
  return isSecret ? 'an object' : `an object with ${Object.keys(value).slice(0, 6).join(', ') || 'no keys'}`;
}

/** Returns the hint for a number or boolean that was passed as a string; undefined if the parsed value would be invalid, too. */
export function unquoted(value: unknown, accepts: (value: unknown) => boolean): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && accepts(number)) return `Pass the number ${number}, without quotes.`;
  const isFlag = value === 'true' || value === 'false';
  return isFlag && accepts(value === 'true') ? `Pass ${value}, without quotes.` : undefined;
}

/** Formats a value as it is written in code. */
export function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
