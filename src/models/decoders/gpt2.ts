import type { ModuleInfo, PretrainedConfig } from '../../core/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { embedding } from '../../ops/embedding';
import { sliceColumns } from '../../ops/slice_columns';
import { ACTIVATIONS } from '../activations';
import type { Inputs, Network, WeightSpec } from '../architecture';
import { LONGEST } from '../config_fields';
import { languageHead, scoreHead } from '../heads';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';
import { embeddingModule, layerNormWeights, linearModule, linearsOf, linearWeights, matrix } from '../specs';
import { type Gpt2Config, parseGpt2Config } from './gpt2_config';

/** `model_type: "gpt2"`: LayerNorm, learned positions, fused q, k and v; tied or untied head. */
export function createGpt2(json: PretrainedConfig): Network {
  const config = parseGpt2Config(json);
  const { n_embd: C, vocab_size: V } = config;
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength: Math.min(config.n_positions, LONGEST),
      positions: 'row',
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: gpt2Modules(config),
    weights: gpt2Weights(config),
    prefix: 'transformer',
    constants: [],
    hidden: (g, layers, inputs) => gpt2(g, layers, config, inputs),
    heads: {
      causal_lm: () =>
        languageHead({
          className: 'GPT2LMHeadModel',
          C,
          V,
          tiedTo: config.tie_word_embeddings ? 'transformer.wte' : undefined,
        }),
      sequence_classification: scoreHead({ className: 'GPT2ForSequenceClassification', C }),
    },
  };
}

function gpt2(g: Graph, layers: Layers, config: Gpt2Config, inputs: Inputs): Value {
  const norm = (name: string, value: Value): Value => layerNormOf(g, layers, name, value, config.layer_norm_epsilon);
  const tokens = embedding(g, inputs.value('input_ids'), layers.weight('transformer.wte'));
  let x = add(g, tokens, embedding(g, inputs.value('position_ids'), layers.weight('transformer.wpe')));
  for (let layer = 0; layer < config.n_layer; layer++) {
    inputs.block?.();
    const block = `transformer.h.${layer}`;
    x = attention(g, layers, config, inputs, layer, norm(`${block}.ln_1`, x), x);
    x = mlp(g, layers, config, block, norm(`${block}.ln_2`, x), x);
  }
  inputs.block?.();
  return norm('transformer.ln_f', x);
}

function attention(
  g: Graph,
  layers: Layers,
  config: Gpt2Config,
  inputs: Inputs,
  layer: number,
  x: Value,
  residual: Value,
): Value {
  const block = `transformer.h.${layer}.attn`;
  const { n_embd: C, n_head: H } = config;
  const fused = layers.linear(`${block}.c_attn`, x);
  const part = (index: number): Value => sliceColumns(g, fused, index * C, C);
  const scale = scaleOf(config, layer);
  const heads = { H, Hkv: H, D: C / H, ...(scale !== undefined && { scale }) };
  const attended = inputs.attend(layer, part(0), part(1), part(2), heads);
  return layers.linear(`${block}.c_proj`, attended, { residual });
}

/** The factor of a layer's scores, undefined for the usual 1 / √D. */
function scaleOf(config: Gpt2Config, layer: number): number | undefined {
  const { scale_attn_weights, scale_attn_by_inverse_layer_idx, n_embd, n_head } = config;
  if (scale_attn_weights && !scale_attn_by_inverse_layer_idx) return undefined;
  const scale = scale_attn_weights ? 1 / Math.sqrt(n_embd / n_head) : 1;
  return scale_attn_by_inverse_layer_idx ? scale / (layer + 1) : scale;
}

function mlp(g: Graph, layers: Layers, config: Gpt2Config, block: string, x: Value, residual: Value): Value {
  const act = ACTIVATIONS[config.activation_function];
  const wide = act.apply(g, layers.linear(`${block}.mlp.c_fc`, x));
  return layers.linear(`${block}.mlp.c_proj`, wide, { residual });
}

function blockLinears({ n_embd: C, n_inner: F }: Gpt2Config, block: string) {
  const conv = linearsOf(block, true, 'Conv1D');
  return {
    attention: [conv('attn.c_attn', C, 3 * C), conv('attn.c_proj', C, C)],
    mlp: [conv('mlp.c_fc', C, F), conv('mlp.c_proj', F, C)],
  };
}

function gpt2Modules(config: Gpt2Config): ModuleInfo[] {
  const modules: ModuleInfo[] = [
    { name: 'transformer', type: 'GPT2Model' },
    embeddingModule('transformer.wte', config.vocab_size, config.n_embd),
    embeddingModule('transformer.wpe', config.n_positions, config.n_embd),
    { name: 'transformer.drop', type: 'Dropout' },
    { name: 'transformer.h', type: 'ModuleList' },
  ];
  for (let layer = 0; layer < config.n_layer; layer++) {
    const block = `transformer.h.${layer}`;
    const { attention, mlp } = blockLinears(config, block);
    modules.push(
      { name: block, type: 'GPT2Block' },
      { name: `${block}.ln_1`, type: 'LayerNorm' },
      { name: `${block}.attn`, type: 'GPT2Attention' },
      ...attention.map(linearModule),
      { name: `${block}.attn.attn_dropout`, type: 'Dropout' },
      { name: `${block}.attn.resid_dropout`, type: 'Dropout' },
      { name: `${block}.ln_2`, type: 'LayerNorm' },
      { name: `${block}.mlp`, type: 'GPT2MLP' },
      ...mlp.map(linearModule),
      { name: `${block}.mlp.act`, type: ACTIVATIONS[config.activation_function].type },
      { name: `${block}.mlp.dropout`, type: 'Dropout' },
    );
  }
  modules.push({ name: 'transformer.ln_f', type: 'LayerNorm' });
  return modules;
}

function gpt2Weights(config: Gpt2Config): WeightSpec[] {
  const { n_embd: C, vocab_size: V, n_positions: P } = config;
  const weights = [matrix('transformer.wte.weight', V, C), matrix('transformer.wpe.weight', P, C)];
  for (let layer = 0; layer < config.n_layer; layer++) {
    const block = `transformer.h.${layer}`;
    const { attention, mlp } = blockLinears(config, block);
    weights.push(
      ...layerNormWeights(`${block}.ln_1`, C),
      ...attention.flatMap(linearWeights),
      ...layerNormWeights(`${block}.ln_2`, C),
      ...mlp.flatMap(linearWeights),
    );
  }
  weights.push(...layerNormWeights('transformer.ln_f', C));
  return weights;
}
