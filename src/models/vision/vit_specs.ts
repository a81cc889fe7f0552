import type { ModuleInfo, ModuleNames } from '../../core/model';
import { ACTIVATIONS } from '../activations';
import type { WeightSpec } from '../architecture';
import { type LinearSpec, layerNormWeights, linearModule, linearsOf, linearWeights, matrix, vector } from '../specs';
import type { VitConfig } from './vit_config';

/** The names of a layer's parts, behind that of the layer. */
interface LayerNames {
  /** The list of layers. */
  readonly layers: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attended: string;
  readonly up: string;
  readonly down: string;
}

/** transformers 4's are those of files too. */
const NAMES: Readonly<Record<ModuleNames, LayerNames>> = {
  v4: {
    layers: 'vit.encoder.layer',
    query: 'attention.attention.query',
    key: 'attention.attention.key',
    value: 'attention.attention.value',
    attended: 'attention.output.dense',
    up: 'intermediate.dense',
    down: 'output.dense',
  },
  v5: {
    layers: 'vit.layers',
    query: 'attention.q_proj',
    key: 'attention.k_proj',
    value: 'attention.v_proj',
    attended: 'attention.o_proj',
    up: 'mlp.fc1',
    down: 'mlp.fc2',
  },
};

const EMBEDDINGS = 'vit.embeddings';

/** A ViT's own tensors, by their whole names. */
export const VIT = {
  patches: `${EMBEDDINGS}.patch_embeddings.projection`,
  classToken: `${EMBEDDINGS}.cls_token`,
  positions: `${EMBEDDINGS}.position_embeddings`,
  lastNorm: 'vit.layernorm',
} as const;

export interface VitLayer {
  readonly name: string;
  readonly normBefore: string;
  readonly query: LinearSpec;
  readonly key: LinearSpec;
  readonly value: LinearSpec;
  readonly attended: LinearSpec;
  readonly normAfter: string;
  readonly up: LinearSpec;
  readonly down: LinearSpec;
}

/** The parts of each layer, by their whole names. */
export function vitLayers(config: VitConfig): readonly VitLayer[] {
  const { hidden_size: C, intermediate_size: F, qkv_bias } = config;
  const names = NAMES[config.moduleNames];
  return Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const name = `${names.layers}.${layer}`;
    const [input, linear] = [linearsOf(name, qkv_bias), linearsOf(name, true)];
    return {
      name,
      normBefore: `${name}.layernorm_before`,
      query: input(names.query, C, C),
      key: input(names.key, C, C),
      value: input(names.value, C, C),
      attended: linear(names.attended, C, C),
      normAfter: `${name}.layernorm_after`,
      up: linear(names.up, C, F),
      down: linear(names.down, F, C),
    };
  });
}

/** Of the first layer, for messages. */
export function nameOfQuery(config: VitConfig, moduleNames: ModuleNames): string {
  return vitLayers({ ...config, moduleNames })[0]?.query.name ?? '';
}

export function vitModules(config: VitConfig): ModuleInfo[] {
  const { hidden_size: C, image, moduleNames } = config;
  const edges = `kernel_size=(${image.patch}, ${image.patch}), stride=(${image.patch}, ${image.patch})`;
  const before: ModuleInfo[] = [
    { name: 'vit', type: 'ViTModel' },
    { name: EMBEDDINGS, type: 'ViTEmbeddings' },
    { name: `${EMBEDDINGS}.patch_embeddings`, type: 'ViTPatchEmbeddings' },
    { name: VIT.patches, type: 'Conv2d', repr: `Conv2d(${image.channels}, ${C}, ${edges})` },
    { name: `${EMBEDDINGS}.dropout`, type: 'Dropout' },
  ];
  const list: ModuleInfo = { name: NAMES[moduleNames].layers, type: 'ModuleList' };
  const lists = moduleNames === 'v4' ? [{ name: 'vit.encoder', type: 'ViTEncoder' }, list] : [list];
  const ofLayer = moduleNames === 'v4' ? modulesOfV4 : modulesOfV5;
  const act = ACTIVATIONS[config.hidden_act].type;
  const modules = vitLayers(config).flatMap((layer) => ofLayer(layer, act));
  return [...before, ...lists, ...modules, { name: VIT.lastNorm, type: 'LayerNorm' }];
}

function modulesOfV4(layer: VitLayer, act: string): ModuleInfo[] {
  const { name, normBefore, normAfter, query, key, value, attended, up, down } = layer;
  return [
    { name, type: 'ViTLayer' },
    { name: `${name}.attention`, type: 'ViTAttention' },
    { name: `${name}.attention.attention`, type: 'ViTSelfAttention' },
    ...[query, key, value].map(linearModule),
    { name: `${name}.attention.output`, type: 'ViTSelfOutput' },
    linearModule(attended),
    { name: `${name}.attention.output.dropout`, type: 'Dropout' },
    { name: `${name}.intermediate`, type: 'ViTIntermediate' },
    linearModule(up),
    { name: `${name}.intermediate.intermediate_act_fn`, type: act },
    { name: `${name}.output`, type: 'ViTOutput' },
    linearModule(down),
    { name: `${name}.output.dropout`, type: 'Dropout' },
    { name: normBefore, type: 'LayerNorm' },
    { name: normAfter, type: 'LayerNorm' },
  ];
}

function modulesOfV5(layer: VitLayer, act: string): ModuleInfo[] {
  const { name, normBefore, normAfter, query, key, value, attended, up, down } = layer;
  return [
    { name, type: 'ViTLayer' },
    { name: `${name}.attention`, type: 'ViTAttention' },
    ...[query, key, value, attended].map(linearModule),
    { name: normBefore, type: 'LayerNorm' },
    { name: normAfter, type: 'LayerNorm' },
    { name: `${name}.mlp`, type: 'ViTMLP' },
    { name: `${name}.mlp.activation_fn`, type: act },
    ...[up, down].map(linearModule),
    { name: `${name}.dropout`, type: 'Dropout' },
  ];
}

/** Files have the names of transformers 4, or of 5 where something else wrote them. */
export function vitWeights(config: VitConfig): WeightSpec[] {
  const [v4, v5] = [namedWeights({ ...config, moduleNames: 'v4' }), namedWeights({ ...config, moduleNames: 'v5' })];
  return namedWeights(config).map((spec, index) => {
    const [first = spec, other = spec] = [v4[index], v5[index]];
    return first.name === other.name ? spec : { ...spec, storedNames: [first.name, other.name] };
  });
}

function namedWeights(config: VitConfig): WeightSpec[] {
  const { hidden_size: C, image } = config;
  const { channels, patch, patches } = image;
  const layers = vitLayers(config).flatMap((layer) => [
    ...[layer.query, layer.key, layer.value, layer.attended].flatMap(linearWeights),
    ...layerNormWeights(layer.normBefore, C),
    ...layerNormWeights(layer.normAfter, C),
    ...[layer.up, layer.down].flatMap(linearWeights),
  ]);
  return [
    { ...vector(VIT.classToken, C), storedShape: [1, 1, C] },
    { ...matrix(VIT.positions, patches + 1, C), storedShape: [1, patches + 1, C] },
    { ...matrix(`${VIT.patches}.weight`, C, channels * patch ** 2), storedShape: [C, channels, patch, patch] },
    vector(`${VIT.patches}.bias`, C),
    ...layers,
    ...layerNormWeights(VIT.lastNorm, C),
  ];
}
