import type { JsonObject } from '../../core/input/fields';
import type { TokenizerParts } from './byte_level';
import type { GgufFields } from './gguf_fields';
import { TokenType, tokenTypes } from './token_types';
import { mergesOf } from './vocabulary_merges';

const SPACE = '\u2581';

/** Whose merges have the order of their tokens; elsewhere scores tell it. Nor have their texts a space before them. */
const GEMMAS = ['gemma', 'gemma2', 'gemma3'];

/**
 * A tokenizer of SentencePiece, as transformers converts it: pairs are merged in the order of what they become, and characters that
 * aren't in the vocabulary are their bytes. Throws `invalid_format`, `limit_exceeded`.
 */
export function sentencepieceTokenizer(
  { architecture, metadata }: GgufFields,
  tokens: readonly string[],
): TokenizerParts {
  const isGemma = GEMMAS.includes(architecture);
  const ids = new Map(tokens.map((token, id) => [spelled(token, isGemma), id]));
  const scores = metadata.numbers('tokenizer.ggml.scores');
  if (!isGemma && (scores.length !== tokens.length || !scores.every(Number.isFinite))) {
    throw metadata.invalid('tokenizer.ggml.scores', `${tokens.length} numbers`);
  }
  const score = isGemma ? (id: number) => -id : (id: number) => scores[id] ?? 0;
  const given = metadata.texts('tokenizer.ggml.merges');
  const merges = given.length > 0 ? given : mergesOf(ids, score, metadata);
  const unknown =
    metadata.number('tokenizer.ggml.unknown_token_id') ?? tokenTypes(metadata, tokens).indexOf(TokenType.unknown);
  const unk_token = tokens[unknown];
  const isSpaced = metadata.flag('tokenizer.ggml.add_space_prefix', !isGemma);
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

/** llama.cpp has Gemma's runs of spaces as spaces. */
function spelled(token: string, isGemma: boolean): string {
  return isGemma && /^ +$/.test(token) ? SPACE.repeat(token.length) : token;
}

function replaced(text: string, content: string): JsonObject {
  return { type: 'Replace', pattern: { String: text }, content };
}
