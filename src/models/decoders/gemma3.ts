import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseGemma3Config } from './gemma3_config';

/** `model_type: "gemma3_text"`: as Gemma, with norms around attention and MLP and of each head, and windows in most layers. */
export function createGemma3(json: PretrainedConfig): Network {
  const config = parseGemma3Config(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Gemma3',
    networkName: 'Gemma3TextModel',
    classifierName: 'Gemma3Text',
    biases: { qkv: attention_bias, o: attention_bias, mlp: false },
    headNorms: true,
    outputNorms: true,
    normOffset: 1,
    scaledEmbedding: true,
    embeddingName: 'Gemma3TextScaledWordEmbedding',
  });
}
