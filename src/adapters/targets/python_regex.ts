import { WebVeraError } from '../../core/errors/error';
import { LinearRegExp } from '../../regex/linear_regexp';
import { LargePattern } from '../../regex/pattern_program';
import type { StepBudget } from '../../regex/step_budget';

/** The maximum length of a pattern. An expression that lists all modules of a model is shorter. */
const MAX_LENGTH = 16_384;
/** The maximum number of steps of a compiled pattern. It has more than two steps per character only if it nests or counts repetitions. */
const MAX_STEPS = 4 * MAX_LENGTH;
/** The hint for patterns that are too large. */
const LIST = 'A list of names may be as long as it needs to be.';
/** The maximum number of a pattern's characters in an error message. */
const SHOWN = 80;

/**
 * The tokens that Python's `re` and JavaScript may write differently: character sets, escapes, named groups, references to them, and
 * repetition without a minimum. The token '[' alone is a bracket that is never closed.
 */
const TOKENS = /\[(\^?)(\]?(?:\\.|[^\]\\])*)\]|\[|\\.|\(\?P<(\w+)>|\(\?P=(\w+)\)|\{,(\d*)\}/gsu;

/** The letters that mean the same after a backslash in Python's `re` and in JavaScript. */
const SAME_ESCAPES = 'dDsSwWbBnrtfvxu';

/**
 * Compiles a pattern of Python's `re` that has to match whole strings, as with `re.fullmatch`. Matching takes time linear in the string's
 * length. Throws `invalid_argument`, naming `argument`, for an invalid pattern and for syntax that JavaScript lacks, and `limit_exceeded`
 * for a pattern of more than 16,384 characters or of too many repeats, and when the budget is used up. Compiling spends steps, too.
 */
export function fullMatch(pattern: string, argument: string, budget: StepBudget): LinearRegExp {
  return charged(compile(`^(?:${translate(pattern, argument)})$`, pattern, argument), budget);
}

/** Like `fullMatch`, but only the start of a string has to match, as with `re.match`. */
export function matchStart(pattern: string, argument: string, budget: StepBudget): LinearRegExp {
  return charged(compile(`^(?:${translate(pattern, argument)})`, pattern, argument), budget);
}

function charged(compiled: LinearRegExp, budget: StepBudget): LinearRegExp {
  budget.spend(compiled.work);
  return compiled;
}

function translate(pattern: string, argument: string): string {
  if (pattern.length > MAX_LENGTH) {
    const message = `${argument}: expected a pattern of at most ${MAX_LENGTH} characters, got ${pattern.length}`;
    throw new WebVeraError('limit_exceeded', message, { hint: LIST });
  }
  const parts: string[] = [];
  let from = 0;
  // Tokens are translated in order, so that the error is about the first fault in the pattern.
  for (const token of pattern.matchAll(TOKENS)) {
    parts.push(pattern.slice(from, token.index), translateToken(token, pattern, argument));
    from = token.index + token[0].length;
  }
  return parts.join('') + pattern.slice(from);
}

function translateToken(
  [token, not = '', set, name, reference, most]: RegExpExecArray,
  pattern: string,
  argument: string,
): string {
  if (token === '[') throw invalid(pattern, argument, 'unterminated character set');
  if (set !== undefined) return `[${not}${translateSet(set, pattern, argument)}]`;
  if (name !== undefined) return `(?<${name}>`;
  if (reference !== undefined) return `\\k<${reference}>`;
  if (most !== undefined) return `{0,${most}}`;
  if (token === '\\A') return '^';
  if (token === '\\Z') return '$';
  return translateEscape(token, pattern, argument);
}

/** Translates the content of a character set. A closing bracket at its beginning is an ordinary character. */
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

function compile(source: string, pattern: string, argument: string): LinearRegExp {
  try {
    // JavaScript's own parser runs first, because its error message explains the fault in the pattern.
    new RegExp(source);
    return new LinearRegExp(source, { unicode: false, maxSteps: MAX_STEPS });
  } catch (cause) {
    if (cause instanceof LargePattern) {
      const message = `${argument}: expected a pattern of fewer repeats, got ${shownOf(pattern)}`;
      throw new WebVeraError('limit_exceeded', message, { hint: LIST, cause });
    }
    throw invalid(pattern, argument, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function invalid(pattern: string, argument: string, why: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_argument', `${argument}: expected a regular expression, got ${shownOf(pattern)}`, {
    hint: `${why.slice(0, 2 * SHOWN)}. Inline flags and comments of Python's re are not understood; a list of names often says the same.`,
    cause,
  });
}

function shownOf(pattern: string): string {
  return JSON.stringify(pattern.length <= SHOWN ? pattern : `${pattern.slice(0, SHOWN)}…`);
}
