import { Fields, type JsonObject } from '../../core/fields';
import { parseActivation } from '../activations';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/decoder_fields';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';
import { expectCausal, GEMMA_DEFAULTS, parseSoftcap } from './gemma_config';
import { parseRope, type RopeConfig } from './positions/rope_config';

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
  const config = parseGatedDecoder(fields, 'gemma3_text', {
    ...GEMMA_DEFAULTS,
    max_position_embeddings: 131072,
    hidden_act: parseActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh'),
    ropeRules: { theta: 1e6, types: TYPES },
    ropeFields: fullRope,
  });
  const pattern = fields.positiveInteger('sliding_window_pattern', { fallback: 6 });
  const slides = (layer: number): boolean => (layer + 1) % pattern !== 0;
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, parseWindow(fields, 4096), slides);
  // transformers reads `attn_logit_softcapping` of a Gemma 3, and uses it nowhere.
  const logitSoftcap = parseSoftcap(fields, 'final_logit_softcapping', undefined);
  return Object.freeze({
    model_type: 'gemma3_text',
    ...config,
    ...(sliding && { sliding, slidingRope: parseSlidingRope(fields, config) }),
    scale: fields.positiveNumber('query_pre_attn_scalar', { fallback: 256 }) ** -0.5,
    ...(logitSoftcap !== undefined && { logitSoftcap }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}

/** YaRN and the like aren't built of models with two kinds of layers. */
const TYPES = { default: 'default', linear: 'linear', llama3: 'llama3' } as const;

/** transformers 5 has both in one field; 4 has its old fields for layers without a window, and a theta for the others. */
function fullRope(fields: Fields): Fields | undefined {
  return fields.object('rope_parameters')?.object('full_attention') ?? fields.object('rope_scaling');
}

function parseSlidingRope(fields: Fields, sizes: GatedDecoderConfig): RopeConfig {
  const theta = fields.positiveNumber('rope_local_base_freq', { fallback: 10000 });
  const rope = fields.object('rope_parameters')?.object('sliding_attention');
  return parseRope(new Fields({}, 'config.json'), rope, sizes, { theta, types: TYPES });
}
