import type { ModuleInfo } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { softcap } from '../ops/activations/softcap';
import type { Head, WeightSpec } from './architecture';
import type { Labels } from './labels';
import { type LinearSpec, linearModule, linearWeights } from './specs';

/** transformers' `initializer_range` of nearly all models. */
export const INITIAL_STD = 0.02;

interface LanguageHead {
  readonly className: string;
  /** Features of a hidden state. */
  readonly C: number;
  readonly V: number;
  /** The embedding whose weight it uses. None by default. */
  readonly tiedTo?: string | undefined;
  /** Logits s become cap · tanh(s / cap), where it is set. */
  readonly softcap?: number | undefined;
}

const LM_HEAD = 'lm_head';

/** The head of a language model: one linear layer without bias, which may be the embedding. */
export function languageHead({ className, C, V, tiedTo, softcap: cap }: LanguageHead): Head {
  const spec: LinearSpec = { name: LM_HEAD, type: 'Linear', inFeatures: C, outFeatures: V, bias: false };
  return {
    className,
    modules: [linearModule(spec)],
    weights: tiedTo === undefined ? linearWeights(spec) : [],
    tied: new Map(tiedTo === undefined ? [] : [[LM_HEAD, tiedTo]]),
    reads: 'every token',
    outputEmbedding: LM_HEAD,
    outputs: V,
    logits(g: Graph, layers, hidden: Value): Value {
      const logits = layers.linear(LM_HEAD, hidden);
      return cap === undefined ? logits : softcap(g, logits, cap);
    },
  };
}

interface ScoreHead {
  readonly className: string;
  readonly C: number;
  /** Of the values of a new head. Default: `INITIAL_STD`. */
  readonly std?: number;
}

/** The head that transformers puts on decoders to classify: one linear layer without bias on the last token. */
export function scoreHead({ className, C, std = INITIAL_STD }: ScoreHead): (labels: Labels) => Head {
  return (labels) => {
    const outputs = labels.names.length;
    const spec: LinearSpec = { name: 'score', type: 'Linear', inFeatures: C, outFeatures: outputs, bias: false };
    return {
      className,
      modules: [linearModule(spec)],
      weights: newWeights(linearWeights(spec), std),
      tied: new Map(),
      reads: 'last token',
      outputs,
      labels,
      logits: (_g, layers, hidden) => layers.linear('score', hidden),
    };
  };
}

interface DenseHead {
  readonly className: string;
  readonly C: number;
  /** Of the values of new layers. */
  readonly std: number;
  /** The layer before the activation, and the one that makes logits. */
  readonly dense: string;
  readonly out: string;
  activation(g: Graph, x: Value): Value;
  /** In torch's order, with both layers' at their places. */
  modules(dense: ModuleInfo, out: ModuleInfo): readonly ModuleInfo[];
}

/** The head that transformers puts on encoders to classify: two linear layers on the first token. A checkpoint may lack both. */
export function denseHead({ className, C, std, dense, out, activation, modules }: DenseHead): (labels: Labels) => Head {
  return (labels) => {
    const outputs = labels.names.length;
    const linear = { type: 'Linear', inFeatures: C, bias: true } as const;
    const first: LinearSpec = { ...linear, name: dense, outFeatures: C };
    const last: LinearSpec = { ...linear, name: out, outFeatures: outputs };
    return {
      className,
      modules: modules(linearModule(first), linearModule(last)),
      weights: newWeights([first, last].flatMap(linearWeights), std),
      tied: new Map(),
      reads: 'first token',
      outputs,
      labels,
      logits: (g, layers, hidden) => layers.linear(out, activation(g, layers.linear(dense, hidden))),
    };
  };
}

/** A cap of 1 is tanh itself. */
export function tanh(g: Graph, x: Value): Value {
  return softcap(g, x, 1);
}

/** Weights that a checkpoint may lack: as transformers makes them, matrices are drawn, and biases are zero. */
export function newWeights(weights: readonly WeightSpec[], std: number): WeightSpec[] {
  return weights.map((spec) => ({ ...spec, initialStd: spec.kind === 'matrix' ? std : 0 }));
}
