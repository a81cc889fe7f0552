import type { ModuleNames, PretrainedConfig } from '../../core/model';
import { rowsAndColumns } from '../../core/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { add } from '../../ops/add';
import { embedding } from '../../ops/embedding';
import { prependRow } from '../../ops/prepend_row';
import { ACTIVATIONS } from '../activations';
import type { Head, Inputs, Network, NetworkOptions } from '../architecture';
import { newWeights } from '../heads';
import type { Labels } from '../labels';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';
import { type LinearSpec, linearModule, linearWeights } from '../specs';
import { parseVitConfig, type VitConfig } from './vit_config';
import { nameOfQuery, VIT, type VitLayer, vitLayers, vitModules, vitWeights } from './vit_specs';

/** `model_type: "vit"`: an image's patches as tokens, one before them that stands for the whole; LayerNorm before each part. */
export function createVit(json: PretrainedConfig, { moduleNames }: NetworkOptions = {}): Network {
  const parsed = parseVitConfig(json);
  const config = { ...parsed, moduleNames: moduleNames ?? parsed.moduleNames };
  return {
    config: json,
    image: config.image,
    moduleNames: config.moduleNames,
    namesHint: namesHint(config),
    modules: vitModules(config),
    weights: vitWeights(config),
    prefix: 'vit',
    constants: [],
    hidden: (g, layers, inputs) => vit(g, layers, config, inputs),
    heads: { image_classification: (labels) => classifierHead(config, labels) },
  };
}

function vit(g: Graph, layers: Layers, config: VitConfig, inputs: Inputs): Value {
  const norm = (name: string, value: Value): Value => layerNormOf(g, layers, name, value, config.layer_norm_eps);
  let x = embed(g, layers, config, inputs);
  for (const [index, layer] of vitLayers(config).entries()) {
    inputs.block?.();
    x = attention(layers, config, inputs, { index, layer, x: norm(layer.normBefore, x), residual: x });
    const made = ACTIVATIONS[config.hidden_act].apply(g, layers.linear(layer.up.name, norm(layer.normAfter, x)));
    x = layers.linear(layer.down.name, made, { residual: x });
  }
  inputs.block?.();
  return norm(VIT.lastNorm, x);
}

/** (B·P, C·p·p) to (B·(P + 1), C): a convolution whose stride is its kernel's edge is a product over patches. */
function embed(g: Graph, layers: Layers, { image }: VitConfig, inputs: Inputs): Value {
  const patches = layers.linear(VIT.patches, inputs.value('pixel_values'));
  const B = rowsAndColumns(patches.shape).rows / image.patches;
  const tokens = prependRow(g, patches, layers.parameter(VIT.classToken), B);
  return add(g, tokens, embedding(g, inputs.value('position_ids'), layers.parameter(VIT.positions)));
}

interface AttentionParts {
  readonly index: number;
  readonly layer: VitLayer;
  readonly x: Value;
  readonly residual: Value;
}

function attention(
  layers: Layers,
  { hidden_size: C, num_attention_heads: H }: VitConfig,
  inputs: Inputs,
  { index, layer, x, residual }: AttentionParts,
): Value {
  const [q, k, v] = layers.linears([layer.query.name, layer.key.name, layer.value.name], x);
  const attended = inputs.attend(index, q, k, v, { H, Hkv: H, D: C / H, causal: false });
  return layers.linear(layer.attended.name, attended, { residual });
}

function classifierHead({ hidden_size: C, initializer_range }: VitConfig, labels: Labels): Head {
  const outputs = labels.names.length;
  const spec: LinearSpec = { name: 'classifier', type: 'Linear', inFeatures: C, outFeatures: outputs, bias: true };
  return {
    className: 'ViTForImageClassification',
    modules: [linearModule(spec)],
    weights: newWeights(linearWeights(spec), initializer_range),
    tied: new Map(),
    reads: 'first token',
    outputs,
    labels,
    logits: (_g, layers, hidden) => layers.linear('classifier', hidden),
  };
}

function namesHint(config: VitConfig): string {
  const other: ModuleNames = config.moduleNames === 'v4' ? 'v5' : 'v4';
  const of = (names: ModuleNames): string =>
    `transformers ${names.slice(1)}'s names, such as ${nameOfQuery(config, names)}`;
  return `The modules of this model have ${of(config.moduleNames)}; loaded with module_names: '${other}' they have ${of(other)}.`;
}
