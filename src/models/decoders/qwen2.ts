import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { llamaBlock } from './gated/gated_parts';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';

/** `model_type: "qwen2"`: biases on q, k and v. */
export function createQwen2(json: PretrainedConfig): Network {
  const biases = { qkv: true };
  return createGatedDecoder(json, parseQwen2Config(json), { className: 'Qwen2', biases, block: llamaBlock });
}

/** Parses a config.json as `parseGatedDecoder` does. */
export function parseQwen2Config(json: JsonObject): GatedDecoderConfig {
  return Object.freeze(parseQwen(new Fields(json, 'config.json'), 'qwen2'));
}

/** Parses the fields that Qwen2 and Qwen3 share. */
export function parseQwen(fields: Fields, modelType: string, head_dim?: number): GatedDecoderConfig {
  const defaults = {
    num_key_value_heads: 32,
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
