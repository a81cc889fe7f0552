import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseMistralConfig } from './mistral_config';

/** `model_type: "mistral"`: every layer sees a window of the text, or none does. */
export function createMistral(json: PretrainedConfig): Network {
  return createGatedDecoder(json, parseMistralConfig(json), {
    className: 'Mistral',
    biases: { qkv: false, o: false, mlp: false },
  });
}
