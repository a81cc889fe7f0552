import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseQwen3Config } from './qwen3_config';

/** `model_type: "qwen3"`: norms of each head's queries and keys. */
export function createQwen3(json: PretrainedConfig): Network {
  const config = parseQwen3Config(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Qwen3',
    biases: { qkv: attention_bias, o: attention_bias, mlp: false },
    headNorms: true,
  });
}
