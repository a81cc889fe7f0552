import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseQwen2Config } from './qwen2_config';

/** `model_type: "qwen2"`: biases on q, k and v. */
export function createQwen2(json: PretrainedConfig): Network {
  return createGatedDecoder(json, parseQwen2Config(json), {
    className: 'Qwen2',
    biases: { qkv: true, o: false, mlp: false },
  });
}
