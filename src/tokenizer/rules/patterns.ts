import { WebVeraError } from '../../core/errors/error';
import { LinearRegExp } from '../../regex/linear_regexp';
import type { StepBudget } from '../../regex/step_budget';
import { linearReads } from './linear_patterns';

/** Longer than any pattern of a published tokenizer. */
const MAX_PATTERN_LENGTH = 4096;
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

/** Checks the length of a pattern before it is compiled. Throws `invalid_format`. */
export function checkPattern(pattern: string): void {
  if (pattern.length <= MAX_PATTERN_LENGTH) return;
  throw refused(pattern, `expected at most ${MAX_PATTERN_LENGTH} characters, got ${pattern.length}`);
}

/** Prepares a tokenizer's pattern, given in JavaScript's syntax with the flags `gu`. Throws `invalid_format`. */
export function textPattern(compiled: RegExp): TextPattern {
  const reads = linearReads(compiled.source);
  if (reads !== undefined) {
    const spend = (text: string, budget: StepBudget): void => budget.spend((text.length * reads) / READS_OF_STEP);
    return { isNative: true, matchAll: (text, budget) => nativeMatches(text, compiled, () => spend(text, budget)) };
  }
  try {
    const linear = new LinearRegExp(compiled.source);
    return { isNative: false, matchAll: (text, budget) => linear.matchAll(text, budget) };
  } catch (cause) {
    throw refused(compiled.source, cause instanceof Error ? cause.message : String(cause), cause);
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
