import type { JsonObject } from '../../../core/input/fields';
import type { GgufFields } from '../gguf_fields';
import { PLUS_ONE } from '../tensor_change';
import { DECODER_NAMES, decoderConfig, headsOf } from './decoder_families';
import type { GgufFamily } from './gguf_family';
import type { TensorNames } from './tensor_names';

const ACTIVATION = { hidden_act: 'gelu_pytorch_tanh', hidden_activation: 'gelu_pytorch_tanh' } as const;
/** The largest number of layers for which `layer_types` is made, because an untrusted file may give any number. */
const MOST_LAYERS = 4096;
/**
 * The number of layers of the largest Gemma 2 and of the largest Gemma 3. In these two models, `query_pre_attn_scalar` is the width divided
 * by the number of heads, not the size of a head.
 */
const LARGEST = { gemma2: 46, gemma3: 62 } as const;

/** The names in Gemma 2 and 3, whose layers also have a norm after attention and one after the MLP. */
const NAMES_OF_FOUR_NORMS: TensorNames = {
  ...DECODER_NAMES,
  layers: {
    ...DECODER_NAMES.layers,
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};

/** Gemma's norms multiply by their weight plus one, and llama.cpp stores that sum. */
const shiftedNorms: GgufFamily['change'] = ({ module, kind }) =>
  module.endsWith('norm') && kind === 'weight' ? PLUS_ONE : undefined;

export const GEMMA: GgufFamily = {
  architecture: 'gemma',
  className: 'GemmaForCausalLM',
  names: () => DECODER_NAMES,
  config: gemmaConfig,
  change: shiftedNorms,
  hasGemmaVocabulary: true,
};

export const GEMMA2: GgufFamily = {
  architecture: 'gemma2',
  className: 'Gemma2ForCausalLM',
  names: () => NAMES_OF_FOUR_NORMS,
  config: (fields) => ({
    ...gemmaConfig(fields),
    ...windows(fields, { every: 2, size: 4096 }),
    ...scale(fields, LARGEST.gemma2),
    attn_logit_softcapping: fields.float('attn_logit_softcapping') ?? 50,
    final_logit_softcapping: fields.float('final_logit_softcapping') ?? 30,
  }),
  change: shiftedNorms,
  hasGemmaVocabulary: true,
};

export const GEMMA3: GgufFamily = {
  architecture: 'gemma3',
  model_type: 'gemma3_text',
  className: 'Gemma3ForCausalLM',
  names: () => NAMES_OF_FOUR_NORMS,
  config: (fields) => ({
    ...gemmaConfig(fields),
    ...windows(fields, { every: 6, size: 0 }),
    ...scale(fields, LARGEST.gemma3),
    // Layers with a sliding window have their own rotary base, and no rope scaling.
    rope_local_base_freq: fields.float('rope.freq_base_swa') ?? 10_000,
    final_logit_softcapping: fields.float('final_logit_softcapping') ?? null,
  }),
  change: shiftedNorms,
  hasGemmaVocabulary: true,
};

function gemmaConfig(fields: GgufFields): JsonObject {
  return { ...decoderConfig(fields), ...ACTIVATION };
}

/** Returns the field that scales attention scores. The file lacks it, so it is derived from the number of layers, as in llama.cpp. */
function scale(fields: GgufFields, largest: number): JsonObject {
  const { hidden_size = 0, heads = 1, head_dim } = headsOf(fields);
  return { query_pre_attn_scalar: fields.number('block_count') === largest ? hidden_size / heads : head_dim };
}

/**
 * Returns the fields for sliding windows. The file lists the layers that have a window, or gives n: all layers except every n-th have one.
 * `usual` holds the defaults for fields that the file lacks.
 */
function windows(fields: GgufFields, usual: { readonly every: number; readonly size: number }): JsonObject {
  const size = fields.number('attention.sliding_window') ?? usual.size;
  const count = fields.number('block_count') ?? 0;
  const pattern = fields.numberOrFlags('attention.sliding_window_pattern') ?? usual.every;
  // For an impossible number of layers, these fields are left out: the reader of config.json rejects the number.
  if (!(Number.isSafeInteger(count) && count >= 0 && count <= MOST_LAYERS)) return {};
  if (typeof pattern === 'number' ? !(Number.isSafeInteger(pattern) && pattern >= 0) : pattern.length !== count) {
    throw fields.invalid('attention.sliding_window_pattern', `an integer from 0 on, or a list of ${count}`);
  }
  const slides = (layer: number): boolean =>
    typeof pattern === 'number' ? pattern === 0 || (layer + 1) % pattern !== 0 : pattern[layer] === true;
  return {
    sliding_window: size === 0 ? null : size,
    layer_types: Array.from({ length: count }, (_, layer) =>
      size > 0 && slides(layer) ? 'sliding_attention' : 'full_attention',
    ),
  };
}
