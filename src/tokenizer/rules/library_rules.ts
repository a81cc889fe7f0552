import { isJsonObject } from '../../core/input/fields';

/**
 * Matches one character of a pattern, given as a class, an escape or itself, and its quantifier if that is possessive. At the end of a
 * branch possessive quantifiers are equal to greedy ones and aren't matched.
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
 * Replaces possessive quantifiers of single characters, which JavaScript lacks and the library takes as greedy ones. A greedy run is as long
 * as a possessive one if none of its characters follows it.
 */
function withoutPossessives(pattern: string): string {
  return pattern.replace(ATOM, (whole, atom: string, quantifier?: string) => {
    if (quantifier === undefined) return whole;
    return quantifier === '?' ? `(?:${atom}|(?!${atom}))` : `${atom}${quantifier}(?!${atom})`;
  });
}
