import { WebVeraError } from './error';

/** What is said of an argument that isn't what it must be. */
export function wrong(what: string, expected: string, got: unknown, hint = ''): WebVeraError {
  return new WebVeraError('invalid_argument', `${what}: expected ${expected}, got ${describe(got)}`, {
    hint: got instanceof Promise ? 'Put await before it.' : hint,
  });
}

/** A value in a message: short, and never the content of something large. */
function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  // Classes of this library tell their names themselves. One or two letters are what a bundler made of another's.
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name.length > 2 && name !== 'Object'
    ? `a ${name}`
    : `an object with ${Object.keys(value).slice(0, 6).join(', ') || 'no keys'}`;
}

/** What to do about a number, or true or false, that came as a text; undefined where what the text says wouldn't do either. */
export function unquoted(value: unknown, accepts: (value: unknown) => boolean): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  if (Number.isFinite(number) && accepts(number)) return `Pass the number ${number}, without quotes.`;
  const isFlag = value === 'true' || value === 'false';
  return isFlag && accepts(value === 'true') ? `Pass ${value}, without quotes.` : undefined;
}

/** As it would be written in code. */
export function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
