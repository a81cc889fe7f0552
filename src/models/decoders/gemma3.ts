import { Fields, type JsonObject } from '../../core/input/fields';
import type { PretrainedConfig } from '../../core/types/model';
import { parseActivation } from '../activations';
import type { Network } from '../architecture';
import { LOOK_AHEAD } from '../config_fields';
import { parseRope, type RopeConfig } from '../positions/rope_config';
import { type GatedDecoderConfig, parseGatedDecoder } from './gated/gated_config';
import { createGatedDecoder } from './gated/gated_decoder';
import { attentionOfNormedHeads, blockOfNormedResults } from './gated/gated_parts';
import { parseSlidingLayers, parseWindow } from './gated/sliding_layers';
import { GEMMA_DEFAULTS, gemmaFamily, parseSoftcap } from './gemma';

/**
 * `model_type: "gemma3_text"`: Gemma with norms before and after attention and MLP, normalised queries and keys, and windows in most
 * layers. In EmbeddingGemma, which only computes embeddings, tokens also attend to later tokens.
 */
export function createGemma3(json: PretrainedConfig): Network {
  const config = parseGemma3Config(json);
  const family = gemmaFamily(config);
  return createGatedDecoder(json, config, {
    className: 'Gemma3',
    networkName: 'Gemma3TextModel',
    classifierName: 'Gemma3Text',
    ...family,
    embedding: { ...family.embedding, type: 'Gemma3TextScaledWordEmbedding' },
    block: (decoder, layer) => blockOfNormedResults(decoder, attentionOfNormedHeads(decoder, layer)),
  });
}

/** Parses a config.json as `parseGatedDecoder` does. Without `layer_types`, every sixth layer has no window by default. */
export function parseGemma3Config(json: JsonObject) {
  const fields = new Fields(json, 'config.json');
  const config = parseGatedDecoder(fields, 'gemma3_text', {
    ...GEMMA_DEFAULTS,
    num_key_value_heads: 4,
    max_position_embeddings: 131072,
    hidden_act: parseActivation(fields, 'hidden_activation', 'gelu_pytorch_tanh'),
    mayLookAhead: true,
    ropeRules: { theta: 1e6, types: TYPES },
    ropeFields: fullRope,
  });
  const pattern = fields.positiveInteger('sliding_window_pattern', { fallback: 6 });
  const slides = (layer: number): boolean => (layer + 1) % pattern !== 0;
  const causal = !fields.boolean(LOOK_AHEAD, false);
  const width = parseWindow(fields, 4096);
  // If attention isn't causal, the file's width covers both sides of a token, and `window` one side, including the token itself.
  const window = causal || width === null ? width : Math.floor(width / 2) + 1;
  const sliding = parseSlidingLayers(fields, config.num_hidden_layers, window, slides);
  // transformers reads `attn_logit_softcapping` for Gemma 3, but doesn't use it.
  const logitSoftcap = parseSoftcap(fields, 'final_logit_softcapping', undefined);
  return Object.freeze({
    ...config,
    ...(!causal && { causal }),
    ...(sliding && { sliding, slidingRope: parseSlidingRope(fields, config) }),
    scale: fields.positiveNumber('query_pre_attn_scalar', { fallback: 256 }) ** -0.5,
    ...(logitSoftcap !== undefined && { logitSoftcap }),
    attention_bias: fields.boolean('attention_bias', false),
  });
}

/** The supported values of `rope_type`, for layers with and without a window. */
const TYPES = { default: 'default', linear: 'linear', llama3: 'llama3' } as const;

/**
 * Finds the object with the rotary positions of layers without a window. In files of transformers 4, layers with a window have only a
 * theta, `rope_local_base_freq`.
 */
function fullRope(fields: Fields): Fields | undefined {
  return fields.object('rope_parameters')?.object('full_attention') ?? fields.object('rope_scaling');
}

function parseSlidingRope(fields: Fields, sizes: GatedDecoderConfig): RopeConfig {
  const theta = fields.positiveNumber('rope_local_base_freq', { fallback: 10000 });
  const rope = fields.object('rope_parameters')?.object('sliding_attention');
  return parseRope(new Fields({}, 'config.json'), rope, sizes, { theta, types: TYPES });
}
