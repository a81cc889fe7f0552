import type { Graph } from '../graph/graph';
import type { Program } from '../graph/runner';
import type { Value } from '../graph/value';
import type { Layers } from '../models/layers';

/**
 * Equal ways to compute an adapted layer in training; which is the cheapest depends on its shape, the batch and the rank.
 *
 * `unmerged`: the adapter's part beside the base's, forward and backward.
 * `saved`: likewise, but more of the forward pass is kept for the backward pass, which is a product shorter then.
 * `merged`: W' = W + ΔW once a step, which then does for both at the base's price, and of the adapter's part only the
 * gradient of what trains is left.
 * `dense`: merged, and the gradient of W' gathers as any weight's does; the adapter's is made of it once a step.
 */
export type LayerMode = 'unmerged' | 'saved' | 'merged' | 'dense';
export const LAYER_MODES: readonly LayerMode[] = ['unmerged', 'saved', 'merged', 'dense'];

/** `cheapest`: each layer's own, within bounds of memory. A mode: for all layers that can have it. */
export type ModeChoice = 'cheapest' | LayerMode;

/** What a kind of adapter is told of a run that trains one adapter alone. */
export interface TrainingRequest {
  /** The weights (out, in) of the modules whose layers may be computed otherwise than unmerged: they don't train themselves. */
  readonly weights: ReadonlyMap<string, Value>;
  /** The input of each layer of the model, by module, as its outline has them. Modules with one input share what is made of it. */
  inputs(): ReadonlyMap<string, Value>;
  readonly choice: ModeChoice;
  /** Tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** Micro-batches of an optimiser step. */
  readonly microBatches: number;
  /** What modes may keep in all, where they are chosen. */
  readonly bytes: number;
  /** The largest value in bytes that a kernel can read. */
  readonly maxBindingBytes: number;
  /** Where the gradients of the adapter's pool gather. */
  readonly grads: Value;
}

/** The layers of a run that trains one adapter, with what they need outside a micro-batch's program. */
export interface TrainingLayers {
  /** The layers with what the adapter adds, for a micro-batch's program. */
  over(g: Graph, base: Layers): Layers;
  /** Pinned values that the run allocates for them. */
  readonly values: readonly Value[];
  /** What trains in a micro-batch's program beside the pool, with the pinned values in which its gradients gather. */
  readonly gradients: ReadonlyMap<Value, Value>;
  /** Run before a step's micro-batches, with the pool as the step before left it. Without steps there is nothing to do. */
  readonly before: Program;
  /** Run behind them: what `gradients` give to the pool's. */
  readonly after: Program;
  /** The layers for where there is no memory for `values`: they have none of their own, and nothing before or after. */
  withoutValues(): Pick<TrainingLayers, 'over'>;
}
