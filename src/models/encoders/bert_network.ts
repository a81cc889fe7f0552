import type { ModuleInfo, PretrainedConfig } from '../../core/model';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { embedding } from '../../ops/embedding';
import { ACTIVATIONS } from '../activations';
import { type Inputs, type Network, PADDING_POSITION, type PositionRule, type WeightSpec } from '../architecture';
import { LONGEST } from '../config_fields';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';
import { embeddingModule, layerNormWeights, linearModule, linearsOf, linearWeights, matrix } from '../specs';
import { type EncoderLayerNames, encoderLayers } from './encoder';
import type { EncoderConfig } from './encoder_config';

/** In what BERT and RoBERTa differ, beside their heads. */
interface BertKind {
  /** What torch's classes begin with. */
  readonly className: string;
  /** torch's name of the network. */
  readonly prefix: string;
  readonly positions: PositionRule;
  /** Where the first position lies in its table. */
  readonly firstPosition: number;
  /** Whether torch's list of modules has types of tokens first, and positions at the end. */
  readonly typesBeforePositions: boolean;
}

const LAYER: EncoderLayerNames = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attended: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  up: 'intermediate.dense',
  down: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

/** An encoder with the names of BERT. */
export function createBertNetwork(
  json: PretrainedConfig,
  config: EncoderConfig,
  kind: BertKind,
): Omit<Network, 'heads'> {
  const { max_position_embeddings: P, type_vocab_size } = config;
  return {
    config: json,
    text: {
      vocabSize: config.vocab_size,
      maxLength: Math.min(P - kind.firstPosition, LONGEST),
      positions: kind.positions,
      eosTokenIds: config.eos_token_ids,
      padTokenId: config.pad_token_id ?? undefined,
      typeVocabSize: type_vocab_size,
    },
    modules: [...embeddingModules(config, kind), ...encoderModules(config, kind)],
    weights: bertWeights(config, kind),
    prefix: kind.prefix,
    constants: [],
    hidden: (g, layers, inputs) => {
      const { hidden_size: C, num_attention_heads: H, num_hidden_layers: count, hidden_act: act } = config;
      const { layer_norm_eps: eps } = config;
      const block = (layer: number): string => blockOf(kind, layer);
      return encoderLayers(
        g,
        layers,
        inputs,
        { block, names: LAYER, count, C, H, eps, act },
        embed(g, layers, config, kind, inputs),
      );
    },
  };
}

function embed(g: Graph, layers: Layers, config: EncoderConfig, kind: BertKind, inputs: Inputs): Value {
  const table = (name: string): Value => layers.weight(`${kind.prefix}.embeddings.${name}_embeddings`);
  const padding = config.pad_token_id ?? undefined;
  const words = embedding(g, inputs.value('input_ids'), table('word'), { padding });
  const types = embedding(g, inputs.value('token_type_ids'), table('token_type'));
  const ofPositions = { offset: kind.firstPosition, padding: hasPaddingRow(kind) ? PADDING_POSITION : undefined };
  const places = embedding(g, inputs.value('position_ids'), table('position'), ofPositions);
  const sum = add(g, add(g, words, types), places);
  return layerNormOf(g, layers, `${kind.prefix}.embeddings.LayerNorm`, sum, config.layer_norm_eps);
}

/** Whether the table of positions has a row for padding, which learns nothing. */
function hasPaddingRow({ positions }: BertKind): boolean {
  return positions === 'ids';
}

function blockOf({ prefix }: BertKind, layer: number): string {
  return `${prefix}.encoder.layer.${layer}`;
}

function blockLinears({ hidden_size: C, intermediate_size: F }: EncoderConfig, block: string) {
  const linear = linearsOf(block, true);
  return {
    inputs: [linear(LAYER.query, C, C), linear(LAYER.key, C, C), linear(LAYER.value, C, C)],
    attended: linear(LAYER.attended, C, C),
    up: linear(LAYER.up, C, F),
    down: linear(LAYER.down, F, C),
  };
}

function embeddingModules(config: EncoderConfig, kind: BertKind): ModuleInfo[] {
  const { className, prefix, typesBeforePositions } = kind;
  const { vocab_size: V, hidden_size: C, pad_token_id: padding } = config;
  const name = `${prefix}.embeddings`;
  const positions = embeddingModule(`${name}.position_embeddings`, config.max_position_embeddings, C, {
    padding: hasPaddingRow(kind) ? padding : null,
  });
  return [
    { name: prefix, type: `${className}Model` },
    { name, type: `${className}Embeddings` },
    embeddingModule(`${name}.word_embeddings`, V, C, { padding }),
    ...(typesBeforePositions ? [] : [positions]),
    embeddingModule(`${name}.token_type_embeddings`, config.type_vocab_size, C),
    { name: `${name}.LayerNorm`, type: 'LayerNorm' },
    { name: `${name}.dropout`, type: 'Dropout' },
    ...(typesBeforePositions ? [positions] : []),
  ];
}

function encoderModules(config: EncoderConfig, kind: BertKind): ModuleInfo[] {
  const { className, prefix } = kind;
  const modules: ModuleInfo[] = [
    { name: `${prefix}.encoder`, type: `${className}Encoder` },
    { name: `${prefix}.encoder.layer`, type: 'ModuleList' },
  ];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const block = blockOf(kind, layer);
    const { inputs, attended, up, down } = blockLinears(config, block);
    modules.push(
      { name: block, type: `${className}Layer` },
      { name: `${block}.attention`, type: `${className}Attention` },
      { name: `${block}.attention.self`, type: `${className}SelfAttention` },
      ...inputs.map(linearModule),
      { name: `${block}.attention.self.dropout`, type: 'Dropout' },
      { name: `${block}.attention.output`, type: `${className}SelfOutput` },
      linearModule(attended),
      { name: `${block}.attention.output.LayerNorm`, type: 'LayerNorm' },
      { name: `${block}.attention.output.dropout`, type: 'Dropout' },
      { name: `${block}.intermediate`, type: `${className}Intermediate` },
      linearModule(up),
      { name: `${block}.intermediate.intermediate_act_fn`, type: ACTIVATIONS[config.hidden_act].type },
      { name: `${block}.output`, type: `${className}Output` },
      linearModule(down),
      { name: `${block}.output.LayerNorm`, type: 'LayerNorm' },
      { name: `${block}.output.dropout`, type: 'Dropout' },
    );
  }
  return modules;
}

function bertWeights(config: EncoderConfig, kind: BertKind): WeightSpec[] {
  const { hidden_size: C, vocab_size: V } = config;
  const name = `${kind.prefix}.embeddings`;
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const block = blockOf(kind, layer);
    const { inputs, attended, up, down } = blockLinears(config, block);
    return [
      ...[...inputs, attended].flatMap(linearWeights),
      ...layerNormWeights(`${block}.${LAYER.attentionNorm}`, C),
      ...[up, down].flatMap(linearWeights),
      ...layerNormWeights(`${block}.${LAYER.outputNorm}`, C),
    ];
  });
  return [
    matrix(`${name}.word_embeddings.weight`, V, C),
    matrix(`${name}.position_embeddings.weight`, config.max_position_embeddings, C),
    matrix(`${name}.token_type_embeddings.weight`, config.type_vocab_size, C),
    ...layerNormWeights(`${name}.LayerNorm`, C),
    ...blocks.flat(),
  ];
}
