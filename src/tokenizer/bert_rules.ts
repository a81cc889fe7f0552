/** Other than in JavaScript's `\s`, U+0085 is one and U+FEFF isn't, as in Rust. */
const WHITE_SPACE = /\p{White_Space}/gu;
const CLEANED = /[\0\uFFFD]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;
/** The blocks of ideographs that BERT has known, with what it leaves out of Extension E. */
const CHINESE =
  /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;
const ACCENTS = /\p{Mn}/gu;
const WORDS = /[^\p{White_Space}\p{P}!-/:-@[-`{-~]+|[\p{P}!-/:-@[-`{-~]/gu;

/** As tokenizer.json has them: true, false or null. */
interface BertSettings {
  readonly clean_text?: unknown;
  readonly handle_chinese_chars?: unknown;
  readonly lowercase?: unknown;
  /** Null does as `lowercase` does. */
  readonly strip_accents?: unknown;
}

type Rewrite = (text: string) => string;

/**
 * BertNormalizer as Hugging Face's tokenizers has it. Its tables of characters are Unicode 8's, and these the JavaScript
 * engine's: accents and signs of scripts that are newer than that are taken for what they are.
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

/** BertPreTokenizer: words and single signs of punctuation. */
export function bertWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}

/** Character by character, so a Σ at a word's end is like any other. */
export function lowerCase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}
