import { Fields, type JsonObject } from '../core/fields';
import { MAX, parseDtype, parseTokens, type StoredDtype } from './config_fields';
import { expectGatedDecoder, parseRope, parseSizes } from './decoder_fields';
import type { GatedDecoderConfig } from './gated_decoder';

/** What a Llama needs of its config.json, under Hugging Face's names and with their defaults. */
export interface LlamaConfig extends GatedDecoderConfig {
  readonly model_type: 'llama';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
  /** Biases on gate, up and down. */
  readonly mlp_bias: boolean;
  /** What the checkpoint was saved in, if it says so. */
  readonly dtype: StoredDtype | null;
}

/**
 * Reads a config.json of `model_type` "llama", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Throws `invalid_format` for what no Llama has, `unsupported_model` for what some have and we
 * don't know.
 */
export function parseLlamaConfig(json: JsonObject): LlamaConfig {
  const fields = new Fields(json, 'config.json');
  expectGatedDecoder(fields, 'llama');
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const max_position_embeddings = fields.positiveInteger('max_position_embeddings', {
    fallback: 2048,
    max: MAX.positions,
  });
  return Object.freeze({
    model_type: 'llama',
    vocab_size,
    ...parseSizes(fields),
    max_position_embeddings,
    rms_norm_eps: fields.positiveNumber('rms_norm_eps', { fallback: 1e-6, max: 1 }),
    rope: Object.freeze(parseRope(fields)),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', false),
    attention_bias: fields.boolean('attention_bias', false),
    mlp_bias: fields.boolean('mlp_bias', false),
    ...parseTokens(fields, vocab_size, { bos: 1, eos: 2, pad: null }),
    dtype: parseDtype(fields),
  });
}
