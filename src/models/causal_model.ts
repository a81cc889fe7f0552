import type { ModuleInfo, PretrainedConfig } from '../core/model';
import type { Shape } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
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

/** Token ids and positions of all rows, flat: u32 (N). */
export interface TextInputs {
  readonly ids: Value;
  readonly positions: Value;
  /** How queries meet keys: over a batch in training, over a cache in generation. q: (N, H·D); k, v: (N, Hkv·D). */
  attend(layer: number, q: Value, k: Value, v: Value): Value;
  constant(name: string): Value;
  /** Called as each of the model's blocks begins, and once behind the last: between them memory may be saved. */
  block?(): void;
}

/** An architecture with its sizes filled in: what it is made of, and the function that it computes. */
export interface CausalModel {
  readonly config: PretrainedConfig;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
  /** The longest sequence, in tokens. */
  readonly maxLength: number;
  /** How the tokens of a document are numbered: padding included, or by the mask's real tokens alone. */
  readonly positions: PositionRule;
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number | undefined;
  /** In the order of torch's `named_modules()`. */
  readonly modules: readonly ModuleInfo[];
  readonly weights: readonly WeightSpec[];
  /** torch's name of the model without its head. Files of that model alone leave it out: 'wte', not 'transformer.wte'. */
  readonly prefix: string;
  readonly constants: readonly ConstantSpec[];
  /** torch's name of the output embedding, which makes logits of hidden states; 'all-linear' leaves it out. */
  readonly head: string;
  /** Modules that have no weight of their own in the file, and the module whose weight they use: a tied head. */
  readonly tied: ReadonlyMap<string, string>;
  /** Hidden states after the last norm: (N, C). */
  hidden(g: Graph, layers: Layers, inputs: TextInputs): Value;
}
