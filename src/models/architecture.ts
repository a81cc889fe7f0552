import { WebVeraError } from '../core/error';
import type { ModuleInfo, PretrainedConfig } from '../core/model';
import type { Shape } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { AttentionHeads } from '../ops/attention/attention';
import type { Layers } from './layers';

/** A tensor that the checkpoint must hold. */
export interface WeightSpec {
  readonly name: string;
  /** As it lies on the device: (out, in) for linear layers. */
  readonly shape: Shape;
  /** Only matrices may stay in float16. */
  readonly kind: 'matrix' | 'vector';
  /** Set for a matrix that lies (in, out) in the file. */
  readonly transposed?: boolean;
}

/** The shape that the file must give. */
export function fileShape({ shape, transposed = false }: WeightSpec): Shape {
  return transposed ? shape.toReversed() : shape;
}

export type PositionRule = 'row' | 'mask';

/** A tensor that is computed once on the CPU, such as a rotary table. */
export interface ConstantSpec {
  readonly name: string;
  readonly shape: Shape;
  compute(): Float32Array<ArrayBuffer>;
}

/** What networks take in, by transformers' names. Of texts: u32 (N), token ids and positions of all rows, flat. */
export type InputName = 'input_ids' | 'position_ids';

/** What a pass gives to a network. */
export interface Inputs {
  value(name: InputName): Value;
  /**
   * How a layer's queries meet its keys: over a batch in training, over a cache in generation.
   * q: (N, H·D); k, v: (N, Hkv·D); gives (N, H·D).
   */
  attend(layer: number, q: Value, k: Value, v: Value, heads: AttentionHeads): Value;
  constant(name: string): Value;
  /** Called as each of the network's blocks begins, and once behind the last: between them memory may be saved. */
  block?(): void;
}

/** Of the texts that a network takes in. */
export interface TextSizes {
  readonly vocabSize: number;
  /** The longest sequence, in tokens. */
  readonly maxLength: number;
  /** How the tokens of a document are numbered: padding included, or by the mask's real tokens alone. */
  readonly positions: PositionRule;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
}

/** A network with its sizes filled in: what it is made of, and the function that it computes. What it is used for is a task. */
export interface Architecture {
  readonly config: PretrainedConfig;
  /** Set where it takes in texts. */
  readonly text?: TextSizes;
  /** In the order of torch's `named_modules()`. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** torch's name of the network without its head. Files of that alone leave it out: 'wte', not 'transformer.wte'. */
  readonly prefix: string;
  readonly constants: readonly ConstantSpec[];
  /** torch's name of the output embedding, which makes logits of hidden states; 'all-linear' leaves it out. */
  readonly head: string;
  /** Logits s become cap · tanh(s / cap), where it is set. */
  readonly logitSoftcap?: number;
  /** Modules that have no weight of their own in the file, and the module whose weight they use: a tied head. */
  readonly tied: ReadonlyMap<string, string>;
  /** Hidden states after the last norm: (N, C). */
  hidden(g: Graph, layers: Layers, inputs: Inputs): Value;
}

/** The sizes of its texts. Throws `unsupported_model` for a network that takes in something else. */
export function textSizes({ text, config }: Pick<Architecture, 'text' | 'config'>): TextSizes {
  if (text !== undefined) return text;
  throw new WebVeraError('unsupported_model', `Expected a model of texts, got model_type ${config.model_type}`);
}
