import type { StepBudget } from '../regex/step_budget';
import type { TextPattern } from './patterns';

/**
 * A text with another in each place that is found; its `$` means nothing. Throws `limit_exceeded` before it would be longer
 * than `limit`.
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

/** What a pattern finds, what lies between, or both in turn, without what is empty. */
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
