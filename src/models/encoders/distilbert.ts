import { Fields } from '../../core/fields';
import type { ModuleInfo, PretrainedConfig } from '../../core/model';
import { add } from '../../ops/add';
import { embedding } from '../../ops/embedding';
import { relu } from '../../ops/relu';
import { ACTIVATIONS } from '../activations';
import type { Network, WeightSpec } from '../architecture';
import { LONGEST } from '../config_fields';
import { denseHead } from '../heads';
import { layerNormOf } from '../layer_norm';
import { embeddingModule, layerNormWeights, linearModule, linearsOf, linearWeights, matrix } from '../specs';
import { type EncoderLayerNames, encoderLayers } from './encoder';
import { type EncoderConfig, parseEncoderConfig } from './encoder_config';

const LAYER: EncoderLayerNames = {
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attended: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  up: 'ffn.lin1',
  down: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
};
const EMBEDDINGS = 'distilbert.embeddings';
/** Fixed in torch's classes. */
const EPS = 1e-12;

/** `model_type: "distilbert"`: BERT without types of tokens and without a pooler, under names of its own. */
export function createDistilbert(json: PretrainedConfig): Network {
  const config = parseDistilbert(json);
  const { vocab_size, hidden_size: C, num_hidden_layers: count, num_attention_heads: H, hidden_act: act } = config;
  return {
    config: json,
    text: {
      vocabSize: vocab_size,
      maxLength: Math.min(config.max_position_embeddings, LONGEST),
      positions: 'row',
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
    },
    modules: distilbertModules(config),
    weights: distilbertWeights(config),
    prefix: 'distilbert',
    constants: [],
    hidden(g, layers, inputs) {
      const table = (name: string) => layers.weight(`${EMBEDDINGS}.${name}_embeddings`);
      const padding = config.pad_token_id ?? undefined;
      const words = embedding(g, inputs.value('input_ids'), table('word'), { padding });
      const sum = add(g, words, embedding(g, inputs.value('position_ids'), table('position')));
      const embedded = layerNormOf(g, layers, `${EMBEDDINGS}.LayerNorm`, sum, EPS);
      const encoder = { block: blockOf, names: LAYER, count, C, H, eps: EPS, act };
      return encoderLayers(g, layers, inputs, encoder, embedded);
    },
    heads: {
      sequence_classification: denseHead({
        className: 'DistilBertForSequenceClassification',
        C,
        std: config.initializer_range,
        dense: 'pre_classifier',
        out: 'classifier',
        activation: relu,
        modules: (dense, out) => [dense, out, { name: 'dropout', type: 'Dropout' }],
      }),
    },
  };
}

/** Its fields have names of their own. */
function parseDistilbert(json: PretrainedConfig): EncoderConfig {
  const fields = new Fields(json, 'config.json');
  const names = {
    hidden_size: 'dim',
    intermediate_size: 'hidden_dim',
    num_hidden_layers: 'n_layers',
    num_attention_heads: 'n_heads',
  };
  const defaults = { dim: 768, hidden_dim: 3072, n_layers: 6, n_heads: 12 } as const;
  const sizes = Object.entries(names).map(([name, own]) => [
    name,
    fields.positiveInteger(own, { fallback: defaults[own as keyof typeof defaults] }),
  ]);
  const renamed = { ...json, ...Object.fromEntries(sizes), hidden_act: json.activation ?? 'gelu' };
  return parseEncoderConfig(renamed, 'distilbert', { type_vocab_size: 1, bos: null, eos: null, pad: 0 });
}

function blockOf(layer: number): string {
  return `distilbert.transformer.layer.${layer}`;
}

function blockLinears({ hidden_size: C, intermediate_size: F }: EncoderConfig, block: string) {
  const linear = linearsOf(block, true);
  return {
    attention: [LAYER.query, LAYER.key, LAYER.value, LAYER.attended].map((name) => linear(name, C, C)),
    mlp: [linear(LAYER.up, C, F), linear(LAYER.down, F, C)],
  };
}

function distilbertModules(config: EncoderConfig): ModuleInfo[] {
  const { vocab_size: V, hidden_size: C, pad_token_id: padding } = config;
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer): ModuleInfo[] => {
    const block = blockOf(layer);
    const { attention, mlp } = blockLinears(config, block);
    return [
      { name: block, type: 'TransformerBlock' },
      { name: `${block}.attention`, type: 'DistilBertSelfAttention' },
      ...attention.map(linearModule),
      { name: `${block}.attention.dropout`, type: 'Dropout' },
      { name: `${block}.${LAYER.attentionNorm}`, type: 'LayerNorm' },
      { name: `${block}.ffn`, type: 'FFN' },
      { name: `${block}.ffn.dropout`, type: 'Dropout' },
      ...mlp.map(linearModule),
      { name: `${block}.ffn.activation`, type: ACTIVATIONS[config.hidden_act].type },
      { name: `${block}.${LAYER.outputNorm}`, type: 'LayerNorm' },
    ];
  });
  return [
    { name: 'distilbert', type: 'DistilBertModel' },
    { name: EMBEDDINGS, type: 'Embeddings' },
    embeddingModule(`${EMBEDDINGS}.word_embeddings`, V, C, { padding }),
    embeddingModule(`${EMBEDDINGS}.position_embeddings`, config.max_position_embeddings, C),
    { name: `${EMBEDDINGS}.LayerNorm`, type: 'LayerNorm' },
    { name: `${EMBEDDINGS}.dropout`, type: 'Dropout' },
    { name: 'distilbert.transformer', type: 'Transformer' },
    { name: 'distilbert.transformer.layer', type: 'ModuleList' },
    ...blocks.flat(),
  ];
}

function distilbertWeights(config: EncoderConfig): WeightSpec[] {
  const { vocab_size: V, hidden_size: C } = config;
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const block = blockOf(layer);
    const { attention, mlp } = blockLinears(config, block);
    return [
      ...attention.flatMap(linearWeights),
      ...layerNormWeights(`${block}.${LAYER.attentionNorm}`, C),
      ...mlp.flatMap(linearWeights),
      ...layerNormWeights(`${block}.${LAYER.outputNorm}`, C),
    ];
  });
  return [
    matrix(`${EMBEDDINGS}.word_embeddings.weight`, V, C),
    matrix(`${EMBEDDINGS}.position_embeddings.weight`, config.max_position_embeddings, C),
    ...layerNormWeights(`${EMBEDDINGS}.LayerNorm`, C),
    ...blocks.flat(),
  ];
}
