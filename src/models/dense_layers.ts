import { WebVeraError } from '../core/errors/error';
import { AFTER_POOLING, type DenseLayer, denseName, type Pooling } from '../core/pooling/pooling';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { Network } from './architecture';
import { tanh } from './heads';
import type { Layers } from './layers';
import * as nn from './nn';

/** Creates the layers that change a pooled vector, as a list of modules. Adapters can't wrap them, because they aren't Linear. */
export function denseModules(dense: readonly DenseLayer[]): nn.Module {
  const layers = dense.map(({ in_features, out_features, bias }, index) => [
    index,
    // As a vector, a weight is float32 on the device whatever the model's dtype, so that heads and `embed` have the same vectors.
    nn.module('Dense', {
      weight: nn.parameter({ shape: [out_features, in_features], kind: 'vector' }),
      bias: bias ? nn.parameter({ shape: [out_features], kind: 'vector' }) : undefined,
    }),
  ]);
  return nn.module('ModuleList', Object.fromEntries(layers))(AFTER_POOLING);
}

/** Changes vectors by the layers in turn: act(x·Wᵀ + bias). */
export function denseVectors(g: Graph, layers: Layers, dense: readonly DenseLayer[], vectors: Value): Value {
  return dense.reduce((x, { activation }, index) => {
    const y = layers.linear(denseName(index), x);
    return activation === 'tanh' ? tanh(g, y) : y;
  }, vectors);
}

/** Returns the width of a pooled vector. Throws `invalid_format` if the first layer after the pooling expects another width. */
export function pooledWidth({ hiddenSize }: Pick<Network, 'hiddenSize'>, { modes, dense = [] }: Pooling): number {
  const width = modes.length * hiddenSize;
  const [first] = dense;
  if (first === undefined || first.in_features === width) return dense.at(-1)?.out_features ?? width;
  const message = `${first.path}/config.json: in_features: expected ${width}, the pooled vector's width, got ${first.in_features}`;
  throw new WebVeraError('invalid_format', message, {
    hint: "Do config.json and the folder's modules belong together?",
  });
}
