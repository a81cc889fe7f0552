import type { PretrainedConfig } from '../../core/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { withAlibi, withoutAlibi } from '../../ops/attention/alibi';
import { repeatHeads } from '../../ops/attention/repeat_heads';
import { embedding } from '../../ops/embedding';
import { rope } from '../../ops/rope';
import { sliceColumns } from '../../ops/slice_columns';
import { ACTIVATIONS } from '../activations';
import type { ConstantSpec, Inputs, Network } from '../architecture';
import { LONGEST } from '../config_fields';
import { languageHead, scoreHead } from '../heads';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';
import { type FalconConfig, parseFalconConfig } from './falcon_config';
import { falconModules, falconWeights } from './falcon_specs';
import { alibiTable } from './positions/alibi_table';
import { longTexts, ropeShape, ropeTable } from './positions/rope_table';

/** `model_type: "falcon"`: fused q, k and v, attention and MLP beside or behind each other, rotary or ALiBi; all layouts. */
export function createFalcon(json: PretrainedConfig): Network {
  const config = parseFalconConfig(json);
  const { hidden_size: C, vocab_size: V, tie_word_embeddings } = config;
  const tiedTo = tie_word_embeddings ? 'transformer.word_embeddings' : undefined;
  const maxLength = Math.min(config.max_position_embeddings, LONGEST);
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength,
      positions: config.rope === undefined ? 'mask' : 'row',
      longTexts: config.rope && longTexts(config.rope, maxLength),
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: falconModules(config),
    weights: falconWeights(config),
    prefix: 'transformer',
    constants: [positionsOf(config, maxLength)],
    hidden: (g, layers, inputs) => falcon(g, layers, config, inputs),
    heads: {
      causal_lm: () => languageHead({ className: 'FalconForCausalLM', C, V, tiedTo }),
      sequence_classification: scoreHead({ className: 'FalconForSequenceClassification', C }),
    },
  };
}

function positionsOf({ rope, hidden_size, num_attention_heads: H }: FalconConfig, length: number): ConstantSpec {
  if (rope === undefined) return { name: 'alibi', shape: [length, H], compute: () => alibiTable(H, length) };
  const D = hidden_size / H;
  return { name: 'rope', shape: ropeShape(rope, D, length), compute: () => ropeTable(rope, D, length) };
}

function falcon(g: Graph, layers: Layers, config: FalconConfig, inputs: Inputs): Value {
  let x = embedding(g, inputs.value('input_ids'), layers.weight('transformer.word_embeddings'));
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    inputs.block?.();
    x = block(g, layers, config, inputs, layer, x);
  }
  inputs.block?.();
  return layerNormOf(g, layers, 'transformer.ln_f', x, config.layer_norm_epsilon);
}

function block(g: Graph, layers: Layers, config: FalconConfig, inputs: Inputs, layer: number, x: Value): Value {
  const name = `transformer.h.${layer}`;
  const norm = (which: string, value: Value): Value =>
    layerNormOf(g, layers, `${name}.${which}`, value, config.layer_norm_epsilon);
  const [fused, up] = [`${name}.self_attention.query_key_value`, `${name}.mlp.dense_h_to_4h`];
  const attended = (qkv: Value): Value =>
    layers.linear(`${name}.self_attention.dense`, attend(g, config, inputs, layer, qkv), { residual: x });
  const mlp = (wide: Value, residual: Value): Value =>
    layers.linear(`${name}.mlp.dense_4h_to_h`, ACTIVATIONS[config.activation].apply(g, wide), { residual });
  if (config.block === 'shared') {
    const [qkv, wide] = layers.linears([fused, up], norm('input_layernorm', x));
    return mlp(wide, attended(qkv));
  }
  const parallel = config.block === 'parallel';
  const sum = attended(layers.linear(fused, norm(parallel ? 'ln_attn' : 'input_layernorm', x)));
  const normed = parallel ? norm('ln_mlp', x) : norm('post_attention_layernorm', sum);
  return mlp(layers.linear(up, normed), sum);
}

/** Each head of keys and values lies behind the heads of queries that read it. */
function attend(g: Graph, config: FalconConfig, inputs: Inputs, layer: number, qkv: Value): Value {
  const { hidden_size, num_attention_heads: H, kvHeads: Hkv, rope: rotary } = config;
  const D = hidden_size / H;
  const queries = (H / Hkv) * D;
  const q = sliceColumns(g, qkv, 0, queries, Hkv);
  const k = sliceColumns(g, qkv, queries, D, Hkv);
  const v = sliceColumns(g, qkv, queries + D, D, Hkv);
  const positions = inputs.value('position_ids');
  if (rotary !== undefined) {
    const turned = rope(g, { q, k, table: inputs.constant('rope'), positions, D });
    return inputs.attend(layer, turned.q, turned.k, v, { H, Hkv, D });
  }
  // Each head of queries has a bias of its own, which lies in its keys: shared ones are repeated.
  const ofEach = (shared: Value): Value => (Hkv === H ? shared : repeatHeads(g, shared, D, H / Hkv));
  const heads = withAlibi(g, { q, k: ofEach(k), v: ofEach(v), table: inputs.constant('alibi'), positions, D });
  const made = inputs.attend(layer, heads.q, heads.k, heads.v, { H, Hkv: H, D: heads.D, scale: 1 / Math.sqrt(D) });
  return withoutAlibi(g, made, heads.D, D);
}
