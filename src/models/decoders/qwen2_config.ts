import { Fields, type JsonObject } from '../../core/fields';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';

/** What a Qwen2 needs of its config.json, under Hugging Face's names and with their defaults. */
interface Qwen2Config extends GatedDecoderConfig {
  readonly model_type: 'qwen2';
}

/**
 * Reads a config.json of `model_type` "qwen2", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Throws `invalid_format` for what no Qwen2 has, `unsupported_model` for what some have and we
 * don't know.
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
  const window = fields.boolean('use_sliding_window', false) ? parseWindow(fields, 4096) : null;
  const first = fields.count('max_window_layers', 28);
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, window, (layer) => layer >= first);
  return { ...config, ...(sliding && { sliding }) };
}
