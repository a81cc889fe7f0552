import { Fields, type JsonObject } from '../../core/fields';
import type { GatedDecoderConfig } from './gated/decoder_fields';
import { parseQwen } from './qwen2_config';

/** What a Qwen3 needs of its config.json, under Hugging Face's names and with their defaults. */
interface Qwen3Config extends GatedDecoderConfig {
  readonly model_type: 'qwen3';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
}

/**
 * Reads a config.json of `model_type` "qwen3", as transformers 4 or 5 writes it: as `parseQwen2Config`. Heads have 128 numbers
 * where the file doesn't say. Throws `invalid_format` and `unsupported_model`.
 */
export function parseQwen3Config(json: JsonObject): Qwen3Config {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    model_type: 'qwen3',
    ...parseQwen(fields, 'qwen3', 128),
    attention_bias: fields.boolean('attention_bias', false),
  });
}
