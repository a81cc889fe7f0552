import {
  BertNormalizer,
  BertPreTokenizer,
  ByteFallbackDecoder,
  ByteLevelDecoder,
  ByteLevelPreTokenizer,
  Decoder,
  LowercaseNormalizer,
  MetaspacePreTokenizer,
  type Normalizer,
  PrependNormalizer,
  type PreTokenizer,
  ReplaceDecoder,
  ReplaceNormalizer,
  ReplacePreTokenizer,
  SequenceDecoder,
  SequenceNormalizer,
  SequencePreTokenizer,
  SplitPreTokenizer,
  StripNormalizer,
} from '@huggingface/tokenizers';
import { isJsonObject } from '../core/input/fields';
import type { StepBudget } from '../regex/step_budget';
import { bertNormalizer, bertWords, lowerCase } from './bert_rules';
import { replaceAll, split } from './pattern_rules';
import { type TextPattern, textPattern } from './patterns';

/** How much longer rules may make a text, for each of its characters and besides. Compatibility forms need 18. */
const GROWTH = 32;
const SPARE_GROWTH = 4096;
/** GPT-2's words. JavaScript's `\s` isn't what Unicode calls white space. */
const BYTE_LEVEL_WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Accents on one letter, so many that putting them in order takes long, and pairs of them for a step of work. */
const MANY_MARKS = /\p{M}{64,}/gu;
const PAIRS_OF_MARKS = 100;

/** Rewrites a text. Throws `limit_exceeded` where it takes too much work, or would be more than `limit` characters. */
type TextRule = (text: string, limit: number, budget: StepBudget) => string;
/** Cuts a text up. `isFirst` tells whether it is the first section of the whole. */
type CutRule = (text: string, isFirst: boolean, limit: number, budget: StepBudget) => string[];
type DecodeRule = (tokens: string[], limit: number, budget: StepBudget) => string[];

/** The rules of a tokenizer before its model. What a text may become is bounded after each of them. */
export class TextStages {
  readonly #rewrite: readonly TextRule[];
  readonly #cut: readonly CutRule[];

  /**
   * `continued` is for a text that goes on one that was encoded before: rules that change how a text begins are left out.
   * Throws `invalid_format` for patterns that can't be used.
   */
  constructor(normalizer: Normalizer | null, preTokenizer: PreTokenizer | null, continued: boolean) {
    this.#rewrite = normalizerLeaves(normalizer).flatMap((leaf) => textRule(leaf, continued));
    this.#cut = preTokenizerLeaves(preTokenizer).map((leaf) => cutRule(leaf, continued));
  }

