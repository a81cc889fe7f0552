import { Fields, type JsonObject } from '../../core/fields';
import { parseActivation } from '../activations';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';
import { expectCausal, GEMMA_DEFAULTS, parseSoftcap } from './gemma_config';

/** What a Gemma 2 needs of its config.json, under Hugging Face's names and with their defaults. */
interface Gemma2Config extends GatedDecoderConfig {
  readonly model_type: 'gemma2';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
}

/**
 * Reads a config.json of `model_type` "gemma2", as transformers 4 or 5 writes it. Sizes must be there; the rest has Hugging
 * Face's defaults: every other layer has a window, the first of them too. Throws `invalid_format` for what no Gemma 2 has,
 * `unsupported_model` for what some have and we don't know.
 */
export function parseGemma2Config(json: JsonObject): Gemma2Config {
  const fields = new Fields(json, 'config.json');
  expectCausal(fields);
  const hidden_act = parseActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh');
  const config = parseGatedDecoder(fields, 'gemma2', { ...GEMMA_DEFAULTS, max_position_embeddings: 8192, hidden_act });
  const slides = (layer: number): boolean => layer % 2 === 0;
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, parseWindow(fields, 4096), slides);
  const scoreSoftcap = parseSoftcap(fields, 'attn_logit_softcapping', 50);
  const logitSoftcap = parseSoftcap(fields, 'final_logit_softcapping', 30);
  return Object.freeze({
    model_type: 'gemma2',
    ...config,
    ...(sliding && { sliding }),
    scale: fields.positiveNumber('query_pre_attn_scalar', { fallback: 256 }) ** -0.5,
    ...(scoreSoftcap !== undefined && { scoreSoftcap }),
    ...(logitSoftcap !== undefined && { logitSoftcap }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}
