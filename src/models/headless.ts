import type { ModuleInfo } from '../core/types/model';
import { fileNames, type Head, type MakeHead, type Network, type WeightSpec } from './architecture';
import { type Layers, layersOver } from './layers';
import * as nn from './nn';

/**
 * Returns a network under the names that it has without a head: 'wte', not 'transformer.wte', unless `headlessClass` is set. Files may use
 * either name.
 */
export function headless(network: Network): Network {
  const { prefix, modules, weights, headlessClass, pooler } = network;
  if (headlessClass !== undefined)
    return { ...network, ...(pooler?.imageVectors && { imageVectors: pooler.imageVectors }) };
  const short = (name: string): string => withoutPrefix(name, prefix);
  return {
    ...network,
    prefix: '',
    modules: modules.slice(1).map((module): ModuleInfo => ({ ...module, name: short(module.name) })),
    weights: weights.map((spec) => renamed(spec, short)),
    hidden: (g, layers, inputs) => network.hidden(g, renamedLayers(layers, short), inputs),
  };
}

function renamed(spec: WeightSpec, short: (name: string) => string): WeightSpec {
  const [first, ...others] = fileNames(spec);
  const names = [...others, first, ...others.map(short)];
  return { ...spec, name: short(spec.name), storedNames: [short(first), ...new Set(names)] };
}

/** Wraps `layers`, which have short names, so that a network's modules can use them by their long names. */
function renamedLayers(layers: Layers, short: (name: string) => string): Layers {
  return layersOver(
    {
      weight: (name) => layers.weight(short(name)),
      bias: (name) => layers.bias(short(name)),
      parameter: (name) => layers.parameter(short(name)),
    },
    (uses, x) =>
      layers.apply(
        uses.map((use) => ({ ...use, name: short(use.name) })),
        x,
      ),
  );
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : name;
}

interface Pooler {
  /** The name of the module's class in torch. */
  readonly type: string;
  readonly C: number;
  /** The standard deviation of a new layer's weight. */
  readonly std: number;
}

/**
 * Creates the pooler that transformers' AutoModel has for some networks: a layer that reads the first token's hidden state. Embedding
 * vectors are computed without the pooler, but adapters may wrap it.
 */
export function poolerOf({ type, C, std }: Pooler): Pick<Head, 'modules' | 'weights'> {
  const pooler = nn.module(type, { dense: nn.linear(C, C), activation: nn.module('Tanh', {}) })('pooler');
  const weights = pooler.weights.map((spec) => ({ ...spec, initialStd: spec.kind === 'matrix' ? std : 0 }));
  return { modules: pooler.modules, weights };
}

/** Returns the head of a model without a task head: its results are the hidden states themselves. */
export function noHead({ prefix, modules, hiddenSize, pooler, headlessClass }: Network): MakeHead {
  const [root] = modules;
  const weights = pooler?.weights.map((spec) => {
    const storedNames: [string, string] = [spec.name, `${prefix}.${spec.name}`];
    return { ...spec, storedNames };
  });
  return () => ({
    className: headlessClass ?? root?.type ?? '',
    modules: pooler?.modules ?? [],
    weights: weights ?? [],
    tied: new Map(),
    reads: 'every token',
    outputs: hiddenSize,
    logits: (_g, _layers, hidden) => hidden,
  });
}
