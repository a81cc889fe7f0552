import { Fields, type JsonObject } from '../core/fields';
import { oneOf, unsupported } from './config_fields';
import { type GatedDecoderConfig, parseGatedDecoder } from './decoder_fields';

/** What a Qwen2 needs of its config.json, under Hugging Face's names and with their defaults. */
export interface Qwen2Config extends GatedDecoderConfig {
  readonly model_type: 'qwen2';
}

/**
 * Reads a config.json of `model_type` "qwen2", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Layers that see a window of the text alone aren't built. Throws `invalid_format` for what no Qwen2
 * has, `unsupported_model` for what some have and we don't know.
 */
export function parseQwen2Config(json: JsonObject): Qwen2Config {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({ model_type: 'qwen2', ...parseQwen(fields, 'qwen2') });
}

/** What Qwen2 and Qwen3 read alike. */
export function parseQwen(fields: Fields, modelType: string, head_dim?: number): GatedDecoderConfig {
  const defaults = {
    max_position_embeddings: 32768,
    bos: null,
    eos: null,
    ...(head_dim !== undefined && { head_dim }),
  };
  const config = parseGatedDecoder(fields, modelType, defaults);
  oneOf(fields, 'use_sliding_window', [false]);
  expectFullAttention(fields);
  return config;
}

/** transformers 5 lists what each layer sees. */
function expectFullAttention(fields: Fields): void {
  const types = fields.get('layer_types') ?? [];
  const other = Array.isArray(types) ? types.find((type) => type !== 'full_attention') : types;
  if (other !== undefined) throw unsupported('layer_types', other, ['full_attention']);
}
