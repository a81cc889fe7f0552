import { Fields, type JsonObject } from '../core/fields';
import { parseActivation } from './activations';
import { type GatedDecoderConfig, parseGatedDecoder, parseRope, type RopeConfig } from './decoder_fields';
import { expectCausal, GEMMA_DEFAULTS, parseSoftcap } from './gemma_config';
import { parseSlidingLayers, parseWindow } from './sliding_layers';

/** What a Gemma 3 of texts needs of its config.json, under Hugging Face's names and with their defaults. */
interface Gemma3Config extends GatedDecoderConfig {
  readonly model_type: 'gemma3_text';
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
}

/**
 * Reads a config.json of `model_type` "gemma3_text", as transformers 4 or 5 writes it. Sizes must be there; the rest has Hugging
 * Face's defaults: five layers with a window, then one without, and so on. Throws `invalid_format` for what no Gemma 3 has,
 * `unsupported_model` for what some have and we don't know.
 */
export function parseGemma3Config(json: JsonObject): Gemma3Config {
  const fields = new Fields(json, 'config.json');
  expectCausal(fields);
  const { rope, slidingRope } = parseRopes(fields);
  const config = parseGatedDecoder(fields, 'gemma3_text', {
    ...GEMMA_DEFAULTS,
    max_position_embeddings: 131072,
    hidden_act: parseActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh'),
    rope,
  });
  const pattern = fields.positiveInteger('sliding_window_pattern', { fallback: 6 });
  const slides = (layer: number): boolean => (layer + 1) % pattern !== 0;
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, parseWindow(fields, 4096), slides);
  // transformers reads `attn_logit_softcapping` of a Gemma 3, and uses it nowhere.
  const logitSoftcap = parseSoftcap(fields, 'final_logit_softcapping', undefined);
  return Object.freeze({
    model_type: 'gemma3_text',
    ...config,
    ...(sliding && { sliding, slidingRope }),
    scale: fields.positiveNumber('query_pre_attn_scalar', { fallback: 256 }) ** -0.5,
    ...(logitSoftcap !== undefined && { logitSoftcap }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}

interface Ropes {
  readonly rope: RopeConfig;
  readonly slidingRope: RopeConfig;
}

/** transformers 5 has both in one field; 4 has its old fields for layers without a window, and a theta for the others. */
function parseRopes(fields: Fields): Ropes {
  const both = fields.object('rope_parameters');
  const theta = fields.positiveNumber('rope_local_base_freq', { fallback: 10000 });
  return {
    rope: parseRope(fields, both?.object('full_attention') ?? fields.object('rope_scaling'), 1e6),
    slidingRope: parseRope(new Fields({}, 'config.json'), both?.object('sliding_attention'), theta),
  };
}
