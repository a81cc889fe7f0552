import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseLlamaConfig } from './llama_config';

/** `model_type: "llama"`. */
export function createLlama(json: PretrainedConfig): Network {
  const config = parseLlamaConfig(json);
  const { attention_bias, mlp_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Llama',
    biases: { qkv: attention_bias, o: attention_bias, mlp: mlp_bias },
  });
}
