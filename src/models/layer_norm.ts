import { WebVeraError } from '../core/errors/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { layerNorm } from '../ops/norms/layer_norm';
import type { Layers } from './layers';

/** The model's LayerNorm of that name, over the last dimension of x. */
export function layerNormOf(g: Graph, layers: Layers, name: string, x: Value, eps: number): Value {
  const bias = layers.bias(name);
  if (bias === undefined) throw new WebVeraError('internal', `The model asked for ${name}.bias, which isn't loaded`);
  return layerNorm(g, x, layers.weight(name), bias, eps);
}
