import type { ModuleInfo } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { softcap } from '../ops/activations/softcap';
import type { Head, MakeHead, WeightSpec } from './architecture';
import * as nn from './nn';

/** transformers' `initializer_range` of nearly all models. */
export const INITIAL_STD = 0.02;

interface LanguageHead {
  readonly className: string;
  /** Features of a hidden state. */
  readonly C: number;
  readonly V: number;
  /** The embedding whose weight it uses. None by default. */
  readonly tiedTo?: string | undefined;
  /** If it is set, logits s become cap · tanh(s / cap). */
  readonly softcap?: number | undefined;
}

/** The head of a language model: one linear layer without bias, which may be the embedding. */
export function languageHead({ className, C, V, tiedTo, softcap: cap }: LanguageHead): Head {
  const { name, modules, weights } = nn.linear(C, V, false)('lm_head');
  return {
    className,
    modules,
    weights: tiedTo === undefined ? weights : [],
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
  /** The layer's. */
  readonly name: string;
  readonly bias: boolean;
  readonly reads: Head['reads'];
  /** Whether torch lists a Dropout before the layer. It drops nothing here. Default: false. */
  readonly dropout?: boolean;
  /** Standard deviation of a new layer's weight. Default: `INITIAL_STD`. */
  readonly std?: number | undefined;
}

/** A head of one linear layer with an output for each label. */
export function linearHead({ className, C, std = INITIAL_STD, ...head }: LinearHead): MakeHead {
  const { name, bias, reads, dropout = false } = head;
  return (labels) => {
    const outputs = labels.names.length;
    const { modules, weights } = nn.linear(C, outputs, bias)(name);
    return {
      className,
      modules: [...(dropout ? [{ name: 'dropout', type: 'Dropout' }] : []), ...modules],
      weights: newWeights(weights, std),
      tied: new Map(),
      reads,
      outputs,
      labels,
      logits: (_g, layers, hidden) => layers.linear(name, hidden),
    };
  };
}

/** The head that transformers puts on decoders to classify: one linear layer without bias on the last token. */
export function scoreHead(head: Pick<LinearHead, 'className' | 'C'>): MakeHead {
  return linearHead({ ...head, name: 'score', bias: false, reads: 'last token' });
}

interface DenseHead {
  readonly className: string;
  readonly C: number;
  /** Standard deviation of new layers' weights. */
  readonly std: number;
  /** The name of the layer before the activation, and of the layer with an output for each label. */
  readonly dense: string;
  readonly out: string;
  activation(g: Graph, x: Value): Value;
  /** In torch's order, with those of both layers at their places. */
  modules(dense: nn.Module, out: nn.Module): readonly ModuleInfo[];
}

/** The head that transformers puts on encoders to classify: two linear layers on the first token. A checkpoint may lack both. */
export function denseHead({ className, C, std, dense, out, activation, modules }: DenseHead): MakeHead {
  return (labels) => {
    const outputs = labels.names.length;
    const [first, last] = [nn.linear(C, C)(dense), nn.linear(C, outputs)(out)];
    return {
      className,
      modules: modules(first, last),
      weights: newWeights([...first.weights, ...last.weights], std),
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

/** Weights that a checkpoint may lack. As in transformers, new matrices are drawn, and new biases are zero. */
function newWeights(weights: readonly WeightSpec[], std: number): WeightSpec[] {
  return weights.map((spec) => ({ ...spec, initialStd: spec.kind === 'matrix' ? std : 0 }));
}
