import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseGemma2Config } from './gemma2_config';

/** `model_type: "gemma2"`: as Gemma, with norms around attention and MLP, windows in half the layers, capped scores and logits. */
export function createGemma2(json: PretrainedConfig): Network {
  const config = parseGemma2Config(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Gemma2',
    biases: { qkv: attention_bias, o: attention_bias, mlp: false },
    outputNorms: true,
    normOffset: 1,
    scaledEmbedding: true,
  });
}
