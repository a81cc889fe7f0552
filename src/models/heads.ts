import type { JsonObject } from '../core/input/fields';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { softcap } from '../ops/activations/softcap';
import type { Head, MakeHead, WeightSpec } from './architecture';
import type { Labels } from './labels';
import type { Layers } from './layers';
import * as nn from './nn';

/** The `initializer_range` of nearly all models in transformers. */
export const INITIAL_STD = 0.02;

/**
 * Returns the standard deviation of a decoder's new weights. Only a new head needs it, so an invalid value isn't rejected: the default
 * replaces it.
 */
export function initialStdOf(json: JsonObject, key = 'initializer_range'): number {
  const { [key]: std } = json;
  return typeof std === 'number' && std > 0 && std <= 1 ? std : INITIAL_STD;
}

interface LanguageHead {
  readonly className: string;
  /** The number of features of a hidden state. */
  readonly C: number;
  readonly V: number;
  /** The embedding whose weight the head shares. Default: the head has its own weight. */
  readonly tiedTo?: string | undefined;
  /** The usual name of the head's weight in files, which may also use 'lm_head.weight'. Default: only 'lm_head.weight'. */
  readonly storedName?: string;
  /** The cap of logits: s becomes cap · tanh(s / cap). Default: none. */
  readonly softcap?: number | undefined;
}

/** Creates the head of a language model: one linear layer without bias, which may share the embedding's weight. */
export function languageHead({ className, C, V, tiedTo, storedName, softcap: cap }: LanguageHead): Head {
  const { name, modules, weights } = nn.linear(C, V, false)('lm_head');
  return {
    className,
    modules,
    weights: weights.map((spec): WeightSpec => (storedName ? { ...spec, storedNames: [storedName, spec.name] } : spec)),
    tied: new Map(tiedTo === undefined ? [] : [[name, tiedTo]]),
    reads: 'every token',
    outputEmbedding: name,
    outputs: V,
    logits(g: Graph, layers, hidden: Value): Value {
      const logits = layers.linear(name, hidden);
      return cap === undefined ? logits : softcap(g, logits, cap);
    },
  };
}

interface LinearHead {
  readonly className: string;
  readonly C: number;
  /** The name of the linear layer. */
  readonly name: string;
  readonly bias: boolean;
  readonly reads: Head['reads'];
  /** Whether torch lists a Dropout before the layer. It has no effect here. Default: false. */
  readonly dropout?: boolean;
  /** The standard deviation of a new layer's weight. Default: `INITIAL_STD`. */
  readonly std?: number | undefined;
}

/** Creates a head of one linear layer with an output for each label. */
export function linearHead({ className, C, std = INITIAL_STD, ...head }: LinearHead): MakeHead {
  const { name, bias, reads, dropout = false } = head;
  return (labels) => {
    const layer = nn.linear(C, labels.names.length, bias)(name);
    const modules = dropout ? [nn.dropout('dropout'), layer] : [layer];
    const logits: Head['logits'] = (_g, layers, hidden) => layers.linear(name, hidden);
    const features = { size: C, of: (_g: Graph, _layers: Layers, hidden: Value): Value => hidden };
    return { className, reads, labels, features, logits, ...newModules(labels, modules, std) };
  };
}

/** Creates the head that transformers uses to classify with decoders: one linear layer without bias, applied to the last token. */
export function scoreHead(head: Pick<LinearHead, 'className' | 'C' | 'std'>): MakeHead {
  return linearHead({ ...head, name: 'score', bias: false, reads: 'last token' });
}

interface DenseHead extends Pick<Head, 'className' | 'pooling'> {
  /** The hidden states that the head reads. Default: 'first token'. */
  readonly reads?: Head['reads'];
  /** The standard deviation of new layers' weights. `lastStd` is that of the last layer, `std` by default. */
  readonly std: number;
  readonly lastStd?: number;
  /** Creates the layer before the activation, the layer with `outputs` logits, and all modules in torch's order. */
  modules(outputs: number): {
    readonly dense: nn.Module;
    readonly out: nn.Module;
    readonly all: readonly nn.Module[];
  };
  activation(g: Graph, x: Value, layers: Layers): Value;
}

/** Creates the head that transformers uses to classify with encoders: two linear layers. Weight files may lack both layers. */
export function denseHead({ className, reads = 'first token', pooling, std, ...head }: DenseHead): MakeHead {
  const { lastStd, modules, activation } = head;
  return (labels) => {
    const { dense, out, all } = modules(labels.names.length);
    const of = (g: Graph, layers: Layers, hidden: Value): Value =>
      activation(g, layers.linear(dense.name, hidden), layers);
    const logits: Head['logits'] = (g, layers, hidden) => layers.linear(out.name, of(g, layers, hidden));
    const [size = 0] = dense.weights[0]?.shape ?? [];
    const features = { size, of };
    const made = { className, reads, ...(pooling && { pooling }), labels, features, logits };
    return { ...made, ...newModules(labels, all, std, lastStd) };
  };
}

/** Computes tanh as a softcap whose cap is 1. */
export function tanh(g: Graph, x: Value): Value {
  return softcap(g, x, 1);
}

/**
 * Returns the modules of a head that weight files may lack. As in transformers, new matrices are drawn at random, new biases are zero, and
 * new weights of norms are one.
 */
function newModules(
  { names }: Labels,
  modules: readonly nn.Module[],
  std: number,
  lastStd = std,
): Pick<Head, 'modules' | 'weights' | 'tied' | 'outputs' | 'lastLayer'> {
  const weights = modules.flatMap((module) => module.weights);
  const all = modules.flatMap((module) => module.modules);
  const lastLayer = all.findLast(({ out_features }) => out_features === names.length)?.name;
  return {
    modules: all,
    ...(lastLayer !== undefined && { lastLayer }),
    weights: weights.map((spec) => {
      if (spec.kind === 'matrix') return { ...spec, initialStd: spec.name === `${lastLayer}.weight` ? lastStd : std };
      return { ...spec, initialStd: 0, ...(spec.name.endsWith('.weight') && { initialMean: 1 }) };
    }),
    tied: new Map(),
    outputs: names.length,
  };
}
