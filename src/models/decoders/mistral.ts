import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { llamaBlock } from './gated/gated_parts';
import { parseWindow, parseWindowOfAll } from './gated/sliding_layers';

/** `model_type: "mistral"`: all layers have a window, or none has. */
export function createMistral(json: PretrainedConfig): Network {
  return createGatedDecoder(json, parseMistralConfig(json), { className: 'Mistral', block: llamaBlock });
}

/** Parses a config.json as `parseGatedDecoder` does. The default of `sliding_window` is 4096 tokens; null means no window. */
export function parseMistralConfig(json: JsonObject): GatedDecoderConfig {
  const fields = new Fields(json, 'config.json');
  const defaults = { num_key_value_heads: 8, max_position_embeddings: 131072, bos: 1, eos: 2 };
  const config = parseGatedDecoder(fields, 'mistral', defaults);
  const sliding = parseWindowOfAll(fields, config.num_hidden_layers, parseWindow(fields, 4096));
  return Object.freeze({ ...config, ...(sliding && { sliding }) });
}
