import type { Graph } from '../../graph/graph';
import type { Program } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';
import type { DropoutSource } from './branch_dropout';

/**
 * Equivalent ways to compute an adapted linear layer in training. The cheapest one depends on its shape, the batch and the rank.
 *
 * `unmerged`: the adapter's branch is computed beside the base's product, forward and backward.
 * `saved`: likewise, but more values of the forward pass are stored, which saves one product in the backward pass.
 * `merged`: W' = W + ΔW is computed once a step. The forward pass and the gradient of the input then cost as much as the base's; only the
 * gradients of the adapter's parameters are added.
 * `dense`: as `merged`, but the gradient of W' accumulates over the step, and gives the adapter's gradients once at its end.
 */
export type LayerMode = 'unmerged' | 'saved' | 'merged' | 'dense';
export const LAYER_MODES: readonly LayerMode[] = ['unmerged', 'saved', 'merged', 'dense'];

/** `cheapest`: the cheapest mode for each layer, within limits of memory. A mode's name: that mode for all layers that can have it. */
export type ModeChoice = 'cheapest' | LayerMode;

/** The values by which a run of one adapter chooses how to compute its layers. */
export interface TrainingRequest {
  /** The frozen weights (out, in), by module, of the layers that may have a mode other than `unmerged`. */
  readonly weights: ReadonlyMap<string, Value>;
  /** The input of each linear layer, by module, from the model's outline. Layers with one input share A·x. */
  inputs(): ReadonlyMap<string, Value>;
  readonly choice: ModeChoice;
  /** Tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** Micro-batches of an optimiser step. */
  readonly microBatches: number;
  /** Bytes that the values of all layers may take, for `cheapest`. */
  readonly bytes: number;
  /** The largest value in bytes that a kernel can read. */
  readonly maxBindingBytes: number;
  /** The buffer in which the gradients of the adapter's pool accumulate. */
  readonly grads: Value;
}

/** The layers of a run that trains one adapter, with the values and programs that they need outside a micro-batch's program. */
export interface TrainingLayers {
  /** The layers with the adapter, for a micro-batch's program. Without `source` there is no dropout. */
  over(g: Graph, base: Layers, source?: DropoutSource): Layers;
  /** Pinned values that the run has to allocate. */
  readonly values: readonly Value[];
  /** Values beside the pool that train in a micro-batch's program, each with the pinned buffer of its gradient. */
  readonly gradients: ReadonlyMap<Value, Value>;
  /** The program to run before a step's micro-batches. It may be empty. */
  readonly before: Program;
  /** The program to run after a step's micro-batches. It adds the contribution of `gradients` to the pool's gradients. It may be empty. */
  readonly after: Program;
  /**
   * Returns layers for a device without memory for `values`: they need neither values nor programs before and after. Left out if the kind
   * can't train without values.
   */
  withoutValues?(): Pick<TrainingLayers, 'over'>;
}
