import { WebVeraError } from '../../core/errors/error';
import { LinearRegExp } from '../../regex/linear_regexp';
import { StepBudget } from '../../regex/step_budget';
import { TOO_LARGE, tooLarge } from '../checks';
import { nativeCost } from './linear_patterns';

/** The maximum length of one pattern, in characters. No published tokenizer has a longer pattern. */
const MAX_PATTERN_LENGTH = 4096;
/**
 * The largest length of all patterns of a tokenizer together, and the largest number of Unicode's properties that they name: JavaScript's
 * engine takes about half a millisecond to prepare a property. GPT-4o's pattern names 30 in 274 characters.
 */
const MAX_TOTAL_LENGTH = 2 ** 15;
const MAX_PROPERTIES = 512;
/** Matches escapes, and the beginnings of names such as `[:word:]`, which count as `\w`. */
const CLASSES = /\\(.)|\[:/gsu;
/** The cost to prepare an escape: 1 for a property. The library writes `\w` as four overlapping properties, and `\b` as four times `\w`. */
const PROPERTIES: Readonly<Record<string, number>> = { p: 1, P: 1, d: 1, D: 1, s: 1, S: 1, w: 2, W: 2, b: 6, B: 6 };
/** The largest number of steps to compile all patterns that JavaScript's own engine doesn't run. */
const MAX_WORK = 1_000_000;
/**
 * The most work that JavaScript's engine may take to compile a tokenizer's patterns. GPT-4o's pattern takes 146. LinearRegExp, which is
 * slower, runs the patterns that would exceed it.
 */
const MAX_NATIVE_WORK = 500;
/** The number of characters that JavaScript's engine reads in the time of one step of the budget. */
const READS_OF_STEP = 32;

/** The position of a match. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A tokenizer's pattern, matched in time linear in the text. */
export interface TextPattern {
  /** Whether JavaScript's own engine runs the pattern. It does so only for patterns that it matches in linear time. */
  readonly isNative: boolean;
  /** Yields the positions of the matches, from left to right. Throws `limit_exceeded`. */
  matchAll(text: string, budget: StepBudget): Iterable<Span>;
}

/** The sizes of the patterns of a tokenizer that were checked so far. */
export interface PatternSizes {
  length: number;
  properties: number;
}

/**
 * Checks a pattern before it is compiled, and adds its sizes to those of the tokenizer's other patterns. Throws `invalid_format` for a
 * pattern that is too long, and `limit_exceeded` if all patterns together are too large.
 */
export function checkPattern(pattern: string, all: PatternSizes): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw refused(pattern, `expected at most ${MAX_PATTERN_LENGTH} characters, got ${pattern.length}`);
  }
  all.length += pattern.length;
  for (const [, letter = 'w'] of pattern.matchAll(CLASSES)) all.properties += PROPERTIES[letter] ?? 0;
  if (all.length > MAX_TOTAL_LENGTH)
    throw tooLarge(`expected patterns of at most ${MAX_TOTAL_LENGTH} characters in all`);
  if (all.properties > MAX_PROPERTIES) {
    throw tooLarge(
      `expected patterns with at most ${MAX_PROPERTIES} classes of characters in all, such as \\p{L} and \\w`,
    );
  }
}

/** The patterns of a tokenizer, each of which is prepared once, although several of its stages may use it. */
export class TextPatterns {
  readonly #known = new Map<RegExp, TextPattern>();
  readonly #budget = new StepBudget(MAX_WORK, 'tokenizer.json: its patterns are too large', TOO_LARGE);
  #nativeWork = MAX_NATIVE_WORK;

  /**
   * Prepares a pattern, given in JavaScript's syntax with the flags `gu`. Throws `invalid_format` for a pattern that can't be used, and
   * `limit_exceeded` if all patterns together take too long to prepare.
   */
  of(compiled: RegExp): TextPattern {
    const known = this.#known.get(compiled) ?? this.#prepare(compiled);
    this.#known.set(compiled, known);
    return known;
  }

  #prepare(compiled: RegExp): TextPattern {
    const { reads, work } = nativeCost(compiled.source) ?? { reads: 0, work: Number.POSITIVE_INFINITY };
    if (work <= this.#nativeWork) {
      this.#nativeWork -= work;
      const spend = (text: string, budget: StepBudget): void => budget.spend((text.length * reads) / READS_OF_STEP);
      return { isNative: true, matchAll: (text, budget) => nativeMatches(text, compiled, () => spend(text, budget)) };
    }
    const linear = linearPattern(compiled.source);
    this.#budget.spend(linear.work);
    return { isNative: false, matchAll: (text, budget) => linear.matchAll(text, budget) };
  }
}

function linearPattern(source: string): LinearRegExp {
  try {
    return new LinearRegExp(source);
  } catch (cause) {
    throw refused(source, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function* nativeMatches(text: string, compiled: RegExp, spend: () => void): Generator<Span> {
  spend();
  for (const { index, 0: match } of text.matchAll(compiled)) yield { start: index, end: index + match.length };
}

function refused(pattern: string, why: string, cause?: unknown): WebVeraError {
  const shown = pattern.length <= 60 ? pattern : `${pattern.slice(0, 60)}…`;
  return new WebVeraError('invalid_format', `tokenizer.json: can't use the pattern ${shown}: ${why}`, {
    hint: "Only patterns that take time linear in the text are used. Those of published models' tokenizers do.",
    detail: { pattern: shown },
    cause,
  });
}
