import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import { parseActivation } from '../activations';
import type { Network } from '../architecture';
import { parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { attention, blockOfNormedResults } from './gated/gated_parts';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';
import { GEMMA_DEFAULTS, gemmaFamily, parseSoftcap } from './gemma';

/** `model_type: "gemma2"`: Gemma with norms before and after attention and MLP, windows in half of the layers, capped scores and logits. */
export function createGemma2(json: PretrainedConfig): Network {
  const config = parseGemma2Config(json);
  return createGatedDecoder(json, config, {
    className: 'Gemma2',
    ...gemmaFamily(config),
    block: (decoder, layer) => blockOfNormedResults(decoder, attention(decoder, layer)),
  });
}

/** Parses a config.json as `parseGatedDecoder` does. Without `layer_types`, every other layer has a window, beginning with the first. */
export function parseGemma2Config(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  const hidden_act = parseActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh');
  const defaults = { ...GEMMA_DEFAULTS, num_key_value_heads: 4, max_position_embeddings: 8192, hidden_act };
  const config = parseGatedDecoder(fields, 'gemma2', defaults);
  const slides = (layer: number): boolean => layer % 2 === 0;
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, parseWindow(fields, 4096), slides);
  const scoreSoftcap = parseSoftcap(fields, 'attn_logit_softcapping', 50);
  const logitSoftcap = parseSoftcap(fields, 'final_logit_softcapping', 30);
  return Object.freeze({
    ...config,
    ...(sliding && { sliding }),
    scale: fields.positiveNumber('query_pre_attn_scalar', { fallback: 256 }) ** -0.5,
    ...(scoreSoftcap !== undefined && { scoreSoftcap }),
    ...(logitSoftcap !== undefined && { logitSoftcap }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}
