import {
  ByteFallbackDecoder,
  ByteLevelDecoder,
  Decoder,
  MetaspaceDecoder,
  ReplaceDecoder,
  SequenceDecoder,
} from '@huggingface/tokenizers';
import type { StepBudget } from '../../regex/step_budget';
import { longestResult } from './limits';
import { replaceAll, replacement } from './pattern_rules';
import type { TextPatterns } from './patterns';

type DecodeRule = (tokens: string[], limit: number, budget: StepBudget) => string[];

/** Runs the library's decoder rules, with a limit on their work and on the length of the decoded text. */
export class BoundedDecoder extends Decoder {
  readonly #newBudget: (length: number) => StepBudget;
  readonly #leaves: readonly DecodeRule[];

  constructor(decoder: Decoder, newBudget: (length: number) => StepBudget, patterns: TextPatterns) {
    super(decoder.config);
    this.end_of_word_suffix = decoder.end_of_word_suffix;
    this.#newBudget = newBudget;
    const added = new Set(decoder.added_tokens.map(({ content }) => content));
    this.#leaves = decoderLeaves(decoder).map((leaf) => decodeRule(leaf, added, patterns));
  }

  override decode_chain(tokens: string[]): string[] {
    const length = lengthOf(tokens);
    const limit = longestResult(length);
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

function decoderLeaves(stage: Decoder): Decoder[] {
  return stage instanceof SequenceDecoder ? stage.decoders.flatMap(decoderLeaves) : [stage];
}

function decodeRule(leaf: Decoder, added: ReadonlySet<string>, patterns: TextPatterns): DecodeRule {
  // The library's text decoder would drop a byte order mark, which may be a character of the text.
  if (leaf instanceof ByteFallbackDecoder) leaf.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if (leaf instanceof ReplaceDecoder) {
    const { find, content } = replacement(leaf, patterns);
    return (tokens, limit, budget) => {
      let room = limit;
      return tokens.map((token) => {
        const replaced = replaceAll(token, find, content, room, budget);
        room -= replaced.length;
        return replaced;
      });
    };
  }
  if (leaf instanceof MetaspaceDecoder) {
    const { replacement, config } = leaf;
    const first = 'prepend_scheme' in config && config.prepend_scheme === 'never' ? ' ' : '';
    return (tokens) => tokens.map((token, index) => token.replaceAll(replacement, index === 0 ? first : ' '));
  }
  return leaf instanceof ByteLevelDecoder ? byteRule(leaf, added) : (tokens) => leaf.decode_chain(tokens);
}

/**
 * Decodes byte tokens. Keeps the tokens that are already text: added tokens, and tokens with a character that stands for no byte. The
 * library's own method would search its list of added tokens once for each token.
 */
function byteRule(leaf: ByteLevelDecoder, added: ReadonlySet<string>): DecodeRule {
  const isText = (token: string): boolean =>
    added.has(token) || [...token].some((sign) => !(sign in leaf.byte_decoder));
  return (tokens) => {
    const texts: string[] = [];
    let from = 0;
    for (let at = 0; at <= tokens.length; at++) {
      const token = tokens[at];
      if (token !== undefined && !isText(token)) continue;
      if (from < at) texts.push(leaf.convert_tokens_to_string(tokens.slice(from, at)));
      if (token !== undefined) texts.push(token);
      from = at + 1;
    }
    return texts;
  };
}

function lengthOf(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + token.length, 0);
}
