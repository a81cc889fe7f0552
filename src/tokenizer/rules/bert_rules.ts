/** Matches white space as Rust does: unlike JavaScript's `\s`, it includes U+0085 and excludes U+FEFF. */
const WHITE_SPACE = /\p{White_Space}/gu;
const CLEANED = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;
/** Matches the blocks of ideographs that BERT's code lists. The list omits a part of Extension E. */
const CHINESE =
  /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;
const ACCENTS = /\p{Mn}/gu;
const WORDS = /[^\p{White_Space}\p{P}!-/:-@[-`{-~]+|[\p{P}!-/:-@[-`{-~]/gu;

/** The normalizer's settings in tokenizer.json. Each is true, false or null. */
interface BertSettings {
  readonly clean_text?: unknown;
  readonly handle_chinese_chars?: unknown;
  readonly lowercase?: unknown;
  /** If null, the value of `lowercase` applies. */
  readonly strip_accents?: unknown;
}

type Rewrite = (text: string) => string;

/**
 * Returns the rules of BertNormalizer in Hugging Face's tokenizers. The original uses the character tables of Unicode 8. This code uses the
 * JavaScript engine's newer tables, which also cover scripts added since.
 */
export function bertNormalizer({
  clean_text,
  handle_chinese_chars,
  lowercase,
  strip_accents,
}: BertSettings): Rewrite[] {
  const rules: Rewrite[] = [];
  if (clean_text) rules.push((text) => text.replace(CLEANED, '').replace(WHITE_SPACE, ' '));
  if (handle_chinese_chars) rules.push((text) => text.replace(CHINESE, ' $& '));
  if (strip_accents ?? lowercase) rules.push((text) => text.normalize('NFD').replace(ACCENTS, ''));
  if (lowercase) rules.push(lowerCase);
  return rules;
}

/** Splits a text into words and single punctuation characters, as BertPreTokenizer does. */
export function bertWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}

/** Converts each character to lower case on its own, so a Σ at the end of a word becomes σ, not ς. */
export function lowerCase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}
