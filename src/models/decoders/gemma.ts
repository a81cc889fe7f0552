import type { PretrainedConfig } from '../../core/model';
import type { Network } from '../architecture';
import { createGatedDecoder } from './gated/gated_decoder';
import { parseGemmaConfig } from './gemma_config';

/** `model_type: "gemma"`: scaled embeddings, norms' weights stored as their distance from one, GEGLU. */
export function createGemma(json: PretrainedConfig): Network {
  const config = parseGemmaConfig(json);
  const { attention_bias } = config;
  return createGatedDecoder(json, config, {
    className: 'Gemma',
    biases: { qkv: attention_bias, o: attention_bias, mlp: false },
    normOffset: 1,
    scaledEmbedding: true,
  });
}
