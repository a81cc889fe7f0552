import type { Value } from '../../../graph/value';
import type { ModuleSize } from '../../adapter';
import { LAYER_MODES, type LayerMode } from '../../layers/training_layers';

/** The sizes that determine the cost of an adapted linear layer. */
export interface LayerWork {
  readonly in_features: number;
  readonly out_features: number;
  readonly r: number;
  /** The number of adapted layers with the same input, this one included. They share A·x. */
  readonly sharers: number;
  /** The number of tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** The number of micro-batches of an optimiser step. */
  readonly microBatches: number;
  /** Whether a pass also needs the norms of the rows of W + ΔW. Default false. */
  readonly use_dora?: boolean;
}

/** The cost of a mode per micro-batch, in addition to the forward and backward pass of the base layer. */
interface ModeCost {
  /** The number of floating-point operations. */
  readonly flops: number;
  /** The number of bytes read and written. */
  readonly bytes: number;
  /** The GPU memory, in bytes, of the tensors that the layer needs in this mode (merged, low-rank and so on). */
  readonly held: number;
}

export function modeCosts(layer: LayerWork): Readonly<Record<LayerMode, ModeCost>> {
  const { in_features, out_features: out, r, sharers, tokens, microBatches, use_dora = false } = layer;
  const shared = in_features / sharers;
  const low = tokens * r;
  const weight = in_features * out;
  // The cost of the row norms. They are computed from W and B·A in each pass, or once per step from a merged weight.
  const rows = use_dora ? { beside: 2 * r * weight, bytes: 4 * weight } : { beside: 0, bytes: 0 };
  return {
    // Counts u = A·x and its gradient du, which are computed once for all sharers, and for each layer B·v with v = λ_d ⊙ u, the gradient of
    // v, and the matrix product from which the gradients of λ_b and λ_d follow.
    unmerged: {
      flops: 2 * low * (2 * shared + 3 * out) + rows.beside,
      bytes: 4 * low * (3 / sharers + 2) + rows.bytes,
      held: 0,
    },
    // Like `unmerged`, but without the matrix product for the gradients of λ_b and λ_d. Instead, B·v, its sum with the residual, and each
    // layer's dv are written to memory and read again.
    saved: {
      flops: 2 * low * (2 * shared + 2 * out) + rows.beside,
      bytes: 4 * (low * (1 / sharers + 6) + 5 * tokens * out) + rows.bytes,
      held: 4 * tokens * out,
    },
    merged: {
      flops: (2 * r * weight) / microBatches + 2 * low * (shared + out),
      bytes: 4 * ((2 * weight) / microBatches + low * (1 / sharers + 1)) + rows.bytes / microBatches,
      held: 4 * weight,
    },
    dense: {
      flops: (4 * r * weight) / microBatches + 2 * tokens * weight,
      bytes: 4 * ((4 * weight) / microBatches + 2 * weight + tokens * (in_features + out)) + rows.bytes / microBatches,
      held: 8 * weight,
    },
  };
}

/** The number of operations that take as long as moving one byte, on a GPU with 3 TFLOP/s and 100 GB/s. */
const FLOPS_PER_BYTE = 30;

/**
 * Estimates the time, in units of one operation. Operations and bytes add up, because no kernel overlaps computation and memory access
 * completely.
 */
export function timeOf({ flops, bytes }: ModeCost): number {
  return flops + FLOPS_PER_BYTE * bytes;
}

/** Returns the modes that take less time than `unmerged`, the fastest first. */
function fasterModes(costs: Readonly<Record<LayerMode, ModeCost>>): LayerMode[] {
  const faster = LAYER_MODES.filter((mode) => timeOf(costs[mode]) < timeOf(costs.unmerged));
  return faster.toSorted((a, b) => timeOf(costs[a]) - timeOf(costs[b]));
}

/**
 * Chooses modes for the modules in which `unmerged` isn't the fastest, as long as the modes' memory fits into `bytes`. Modules that save
 * the most time per byte come first.
 */
export function chooseModes(
  modules: ReadonlyMap<string, ModuleSize>,
  {
    bytes,
    inputs,
    ...work
  }: Pick<LayerWork, 'r' | 'tokens' | 'microBatches' | 'use_dora'> & {
    readonly bytes: number;
    /** The input of each module. */
    readonly inputs: ReadonlyMap<string, Value>;
  },
): Map<string, LayerMode> {
  const candidates = [...modules].flatMap(([name, { in_features, out_features }]) => {
    const sharers = [...modules.keys()].filter((other) => inputs.get(other) === inputs.get(name));
    const costs = modeCosts({ ...work, in_features, out_features, sharers: sharers.length });
    const modes = fasterModes(costs);
    const [best] = modes;
    if (best === undefined) return [];
    return [{ name, costs, modes, gain: (timeOf(costs.unmerged) - timeOf(costs[best])) / costs[best].held }];
  });
  let left = bytes;
  const chosen = new Map<string, LayerMode>();
  for (const { name, costs, modes } of candidates.toSorted((a, b) => b.gain - a.gain)) {
    const mode = modes.find((one) => costs[one].held <= left);
    if (mode === undefined) continue;
    left -= costs[mode].held;
    chosen.set(name, mode);
  }
  return chosen;
}
