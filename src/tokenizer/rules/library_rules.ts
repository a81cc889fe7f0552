import { isJsonObject } from '../../core/input/fields';

/**
 * Matches one item of a pattern (a character class, an escape or a literal character), with its quantifier if that is possessive. Doesn't
 * match the quantifier at the end of a branch, because a greedy one does the same there.
 */
const ATOM =
  /(\\(?:[pPxu]\{[^}]*\}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|.)|\[(?:\\.|\[[^\]]*\]|[^\]\\[])+\]|[^\\()[\]|*+?{}^$])(?:([*+?])\+(?!\||$))?/gsu;

/** Converts a pre-tokenizer to rules that the library carries out as Rust does. */
export function preTokenizerForLibrary(rule: unknown): unknown {
  if (!isJsonObject(rule)) return rule;
  const { type, pretokenizers, pattern } = rule;
  if (Array.isArray(pretokenizers)) return { ...rule, pretokenizers: pretokenizers.map(preTokenizerForLibrary) };
  if (type === 'Metaspace' && rule.split !== false) {
    const spaces = { String: rule.replacement ?? '\u2581' };
    const split = { type: 'Split', pattern: spaces, behavior: 'MergedWithNext', invert: false };
    return { type: 'Sequence', pretokenizers: [rule, split] };
  }
  const regex = isJsonObject(pattern) ? pattern.Regex : undefined;
  return typeof regex === 'string' ? { ...rule, pattern: { Regex: withoutPossessives(regex) } } : rule;
}

/**
 * Replaces possessive quantifiers of single characters, which JavaScript lacks and the library takes as greedy ones. The replacement is a
 * greedy quantifier and a negative lookahead for the same characters, so that it can't give back any character.
 */
function withoutPossessives(pattern: string): string {
  return pattern.replace(ATOM, (whole, atom: string, quantifier?: string) => {
    if (quantifier === undefined) return whole;
    return quantifier === '?' ? `(?:${atom}|(?!${atom}))` : `${atom}${quantifier}(?!${atom})`;
  });
}
