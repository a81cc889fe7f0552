import { Fields, type JsonObject } from '../core/fields';
import { MAX, oneOf, parseDtype, parseTokens, type StoredDtype, unsupported } from './config_fields';
import { type DecoderSizes, expectGatedDecoder, parseRope, parseSizes } from './decoder_fields';
import type { GatedDecoderConfig } from './gated_decoder';

/** What a Qwen2 needs of its config.json, under Hugging Face's names and with their defaults. */
export interface Qwen2Config extends GatedDecoderConfig {
  readonly model_type: 'qwen2';
  readonly dtype: StoredDtype | null;
}

/**
 * Reads a config.json of `model_type` "qwen2", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Layers that see a window of the text alone aren't built. Throws `invalid_format` for what no Qwen2
 * has, `unsupported_model` for what some have and we don't know.
 */
export function parseQwen2Config(json: JsonObject): Qwen2Config {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({ model_type: 'qwen2', ...parseQwen(fields, 'qwen2'), ...parseSizes(fields) });
}

/** What Qwen2 and Qwen3 read alike. */
export function parseQwen(fields: Fields, modelType: string): Omit<Qwen2Config, 'model_type' | keyof DecoderSizes> {
  expectGatedDecoder(fields, modelType);
  oneOf(fields, 'use_sliding_window', [false]);
  expectFullAttention(fields);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  return {
    vocab_size,
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', { fallback: 32768, max: MAX.positions }),
    rms_norm_eps: fields.positiveNumber('rms_norm_eps', { fallback: 1e-6, max: 1 }),
    rope: Object.freeze(parseRope(fields)),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', false),
    ...parseTokens(fields, vocab_size, { bos: null, eos: null, pad: null }),
    dtype: parseDtype(fields),
  };
}

/** transformers 5 lists what each layer sees. */
function expectFullAttention(fields: Fields): void {
  const types = fields.get('layer_types') ?? [];
  const other = Array.isArray(types) ? types.find((type) => type !== 'full_attention') : types;
  if (other !== undefined) throw unsupported('layer_types', other, ['full_attention']);
}
