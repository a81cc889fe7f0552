import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parsePhi3Config } from './phi3_config';

/** `model_type: "phi3"`: one layer for q, k and v, and one for gate and up. VeRA takes each for one layer, as PEFT does. */
export function createPhi3(json: PretrainedConfig): Network {
  return createGatedDecoder(json, parsePhi3Config(json), {
    className: 'Phi3',
    biases: { qkv: false, o: false, mlp: false },
    fused: true,
  });
}
