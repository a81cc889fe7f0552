import type { JsonObject } from '../../core/input/fields';
import { decoderConfig, headsOf } from './gguf_decoder';
import type { GgufFields } from './gguf_fields';

const ACTIVATION = { hidden_act: 'gelu_pytorch_tanh', hidden_activation: 'gelu_pytorch_tanh' } as const;
/** Layers for which a list is made. */
const MOST_LAYERS = 4096;
/** Layers of the largest Gemma 2 and Gemma 3, which scale scores by the heads' share of the width. */
const LARGEST = { gemma2: 46, gemma3: 62 } as const;

export function gemmaConfig(fields: GgufFields): JsonObject {
  return { ...decoderConfig(fields), ...ACTIVATION };
}

export function gemma2Config(fields: GgufFields): JsonObject {
  return {
    ...gemmaConfig(fields),
    ...windows(fields, { every: 2, size: 4096 }),
    ...scale(fields, LARGEST.gemma2),
    attn_logit_softcapping: fields.float('attn_logit_softcapping') ?? 50,
    final_logit_softcapping: fields.float('final_logit_softcapping') ?? 30,
  };
}

export function gemma3Config(fields: GgufFields): JsonObject {
  return {
    ...gemmaConfig(fields),
    ...windows(fields, { every: 6, size: 0 }),
    ...scale(fields, LARGEST.gemma3),
    // Layers with a window have positions of their own, which aren't scaled.
    rope_local_base_freq: fields.float('rope.freq_base_swa') ?? 10_000,
    final_logit_softcapping: fields.float('final_logit_softcapping') ?? null,
  };
}

/** What the file doesn't say, llama.cpp knows by the model's size. */
function scale(fields: GgufFields, largest: number): JsonObject {
  const { hidden_size = 0, heads = 1, head_dim } = headsOf(fields);
  return { query_pre_attn_scalar: fields.number('block_count') === largest ? hidden_size / heads : head_dim };
}

/** Layers with a window: those that a list says, or all but each so many-th. What the file doesn't say is `usual`. */
function windows(fields: GgufFields, usual: { readonly every: number; readonly size: number }): JsonObject {
  const size = fields.number('attention.sliding_window') ?? usual.size;
  const count = fields.number('block_count') ?? 0;
  const told = fields.numberOrFlags('attention.sliding_window_pattern') ?? usual.every;
  // Sizes that no model has are refused by who reads them.
  if (!(Number.isSafeInteger(count) && count >= 0 && count <= MOST_LAYERS)) return {};
  if (typeof told === 'number' ? !(Number.isSafeInteger(told) && told >= 0) : told.length !== count) {
    throw fields.metadata.invalid('attention.sliding_window_pattern', `an integer from 0 on, or a list of ${count}`);
  }
  const slides = (layer: number): boolean =>
    typeof told === 'number' ? told === 0 || (layer + 1) % told !== 0 : told[layer] === true;
  return {
    sliding_window: size === 0 ? null : size,
    layer_types: Array.from({ length: count }, (_, layer) =>
      size > 0 && slides(layer) ? 'sliding_attention' : 'full_attention',
    ),
  };
}
