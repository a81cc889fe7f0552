import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import type { Network } from '../architecture';
import { parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { llamaBlock } from './gated/gated_parts';

/** `model_type: "llama"`. */
export function createLlama(json: PretrainedConfig): Network {
  const config = parseLlamaConfig(json);
  const { attention_bias, mlp_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Llama',
    biases: { qkv: attention_bias, o: attention_bias, mlp: mlp_bias },
    block: llamaBlock,
  });
}

/** Parses a config.json as `parseGatedDecoder` does. */
export function parseLlamaConfig(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  return Object.freeze({
    ...parseGatedDecoder(fields, 'llama', { max_position_embeddings: 2048, bos: 1, eos: 2 }),
    attention_bias: fields.boolean('attention_bias', false),
    mlp_bias: fields.boolean('mlp_bias', false),
  });
}
