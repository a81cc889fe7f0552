import {
  BertNormalizer,
  BertPreTokenizer,
  ByteLevelPreTokenizer,
  LowercaseNormalizer,
  MetaspacePreTokenizer,
  type Normalizer,
  PrependNormalizer,
  type PreTokenizer,
  PunctuationPreTokenizer,
  ReplaceNormalizer,
  ReplacePreTokenizer,
  SequenceNormalizer,
  SequencePreTokenizer,
  SplitPreTokenizer,
  StripNormalizer,
} from '@huggingface/tokenizers';
import type { StepBudget } from '../../regex/step_budget';
import { bertNormalizer, bertWords, lowerCase } from './bert_rules';
import { longestResult } from './limits';
import { replaceAll, replacement, splitter } from './pattern_rules';
import { type TextPattern, TextPatterns } from './patterns';
import { PUNCTUATION, stripped, wordPattern } from './word_rules';

/** GPT-2's pattern, with `\p{White_Space}` for `\s`: Rust's `\s` matches these characters, JavaScript's `\s` slightly different ones. */
const BYTE_LEVEL_WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Matches runs of combining marks so long that normalization takes long to sort them. */
const MANY_MARKS = /\p{M}{64,}/gu;
/** The number of pairs of combining marks that normalization sorts in the time of one step. */
const PAIRS_OF_MARKS = 100;

/** Rewrites a text. Throws `limit_exceeded` if this takes too much work, or if the result would have more than `limit` characters. */
type TextRule = (text: string, limit: number, budget: StepBudget) => string;
/** Splits a part of a text into words. `isFirst`: whether it is the first part of the text. */
type CutRule = (text: string, isFirst: boolean, limit: number, budget: StepBudget) => string[];
/** Runs the rules that come before a tokenizer's model: normalizers and pre-tokenizers. Limits the length of the text after each rule. */
export class TextStages {
  readonly #rewrite: readonly TextRule[];
  readonly #cut: readonly CutRule[];

  /**
   * `continued`: whether the text continues one that was encoded before. If so, rules that change the beginning of a text don't run. Throws
   * the errors of `patterns` for patterns that can't be used.
   */
  constructor(
    normalizer: Normalizer | null,
    preTokenizer: PreTokenizer | null,
    continued: boolean,
    patterns = new TextPatterns(),
  ) {
    this.#rewrite = normalizerLeaves(normalizer).flatMap((leaf) => textRule(leaf, continued, patterns));
    this.#cut = preTokenizerLeaves(preTokenizer).map((leaf) => cutRule(leaf, continued, patterns));
  }

  normalize(text: string, budget: StepBudget): string {
    const limit = longestResult(text.length);
    let normalized = text;
    for (const rule of this.#rewrite) {
      for (const [marks] of normalized.matchAll(MANY_MARKS)) budget.spend(marks.length ** 2 / PAIRS_OF_MARKS);
      normalized = rule(normalized, limit, budget);
      budget.spend(normalized.length);
      if (normalized.length > limit) throw budget.exceeded();
    }
    return normalized;
  }

  preTokenize(text: string, isFirst: boolean, budget: StepBudget): string[] {
    const limit = longestResult(text.length);
    let tokens = [text];
    for (const rule of this.#cut) {
      const cut: string[] = [];
      let length = 0;
      for (const [index, token] of tokens.entries()) {
        for (const part of rule(token, isFirst && index === 0, limit - length, budget)) {
          length += part.length;
          cut.push(part);
        }
      }
      budget.spend(length + cut.length);
      if (length > limit) throw budget.exceeded();
      tokens = cut;
    }
    return tokens;
  }
}

function normalizerLeaves(stage: Normalizer | null): Normalizer[] {
  if (stage === null) return [];
  return stage instanceof SequenceNormalizer ? stage.normalizers.flatMap(normalizerLeaves) : [stage];
}

function preTokenizerLeaves(stage: PreTokenizer | null): PreTokenizer[] {
  if (stage === null) return [];
  return stage instanceof SequencePreTokenizer ? stage.tokenizers.flatMap(preTokenizerLeaves) : [stage];
}

function textRule(leaf: Normalizer, continued: boolean, patterns: TextPatterns): TextRule[] {
  if (leaf instanceof ReplaceNormalizer) {
    const { find, content } = replacement(leaf, patterns);
    return [(text, limit, budget) => replaceAll(text, find, content, limit, budget)];
  }
  if (leaf instanceof BertNormalizer) return bertNormalizer(leaf.config);
  if (leaf instanceof LowercaseNormalizer) return [lowerCase];
  if (continued && leaf instanceof PrependNormalizer) return [];
  if (leaf instanceof StripNormalizer) {
    const { strip_left, strip_right } = leaf.config;
    return [(text) => stripped(text, strip_left && !continued, strip_right)];
  }
  return [(text) => leaf.normalize(text)];
}

function cutRule(leaf: PreTokenizer, continued: boolean, patterns: TextPatterns): CutRule {
  if (leaf instanceof ReplacePreTokenizer) {
    const { find, content } = replacement(leaf, patterns);
    return (text, _, limit, budget) => [replaceAll(text, find, content, limit, budget)];
  }
  if (leaf instanceof SplitPreTokenizer && leaf.pattern !== null) {
    // Unless `invert` is set, the library puts a plain text pattern into a capture group, which isn't needed here.
    const isText = leaf.config.pattern?.Regex === undefined;
    const { pattern } = isText ? new SplitPreTokenizer({ ...leaf.config, invert: true }) : leaf;
    return splitRule(patterns.of(pattern ?? leaf.pattern), leaf.config);
  }
  if (leaf instanceof PunctuationPreTokenizer) return splitRule(patterns.of(PUNCTUATION), leaf.config);
  if (leaf instanceof BertPreTokenizer) return bertWords;
  if (leaf instanceof ByteLevelPreTokenizer) return byteLevelRule(leaf, continued);
  const words = wordPattern(leaf);
  if (words !== undefined) return (text) => text.match(words) ?? [];
  const rule = continued ? continuing(leaf) : leaf;
  return (text, isFirst) => rule.pre_tokenize_text(text, { section_index: isFirst ? 0 : 1 });
}

function splitRule(pattern: TextPattern, settings: Parameters<typeof splitter>[0]): CutRule {
  const words = splitter(settings);
  return (text, _, __, budget) => words(text, pattern.matchAll(text, budget));
}

/** Returns the rule for a text that continues another: it adds no prefix. */
function continuing(leaf: PreTokenizer): PreTokenizer {
  if (leaf instanceof MetaspacePreTokenizer) {
    const { replacement, str_rep } = leaf;
    return new MetaspacePreTokenizer({ type: 'Metaspace', replacement, str_rep, prepend_scheme: 'never' });
  }
  return leaf;
}

function byteLevelRule(leaf: ByteLevelPreTokenizer, continued: boolean): CutRule {
  const { add_prefix_space, use_regex, byte_encoder, text_encoder } = leaf;
  const asBytes = (word: string): string => {
    let bytes = '';
    for (const byte of text_encoder.encode(word)) bytes += byte_encoder[byte];
    return bytes;
  };
  return (text) => {
    const spaced = add_prefix_space && !continued && !text.startsWith(' ') ? ` ${text}` : text;
    return use_regex ? (spaced.match(BYTE_LEVEL_WORDS) ?? []).map(asBytes) : [asBytes(spaced)];
  };
}
