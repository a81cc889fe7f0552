import type { Graph } from '../../graph/graph';
import type { Program } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';
import type { DropoutSource } from './branch_dropout';

/**
 * Equivalent ways to compute an adapted linear layer in training. The cheapest one depends on the layer's shape, the batch and the rank.
 *
 * `unmerged`: the adapter's branch is computed in addition to the matrix product W·x, in the forward and the backward pass.
 * `saved`: like `unmerged`, but more values of the forward pass stay in GPU memory, which saves one matrix product in the backward pass.
 * `merged`: W' = W + ΔW is computed once per step. The forward pass and the gradient of the input then cost as much as without an adapter;
 * only the gradients of the adapter's parameters are additional work.
 * `dense`: like `merged`, but the gradient of W' accumulates over the step, and the adapter's gradients are computed from it once, at the
 * end of the step.
 */
export type LayerMode = 'unmerged' | 'saved' | 'merged' | 'dense';
export const LAYER_MODES: readonly LayerMode[] = ['unmerged', 'saved', 'merged', 'dense'];

/**
 * `cheapest` chooses the cheapest mode for each layer, within a memory limit. A mode's name chooses that mode for all layers that support
 * it.
 */
export type ModeChoice = 'cheapest' | LayerMode;

/** The values, sizes and limits by which a run that trains one adapter determines how to compute its layers. */
export interface TrainingRequest {
  /** The frozen weights (out, in), by module, of the layers that may use another mode than `unmerged`. */
  readonly weights: ReadonlyMap<string, Value>;
  /**
   * Returns the input of each linear layer, by module name, from a forward pass that is built but never run. Layers with the same input
   * share A·x.
   */
  inputs(): ReadonlyMap<string, Value>;
  readonly choice: ModeChoice;
  /** The number of tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** The number of micro-batches of an optimiser step. */
  readonly microBatches: number;
  /** The memory limit for the choice `cheapest`: the maximum number of bytes of the values of all layers. */
  readonly bytes: number;
  /** The size in bytes of the largest value that a kernel can bind. */
  readonly maxBindingBytes: number;
  /** The buffer in which the gradients of the adapter's pool accumulate. */
  readonly grads: Value;
}

/** The layers of a run that trains one adapter, with the values and programs that they need outside a micro-batch's program. */
export interface TrainingLayers {
  /** Returns the layers with the adapter, for the program of a micro-batch. Without `source` there is no dropout. */
  over(g: Graph, base: Layers, source?: DropoutSource): Layers;
  /** Pinned values that the run has to allocate. */
  readonly values: readonly Value[];
  /** Values outside the pool for which the program of a micro-batch computes gradients, each with the pinned buffer of its gradient. */
  readonly gradients: ReadonlyMap<Value, Value>;
  /** The program to run before a step's micro-batches. It may be empty. */
  readonly before: Program;
  /** The program to run after a step's micro-batches. It adds the contribution of `gradients` to the pool's gradients. It may be empty. */
  readonly after: Program;
  /**
   * Returns layers that need neither `values` nor the programs `before` and `after`, for a device with too little memory for `values`.
   * Left out if the adapter kind can't train without `values`.
   */
  withoutValues?(): Pick<TrainingLayers, 'over'>;
}
