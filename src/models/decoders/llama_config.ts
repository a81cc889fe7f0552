import { Fields, type JsonObject } from '../../core/fields';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';

/** What a Llama needs of its config.json, under Hugging Face's names and with their defaults. */
interface LlamaConfig extends GatedDecoderConfig {
  readonly model_type: 'llama';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
  /** Biases on gate, up and down. */
  readonly mlp_bias: boolean;
}

/**
 * Reads a config.json of `model_type` "llama", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Throws `invalid_format` for what no Llama has, `unsupported_model` for what some have and we
 * don't know.
 */
export function parseLlamaConfig(json: JsonObject): LlamaConfig {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    model_type: 'llama',
    ...parseGatedDecoder(fields, 'llama', { max_position_embeddings: 2048, bos: 1, eos: 2 }),
    attention_bias: fields.boolean('attention_bias', false),
    mlp_bias: fields.boolean('mlp_bias', false),
  });
}
