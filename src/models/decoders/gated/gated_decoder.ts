import type { PretrainedConfig } from '../../../core/model';
import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import { add } from '../../../ops/add';
import type { AttentionHeads } from '../../../ops/attention/attention';
import { embedding } from '../../../ops/embedding';
import { rmsNorm } from '../../../ops/rms_norm';
import { rope } from '../../../ops/rope';
import { sliceColumns } from '../../../ops/slice_columns';
import { ACTIVATIONS } from '../../activations';
import type { ConstantSpec, Inputs, Network } from '../../architecture';
import { LONGEST } from '../../config_fields';
import { languageHead, scoreHead } from '../../heads';
import type { Layers } from '../../layers';
import { type RopeConfig, rotaryDim } from '../positions/rope_config';
import { longTexts, ropeShape, ropeTable } from '../positions/rope_table';
import type { GatedDecoderConfig } from './decoder_fields';
import type { GatedDecoder, GatedDecoderKind } from './gated_decoder_kind';
import { gatedDecoderModules, gatedDecoderWeights } from './gated_decoder_specs';

/** Llama and what was built after it: RMSNorm, rotary grouped-query attention, gated MLP; tied or untied head. */
export function createGatedDecoder(
  json: PretrainedConfig,
  config: GatedDecoderConfig,
  kind: GatedDecoderKind,
): Network {
  const decoder = { ...config, ...kind };
  const { className, classifierName = className } = kind;
  const { hidden_size: C, vocab_size: V, tie_word_embeddings, logitSoftcap: softcap } = config;
  const tiedTo = tie_word_embeddings ? 'model.embed_tokens' : undefined;
  const maxLength = Math.min(config.max_position_embeddings, LONGEST);
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength,
      positions: 'row',
      longTexts: longTexts(config.rope, maxLength),
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: gatedDecoderModules(decoder),
    weights: gatedDecoderWeights(decoder),
    prefix: 'model',
    constants: ropesOf(config).map(([name, rope]) => ropeConstant(name, rope, config.head_dim, maxLength)),
    hidden: (g, layers, inputs) => hidden(g, layers, decoder, inputs),
    heads: {
      causal_lm: () => languageHead({ className: `${className}ForCausalLM`, C, V, tiedTo, softcap }),
      sequence_classification: scoreHead({ className: `${classifierName}ForSequenceClassification`, C }),
    },
  };
}

/** Rotary embeddings by their constants' names. */
function ropesOf({ rope, slidingRope }: GatedDecoderConfig): (readonly [string, RopeConfig])[] {
  return [['rope', rope], ...(slidingRope === undefined ? [] : [['sliding rope', slidingRope] as const])];
}

function ropeConstant(name: string, rope: RopeConfig, D: number, length: number): ConstantSpec {
  return { name, shape: ropeShape(rope, D, length), compute: () => ropeTable(rope, D, length) };
}

function hidden(g: Graph, layers: Layers, decoder: GatedDecoder, inputs: Inputs): Value {
  const { scaledEmbedding = false, outputNorms = false } = decoder;
  let x = embedding(g, inputs.value('input_ids'), layers.weight('model.embed_tokens'), {
    padding: decoder.pad_token_id ?? undefined,
    ...(scaledEmbedding && { scale: Math.sqrt(decoder.hidden_size) }),
  });
  for (let layer = 0; layer < decoder.num_hidden_layers; layer++) {
    inputs.block?.();
    const block = `model.layers.${layer}`;
    const normed = (name: string, value: Value): Value => norm(g, layers, decoder, `${block}.${name}`, value);
    const attended = attend(g, layers, decoder, inputs, layer, normed('input_layernorm', x));
    const output = `${block}.self_attn.o_proj`;
    if (outputNorms) {
      x = add(g, x, normed('post_attention_layernorm', layers.linear(output, attended)));
      const made = mlp(g, layers, decoder, `${block}.mlp`, normed('pre_feedforward_layernorm', x));
      x = add(g, x, normed('post_feedforward_layernorm', made));
    } else {
      x = layers.linear(output, attended, { residual: x });
      x = mlp(g, layers, decoder, `${block}.mlp`, normed('post_attention_layernorm', x), x);
    }
  }
  inputs.block?.();
  return norm(g, layers, decoder, 'model.norm', x);
}

function norm(g: Graph, layers: Layers, { rms_norm_eps, normOffset = 0 }: GatedDecoder, name: string, x: Value): Value {
  return rmsNorm(g, x, layers.weight(name), rms_norm_eps, { weightOffset: normOffset });
}

/** What the heads give, before it is mixed: (N, H·D). */
function attend(g: Graph, layers: Layers, decoder: GatedDecoder, inputs: Inputs, layer: number, x: Value): Value {
  const block = `model.layers.${layer}.self_attn`;
  const [ownQ, ownK, v] = queriesKeysAndValues(g, layers, decoder, block, x);
  const { headNorms = false, head_dim: D, slidingRope, sliding } = decoder;
  const normed = (name: string, value: Value): Value =>
    headNorms ? norm(g, layers, decoder, `${block}.${name}`, value) : value;
  const slides = sliding?.layers[layer] ?? false;
  const turned = rope(g, {
    q: normed('q_norm', ownQ),
    k: normed('k_norm', ownK),
    table: inputs.constant(slides && slidingRope !== undefined ? 'sliding rope' : 'rope'),
    positions: inputs.value('position_ids'),
    D,
    R: rotaryDim(decoder.rope, D),
  });
  return inputs.attend(layer, turned.q, turned.k, v, headsOf(decoder, slides));
}

function headsOf({ scale, sliding, scoreSoftcap: softcap, ...decoder }: GatedDecoder, slides: boolean): AttentionHeads {
  return {
    H: decoder.num_attention_heads,
    Hkv: decoder.num_key_value_heads,
    D: decoder.head_dim,
    ...(scale !== undefined && { scale }),
    ...(softcap !== undefined && { softcap }),
    ...(slides && sliding && { window: sliding.window }),
  };
}

function queriesKeysAndValues(
  g: Graph,
  layers: Layers,
  { fused = false, num_attention_heads: H, num_key_value_heads: Hkv, head_dim: D }: GatedDecoder,
  block: string,
  x: Value,
): readonly [Value, Value, Value] {
  if (!fused) return layers.linears([`${block}.q_proj`, `${block}.k_proj`, `${block}.v_proj`], x);
  const all = layers.linear(`${block}.qkv_proj`, x);
  return [
    sliceColumns(g, all, 0, H * D),
    sliceColumns(g, all, H * D, Hkv * D),
    sliceColumns(g, all, (H + Hkv) * D, Hkv * D),
  ];
}

function mlp(g: Graph, layers: Layers, decoder: GatedDecoder, block: string, x: Value, residual?: Value): Value {
  const [gate, up] = gateAndUp(g, layers, decoder, block, x);
  const gated = ACTIVATIONS[decoder.hidden_act].gate(g, gate, up);
  return layers.linear(`${block}.down_proj`, gated, { ...(residual && { residual }) });
}

function gateAndUp(
  g: Graph,
  layers: Layers,
  { fused = false, intermediate_size: F }: GatedDecoder,
  block: string,
  x: Value,
): readonly [Value, Value] {
  if (!fused) return layers.linears([`${block}.gate_proj`, `${block}.up_proj`], x);
  const both = layers.linear(`${block}.gate_up_proj`, x);
  return [sliceColumns(g, both, 0, F), sliceColumns(g, both, F, F)];
}
