import { isJsonObject } from '../../core/input/fields';
import type { StepBudget } from '../../regex/step_budget';
import type { Span, TextPattern, TextPatterns } from './patterns';

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

interface SplitSettings {
  readonly behavior?: string | undefined;
  /** Whether the matches are words, and the parts between them are separators. Otherwise, matches are separators. */
  readonly invert?: boolean | undefined;
}

/**
 * Whether to join a part of a text to the part before it, by the value of `behavior` in tokenizer.json. `before` and `isMatch` say whether
 * the part before it, and the part itself, are separators. Other values join no parts.
 */
const JOINS = new Map<string | undefined, (before: boolean, isMatch: boolean) => boolean>([
  ['contiguous', (before, isMatch) => before === isMatch],
  ['mergedwithprevious', (before, isMatch) => isMatch && !before],
  ['mergedwithnext', (before, isMatch) => before && !isMatch],
]);

/** Returns a function that splits a text at matches, as a rule with these settings does. Empty parts are left out. */
export function splitter({
  behavior,
  invert = false,
}: SplitSettings): (text: string, matches: Iterable<Span>) => string[] {
  const name = behavior?.toLowerCase();
  const joins = JOINS.get(name);
  return (text, matches) => {
    const words: string[] = [];
    let from = 0;
    let before = false;
    const add = (end: number, isMatch: boolean): void => {
      if (from === end) return;
      const part = text.slice(from, end);
      if (joins?.(before, isMatch) && from > 0) words.push(words.pop() + part);
      else if (!(isMatch && name === 'removed')) words.push(part);
      from = end;
      before = isMatch;
    };
    for (const { start, end } of matches) {
      add(start, invert);
      add(end, !invert);
    }
    add(text.length, invert);
    return words;
  };
}

interface Replacing {
  readonly config: object;
  readonly pattern: RegExp | null;
}

/** Returns the text or pattern that a rule looks for, and the replacement. */
export function replacement(
  { config, pattern }: Replacing,
  patterns: TextPatterns,
): { find: string | TextPattern | null; content: string } {
  const { content, pattern: given } = config as { content?: unknown; pattern?: unknown };
  const text = isJsonObject(given) && given.Regex === undefined ? given.String : undefined;
  return {
    find: typeof text === 'string' ? text : pattern && patterns.of(pattern),
    content: typeof content === 'string' ? content : '',
  };
}
