import { isJsonObject } from '../../core/input/fields';
import type { StepBudget } from '../../regex/step_budget';
import { type TextPattern, textPattern } from './patterns';

/**
 * Replaces each match of `find` with `content`, in which `$` has no special meaning. Throws `limit_exceeded` before the result would have
 * more than `limit` characters.
 */
export function replaceAll(
  text: string,
  find: string | TextPattern | null,
  content: string,
  limit: number,
  budget: StepBudget,
): string {
  if (find === null) return text;
  if (typeof find === 'string') {
    const parts = text.split(find);
    if (text.length + (parts.length - 1) * (content.length - find.length) > limit) throw budget.exceeded();
    return parts.join(content);
  }
  const parts: string[] = [];
  let [from, length] = [0, text.length];
  for (const { start, end } of find.matchAll(text, budget)) {
    parts.push(text.slice(from, start));
    from = end;
    length += content.length - (end - start);
    if (length > limit) throw budget.exceeded();
  }
  return [...parts, text.slice(from)].join(content);
}

/**
 * Splits a text by a pattern, and returns the matches, the parts between them, or both in the order of the text. Empty parts are left out.
 */
export function split(
  text: string,
  pattern: TextPattern,
  keep: 'matches' | 'between' | 'all',
  budget: StepBudget,
): string[] {
  const parts: string[] = [];
  const add = (start: number, end: number): void => {
    if (start < end) parts.push(text.slice(start, end));
  };
  let from = 0;
  for (const { start, end } of pattern.matchAll(text, budget)) {
    if (keep !== 'matches') add(from, start);
    if (keep !== 'between') add(start, end);
    from = end;
  }
  if (keep !== 'matches') add(from, text.length);
  return parts;
}

interface Replacing {
  readonly config: object;
  readonly pattern: RegExp | null;
}

/** Returns the text or pattern that a rule looks for, and the replacement. */
export function replacement({ config, pattern }: Replacing): { find: string | TextPattern | null; content: string } {
  const { content, pattern: given } = config as { content?: unknown; pattern?: unknown };
  const text = isJsonObject(given) && given.Regex === undefined ? given.String : undefined;
  return {
    find: typeof text === 'string' ? text : pattern && textPattern(pattern),
    content: typeof content === 'string' ? content : '',
  };
}

/** Whether a rule looks for a pattern rather than for a fixed text. */
export function isRegex(config: object): boolean {
  const { pattern } = config as { pattern?: unknown };
  return isJsonObject(pattern) && pattern.Regex !== undefined;
}
