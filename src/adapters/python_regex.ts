import { WebVeraError } from '../core/error';

/**
 * Where Python's `re` and JavaScript write the same thing differently. A backslash keeps the character it escapes, and
 * within brackets all else is a character.
 */
const TOKENS = /\[(\^?)(\]?(?:\\.|[^\]\\])*)\]|\\.|\(\?P<(\w+)>|\(\?P=(\w+)\)|\{,(\d*)\}/gsu;

/** Letters that mean the same after a backslash in both languages. */
const SAME_ESCAPES = 'dDsSwWbBnrtfvxu';

/**
 * A pattern of Python's `re` as a JavaScript expression that matches whole strings, as `re.fullmatch` does.
 * Throws `invalid_argument`, naming `argument`, for what is no expression in both languages.
 */
export function fullMatch(pattern: string, argument: string): RegExp {
  return compile(`^(?:${translate(pattern, argument)})$`, pattern, argument);
}

/** As `fullMatch`, but only the start of a string has to match, as with `re.match`. */
export function matchStart(pattern: string, argument: string): RegExp {
  return compile(`^(?:${translate(pattern, argument)})`, pattern, argument);
}

function translate(pattern: string, argument: string): string {
  return pattern.replace(TOKENS, (token, not = '', set?: string, name?: string, reference?: string, most?: string) => {
    if (set !== undefined) return `[${not}${translateSet(set, pattern, argument)}]`;
    if (name !== undefined) return `(?<${name}>`;
    if (reference !== undefined) return `\\k<${reference}>`;
    if (most !== undefined) return `{0,${most}}`;
    if (token === '\\A') return '^';
    if (token === '\\Z') return '$';
    return translateEscape(token, pattern, argument);
  });
}

/** What stands in brackets. A bracket that comes first is one of the characters. */
function translateSet(set: string, pattern: string, argument: string): string {
  if (set === '') throw invalid(pattern, argument, 'unterminated character set');
  const escaped = set.replace(/\\./gsu, (token) => translateEscape(token, pattern, argument));
  return escaped.startsWith(']') ? `\\${escaped}` : escaped;
}

function translateEscape(token: string, pattern: string, argument: string): string {
  const escaped = token.slice(1);
  if (escaped === 'a') return '\\x07';
  if (/[a-z]/i.test(escaped) && !SAME_ESCAPES.includes(escaped))
    throw invalid(pattern, argument, `bad escape ${token}`);
  return token;
}

function compile(source: string, pattern: string, argument: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw invalid(pattern, argument, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function invalid(pattern: string, argument: string, why: string, cause?: unknown): WebVeraError {
  return new WebVeraError(
    'invalid_argument',
    `${argument}: expected a regular expression, got ${JSON.stringify(pattern)}`,
    {
      hint: `${why}. Inline flags and comments of Python's re are not understood; a list of names often says the same.`,
      cause,
    },
  );
}
