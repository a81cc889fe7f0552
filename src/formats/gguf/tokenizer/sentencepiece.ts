import type { JsonObject } from '../../../core/input/fields';
import { hasGemmaVocabulary } from '../families/gguf_families';
import type { GgufFields } from '../gguf_fields';
import type { TokenizerParts } from './byte_level';
import { TokenType, tokenTypes } from './token_types';
import { mergesOf } from './vocabulary_merges';

const SPACE = '\u2581';

/**
 * Converts a SentencePiece tokenizer as transformers does: merges are ranked by the scores of the tokens that they make, and a character
 * outside the vocabulary becomes its UTF-8 bytes. Throws `invalid_format`, `limit_exceeded`.
 */
export function sentencepieceTokenizer(fields: GgufFields, tokens: readonly string[]): TokenizerParts {
  const isGemma = hasGemmaVocabulary(fields);
  const ids = new Map(tokens.map((token, id) => [spelled(token, isGemma), id]));
  const scores = fields.numbers('tokenizer.ggml.scores');
  if (!isGemma && (scores.length !== tokens.length || !scores.every(Number.isFinite))) {
    throw fields.invalid('tokenizer.ggml.scores', `${tokens.length} numbers`);
  }
  const score = isGemma ? (id: number) => -id : (id: number) => scores[id] ?? 0;
  const given = fields.texts('tokenizer.ggml.merges');
  const merges = given.length > 0 ? given : mergesOf(ids, score, fields);
  const unknown =
    fields.number('tokenizer.ggml.unknown_token_id') ?? tokenTypes(fields, tokens).indexOf(TokenType.unknown);
  const unk_token = tokens[unknown];
  const isSpaced = fields.flag('tokenizer.ggml.add_space_prefix', !isGemma);
  const vocab = Object.fromEntries(ids);
  const parts = {
    normalizer: isSpaced
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: SPACE }, replaced(' ', SPACE)] }
      : replaced(' ', SPACE),
    model: {
      type: 'BPE',
      vocab,
      merges,
      ...(unk_token !== undefined && { unk_token }),
      fuse_unk: true,
      byte_fallback: true,
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        replaced(SPACE, ' '),
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(isSpaced ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
  };
  return { parts, vocab, special: [TokenType.control, TokenType.unknown], addsBos: true };
}

/** Returns a token as transformers spells it. llama.cpp writes Gemma's tokens such as ▁▁▁ as spaces. */
function spelled(token: string, isGemma: boolean): string {
  return isGemma && /^ +$/.test(token) ? SPACE.repeat(token.length) : token;
}

function replaced(text: string, content: string): JsonObject {
  return { type: 'Replace', pattern: { String: text }, content };
}
