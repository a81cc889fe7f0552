import type { ModuleInfo, PretrainedConfig } from '../core/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { embedding } from '../ops/embedding';
import { rmsNorm } from '../ops/rms_norm';
import { rope } from '../ops/rope';
import { swiglu } from '../ops/swiglu';
import type { Architecture, Inputs, WeightSpec } from './architecture';
import { LONGEST } from './config_fields';
import type { GatedDecoderConfig } from './decoder_fields';
import type { Layers } from './layers';
import { ropeTable } from './rope_table';
import { embeddingModule, linearModule, linearsOf, linearWeights, matrix, vector } from './specs';

/** In what the families differ. */
export interface GatedDecoderKind {
  /** What torch's classes begin with: 'Llama'. */
  readonly className: string;
  /** Whether the linear layers have biases: q, k and v, o, and those of the MLP. */
  readonly biases: { readonly qkv: boolean; readonly o: boolean; readonly mlp: boolean };
  /** Whether each head of queries and keys has an RMSNorm of its own, over its D numbers. */
  readonly headNorms?: boolean;
}

/** Llama and what was built after it: RMSNorm, rotary grouped-query attention, SwiGLU; tied or untied head. */
export function createGatedDecoder(
  json: PretrainedConfig,
  config: GatedDecoderConfig,
  kind: GatedDecoderKind,
): Architecture {
  const maxLength = Math.min(config.max_position_embeddings, LONGEST);
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength,
      positions: 'row',
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: modulesOf(config, kind),
    weights: weightsOf(config, kind),
    prefix: 'model',
    constants: [
      {
        name: 'rope',
        shape: [maxLength, config.head_dim],
        compute: () => ropeTable(config.rope, config.head_dim, maxLength),
      },
    ],
    head: 'lm_head',
    tied: new Map(config.tie_word_embeddings ? [['lm_head', 'model.embed_tokens']] : []),
    hidden: (g, layers, inputs) => hidden(g, layers, config, kind, inputs),
  };
}

function hidden(g: Graph, layers: Layers, config: GatedDecoderConfig, kind: GatedDecoderKind, inputs: Inputs): Value {
  let x = embedding(g, inputs.value('input_ids'), layers.weight('model.embed_tokens'), {
    padding: config.pad_token_id ?? undefined,
  });
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    inputs.block?.();
    const block = `model.layers.${layer}`;
    const norm = (name: string, value: Value) =>
      rmsNorm(g, value, layers.weight(`${block}.${name}`), config.rms_norm_eps);
    x = attention(g, layers, { ...config, ...kind }, inputs, layer, norm('input_layernorm', x), x);
    x = mlp(g, layers, `${block}.mlp`, norm('post_attention_layernorm', x), x);
  }
  inputs.block?.();
  return rmsNorm(g, x, layers.weight('model.norm'), config.rms_norm_eps);
}

function attention(
  g: Graph,
  layers: Layers,
  config: GatedDecoderConfig & GatedDecoderKind,
  inputs: Inputs,
  layer: number,
  x: Value,
  residual: Value,
): Value {
  const block = `model.layers.${layer}.self_attn`;
  const [ownQ, ownK, v] = layers.linears([`${block}.q_proj`, `${block}.k_proj`, `${block}.v_proj`], x);
  const { num_attention_heads: H, num_key_value_heads: Hkv, head_dim: D, headNorms = false } = config;
  const norm = (name: string, value: Value): Value =>
    headNorms ? rmsNorm(g, value, layers.weight(`${block}.${name}`), config.rms_norm_eps) : value;
  const [q, k] = [norm('q_norm', ownQ), norm('k_norm', ownK)];
  const turned = rope(g, { q, k, table: inputs.constant('rope'), positions: inputs.value('position_ids'), D });
  const attended = inputs.attend(layer, turned.q, turned.k, v, { H, Hkv, D });
  return layers.linear(`${block}.o_proj`, attended, { residual });
}

function mlp(g: Graph, layers: Layers, block: string, x: Value, residual: Value): Value {
  const [gate, up] = layers.linears([`${block}.gate_proj`, `${block}.up_proj`], x);
  return layers.linear(`${block}.down_proj`, swiglu(g, gate, up), { residual });
}

function blockLinears(config: GatedDecoderConfig, { biases }: GatedDecoderKind, block: string) {
  const { hidden_size: C, intermediate_size: F, head_dim: D } = config;
  const query = config.num_attention_heads * D;
  const key = config.num_key_value_heads * D;
  const ofInputs = linearsOf(`${block}.self_attn`, biases.qkv);
  const ofOutput = linearsOf(`${block}.self_attn`, biases.o);
  const ofMlp = linearsOf(`${block}.mlp`, biases.mlp);
  return {
    attention: [
      ofInputs('q_proj', C, query),
      ofInputs('k_proj', C, key),
      ofInputs('v_proj', C, key),
      ofOutput('o_proj', query, C),
    ],
    mlp: [ofMlp('gate_proj', C, F), ofMlp('up_proj', C, F), ofMlp('down_proj', F, C)],
  };
}

function headNormsOf({ headNorms = false }: GatedDecoderKind, block: string): string[] {
  return headNorms ? [`${block}.self_attn.q_norm`, `${block}.self_attn.k_norm`] : [];
}

function modulesOf(config: GatedDecoderConfig, kind: GatedDecoderKind): ModuleInfo[] {
  const { className } = kind;
  const modules: ModuleInfo[] = [
    { name: '', type: `${className}ForCausalLM` },
    { name: 'model', type: `${className}Model` },
    embeddingModule('model.embed_tokens', config.vocab_size, config.hidden_size, config.pad_token_id),
    { name: 'model.layers', type: 'ModuleList' },
  ];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const block = `model.layers.${layer}`;
    const { attention, mlp } = blockLinears(config, kind, block);
    modules.push(
      { name: block, type: `${className}DecoderLayer` },
      { name: `${block}.self_attn`, type: `${className}Attention` },
      ...attention.map(linearModule),
      ...headNormsOf(kind, block).map((name) => ({ name, type: `${className}RMSNorm` })),
      { name: `${block}.mlp`, type: `${className}MLP` },
      ...mlp.map(linearModule),
      { name: `${block}.mlp.act_fn`, type: 'SiLUActivation' },
      { name: `${block}.input_layernorm`, type: `${className}RMSNorm` },
      { name: `${block}.post_attention_layernorm`, type: `${className}RMSNorm` },
    );
  }
  modules.push(
    { name: 'model.norm', type: `${className}RMSNorm` },
    { name: 'model.rotary_emb', type: `${className}RotaryEmbedding` },
    { name: 'lm_head', type: 'Linear', in_features: config.hidden_size, out_features: config.vocab_size },
  );
  return modules;
}

function weightsOf(config: GatedDecoderConfig, kind: GatedDecoderKind): WeightSpec[] {
  const { hidden_size: C, vocab_size: V } = config;
  const weights = [matrix('model.embed_tokens.weight', V, C)];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const block = `model.layers.${layer}`;
    const { attention, mlp } = blockLinears(config, kind, block);
    weights.push(
      ...attention.flatMap(linearWeights),
      ...headNormsOf(kind, block).map((name) => vector(`${name}.weight`, config.head_dim)),
      ...mlp.flatMap(linearWeights),
      vector(`${block}.input_layernorm.weight`, C),
      vector(`${block}.post_attention_layernorm.weight`, C),
    );
  }
  weights.push(vector('model.norm.weight', C));
  if (!config.tie_word_embeddings) weights.push(matrix('lm_head.weight', V, C));
  return weights;
}
