import { isJsonObject } from '../../core/input/fields';

/** Converts a pre-tokenizer to rules that the library carries out as Rust does. */
export function preTokenizerForLibrary(rule: unknown): unknown {
  if (!isJsonObject(rule)) return rule;
  const { type, pretokenizers } = rule;
  if (Array.isArray(pretokenizers)) return { ...rule, pretokenizers: pretokenizers.map(preTokenizerForLibrary) };
  if (type === 'Metaspace' && rule.split !== false) {
    const spaces = { String: rule.replacement ?? '\u2581' };
    const split = { type: 'Split', pattern: spaces, behavior: 'MergedWithNext', invert: false };
    return { type: 'Sequence', pretokenizers: [rule, split] };
  }
  return rule;
}