  normalize(text: string, budget: StepBudget): string {
    const limit = limitOf(text);
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
    const limit = limitOf(text);
    let tokens = [text];
    for (const rule of this.#cut) {
      const cut: string[] = [];
      let length = 0;
      for (const token of tokens) {
        for (const part of rule(token, isFirst, limit - length, budget)) {
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

/** The rules after the model, bounded likewise, in the place of the library's. */
export class BoundedDecoder extends Decoder {
  readonly #newBudget: (length: number) => StepBudget;
  readonly #leaves: readonly DecodeRule[];

  constructor(decoder: Decoder, newBudget: (length: number) => StepBudget) {
    super(decoder.config);
    this.end_of_word_suffix = decoder.end_of_word_suffix;
    this.#newBudget = newBudget;
    this.#leaves = decoderLeaves(decoder).map(decodeRule);
  }

  override decode_chain(tokens: string[]): string[] {
    const length = lengthOf(tokens);
    const limit = GROWTH * length + SPARE_GROWTH;
    const budget = this.#newBudget(length);
    return this.#leaves.reduce((chain, rule) => {
      const decoded = rule(chain, limit, budget);
      const size = lengthOf(decoded);
      budget.spend(size + decoded.length);
      if (size > limit) throw budget.exceeded();
      return decoded;
    }, tokens);
  }
}

function limitOf(text: string): number {
  return GROWTH * text.length + SPARE_GROWTH;
}

function lengthOf(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + token.length, 0);
}

function normalizerLeaves(stage: Normalizer | null): Normalizer[] {
  if (stage === null) return [];
  return stage instanceof SequenceNormalizer ? stage.normalizers.flatMap(normalizerLeaves) : [stage];
}

function preTokenizerLeaves(stage: PreTokenizer | null): PreTokenizer[] {
  if (stage === null) return [];
  return stage instanceof SequencePreTokenizer ? stage.tokenizers.flatMap(preTokenizerLeaves) : [stage];
}

function decoderLeaves(stage: Decoder): Decoder[] {
  return stage instanceof SequenceDecoder ? stage.decoders.flatMap(decoderLeaves) : [stage];
}

function textRule(leaf: Normalizer, continued: boolean): TextRule[] {
  if (leaf instanceof ReplaceNormalizer) {
    const { find, content } = replacement(leaf);
    return [(text, limit, budget) => replaceAll(text, find, content, limit, budget)];
  }
  if (leaf instanceof BertNormalizer) return bertNormalizer(leaf.config);
  if (leaf instanceof LowercaseNormalizer) return [lowerCase];
  if (continued && leaf instanceof PrependNormalizer) return [];
  if (continued && leaf instanceof StripNormalizer) {
    const fromRight = new StripNormalizer({ ...leaf.config, strip_left: false });
    return [(text) => fromRight.normalize(text)];
  }
  return [(text) => leaf.normalize(text)];
}

function cutRule(leaf: PreTokenizer, continued: boolean): CutRule {
  if (leaf instanceof ReplacePreTokenizer) {
    const { find, content } = replacement(leaf);
    return (text, _, limit, budget) => [replaceAll(text, find, content, limit, budget)];
  }
  if (leaf instanceof SplitPreTokenizer && leaf.pattern !== null && isRegex(leaf.config)) {
    const pattern = textPattern(leaf.pattern);
    if (!pattern.isNative) {
      const { invert, behavior } = leaf.config;
      const keep = invert ? 'matches' : behavior?.toLowerCase() === 'removed' ? 'between' : 'all';
      return (text, _, __, budget) => split(text, pattern, keep, budget);
    }
  }
  if (leaf instanceof BertPreTokenizer) return bertWords;
  if (leaf instanceof ByteLevelPreTokenizer) return byteLevelRule(leaf, continued);
  const rule = continued ? continuing(leaf) : leaf;
  return (text, isFirst) => rule.pre_tokenize_text(text, { section_index: isFirst ? 0 : 1 });
}

/** What puts something before a text doesn't where the text goes on. */
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

function decodeRule(leaf: Decoder): DecodeRule {
  // The library's own drops a byte order mark, which may be a character of the text.
  if (leaf instanceof ByteFallbackDecoder) leaf.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if (leaf instanceof ReplaceDecoder) {
    const { find, content } = replacement(leaf);
    return (tokens, limit, budget) => {
      let room = limit;
      return tokens.map((token) => {
        const replaced = replaceAll(token, find, content, room, budget);
        room -= replaced.length;
        return replaced;
      });
    };
  }
  return leaf instanceof ByteLevelDecoder ? byteRule(leaf) : (tokens) => leaf.decode_chain(tokens);
}

/** Bytes between added tokens, which are text as they are. The library looks through all of those for each token. */
function byteRule(leaf: ByteLevelDecoder): DecodeRule {
  const added = new Set(leaf.added_tokens.map(({ content }) => content));
  return (tokens) => {
    const texts: string[] = [];
    let from = 0;
    for (let at = 0; at <= tokens.length; at++) {
      const token = tokens[at];
      if (token !== undefined && !added.has(token)) continue;
      if (from < at) texts.push(leaf.convert_tokens_to_string(tokens.slice(from, at)));
      if (token !== undefined) texts.push(token);
      from = at + 1;
    }
    return texts;
  };
}

interface Replacing {
  readonly config: object;
  readonly pattern: RegExp | null;
}

/** What a rule looks for, a text or a pattern, and what it puts there. */
function replacement({ config, pattern }: Replacing): { find: string | TextPattern | null; content: string } {
  const { content, pattern: given } = config as { content?: unknown; pattern?: unknown };
  const text = isJsonObject(given) && given.Regex === undefined ? given.String : undefined;
  return {
    find: typeof text === 'string' ? text : pattern && textPattern(pattern),
    content: typeof content === 'string' ? content : '',
  };
}

function isRegex(config: object): boolean {
  const { pattern } = config as { pattern?: unknown };
  return isJsonObject(pattern) && pattern.Regex !== undefined;
}
