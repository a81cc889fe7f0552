import type { ModuleInfo, PretrainedConfig } from '../../core/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { embedding } from '../../ops/embedding';
import { ACTIVATIONS } from '../activations';
import type { Inputs, Network, WeightSpec } from '../architecture';
import { LONGEST } from '../config_fields';
import { languageHead, scoreHead } from '../heads';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';
import {
  embeddingModule,
  type LinearSpec,
  layerNormWeights,
  linearModule,
  linearsOf,
  linearWeights,
  matrix,
} from '../specs';
import { type OptConfig, parseOptConfig } from './opt_config';

/** torch's default, which OPT's config has no field for. */
const EPS = 1e-5;

/** Position p is in row p + 2 of the table: the first two stood for padding once. */
const POSITION_OFFSET = 2;

/** `model_type: "opt"`: LayerNorm before or after, learned positions that don't count padding; tied or untied head. */
export function createOpt(json: PretrainedConfig): Network {
  const config = parseOptConfig(json);
  const { word_embed_proj_dim: E, vocab_size: V, tie_word_embeddings } = config;
  const tiedTo = tie_word_embeddings ? 'model.decoder.embed_tokens' : undefined;
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength: Math.min(config.max_position_embeddings, LONGEST),
      positions: 'mask',
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: optModules(config),
    weights: optWeights(config),
    prefix: 'model',
    constants: [],
    hidden: (g, layers, inputs) => opt(g, layers, config, inputs),
    heads: {
      causal_lm: () => languageHead({ className: 'OPTForCausalLM', C: E, V, tiedTo }),
      sequence_classification: scoreHead({ className: 'OPTForSequenceClassification', C: E }),
    },
  };
}

function opt(g: Graph, layers: Layers, config: OptConfig, inputs: Inputs): Value {
  const before = config.do_layer_norm_before;
  const norm = (name: string, value: Value): Value => layerNormOf(g, layers, name, value, EPS);
  let x = embed(g, layers, config, inputs);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    inputs.block?.();
    const block = `model.decoder.layers.${layer}`;
    const apply = (name: string, sublayer: (value: Value, residual: Value) => Value): void => {
      const sum = sublayer(before ? norm(`${block}.${name}`, x) : x, x);
      x = before ? sum : norm(`${block}.${name}`, sum);
    };
    apply('self_attn_layer_norm', (value, residual) => attention(layers, config, inputs, layer, value, residual));
    apply('final_layer_norm', (value, residual) => mlp(g, layers, config, block, value, residual));
  }
  inputs.block?.();
  if (config.final_layer_norm) x = norm('model.decoder.final_layer_norm', x);
  return isProjected(config) ? layers.linear('model.decoder.project_out', x) : x;
}

function embed(g: Graph, layers: Layers, config: OptConfig, inputs: Inputs): Value {
  const tokens = embedding(g, inputs.value('input_ids'), layers.weight('model.decoder.embed_tokens'), {
    padding: config.pad_token_id ?? undefined,
  });
  const table = layers.weight('model.decoder.embed_positions');
  const projected = isProjected(config) ? layers.linear('model.decoder.project_in', tokens) : tokens;
  return add(g, projected, embedding(g, inputs.value('position_ids'), table, { offset: POSITION_OFFSET }));
}

function attention(layers: Layers, config: OptConfig, inputs: Inputs, layer: number, x: Value, residual: Value): Value {
  const block = `model.decoder.layers.${layer}.self_attn`;
  const [q, k, v] = layers.linears([`${block}.q_proj`, `${block}.k_proj`, `${block}.v_proj`], x);
  const { num_attention_heads: H, hidden_size: C } = config;
  const attended = inputs.attend(layer, q, k, v, { H, Hkv: H, D: C / H });
  return layers.linear(`${block}.out_proj`, attended, { residual });
}

function mlp(g: Graph, layers: Layers, config: OptConfig, block: string, x: Value, residual: Value): Value {
  const act = ACTIVATIONS[config.activation_function];
  return layers.linear(`${block}.fc2`, act.apply(g, layers.linear(`${block}.fc1`, x)), { residual });
}

function isProjected({ word_embed_proj_dim, hidden_size }: OptConfig): boolean {
  return word_embed_proj_dim !== hidden_size;
}

/** The linear layers in torch's order: out before in, k before v before q. */
function projections(config: OptConfig): LinearSpec[] {
  if (!isProjected(config)) return [];
  const { hidden_size: C, word_embed_proj_dim: E } = config;
  const spec = linearsOf('model.decoder', false);
  return [spec('project_out', C, E), spec('project_in', E, C)];
}

function blockLinears({ hidden_size: C, ffn_dim: F, enable_bias: bias }: OptConfig, block: string) {
  const spec = linearsOf(block, bias);
  return {
    attention: ['k_proj', 'v_proj', 'q_proj', 'out_proj'].map((name) => spec(`self_attn.${name}`, C, C)),
    mlp: [spec('fc1', C, F), spec('fc2', F, C)],
  };
}

function optModules(config: OptConfig): ModuleInfo[] {
  const modules: ModuleInfo[] = [
    { name: 'model', type: 'OPTModel' },
    { name: 'model.decoder', type: 'OPTDecoder' },
    embeddingModule('model.decoder.embed_tokens', config.vocab_size, config.word_embed_proj_dim, {
      padding: config.pad_token_id,
    }),
    { name: 'model.decoder.embed_positions', type: 'OPTLearnedPositionalEmbedding' },
    ...projections(config).map(linearModule),
  ];
  if (config.final_layer_norm) modules.push({ name: 'model.decoder.final_layer_norm', type: 'LayerNorm' });
  modules.push({ name: 'model.decoder.layers', type: 'ModuleList' });
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const block = `model.decoder.layers.${layer}`;
    const { attention, mlp } = blockLinears(config, block);
    modules.push(
      { name: block, type: 'OPTDecoderLayer' },
      { name: `${block}.self_attn`, type: 'OPTAttention' },
      ...attention.map(linearModule),
      { name: `${block}.activation_fn`, type: ACTIVATIONS[config.activation_function].type },
      { name: `${block}.self_attn_layer_norm`, type: 'LayerNorm' },
      ...mlp.map(linearModule),
      { name: `${block}.final_layer_norm`, type: 'LayerNorm' },
    );
  }
  return modules;
}

function optWeights(config: OptConfig): WeightSpec[] {
  const { hidden_size: C, word_embed_proj_dim: E, vocab_size: V, max_position_embeddings: P } = config;
  const weights = [
    matrix('model.decoder.embed_tokens.weight', V, E),
    matrix('model.decoder.embed_positions.weight', P + POSITION_OFFSET, C),
    ...projections(config).flatMap(linearWeights),
  ];
  if (config.final_layer_norm) weights.push(...layerNormWeights('model.decoder.final_layer_norm', C));
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const block = `model.decoder.layers.${layer}`;
    const { attention, mlp } = blockLinears(config, block);
    weights.push(
      ...attention.flatMap(linearWeights),
      ...layerNormWeights(`${block}.self_attn_layer_norm`, C),
      ...mlp.flatMap(linearWeights),
      ...layerNormWeights(`${block}.final_layer_norm`, C),
    );
  }
  return weights;
}
