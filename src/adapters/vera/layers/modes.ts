import type { Value } from '../../../graph/value';
import type { ModuleSize } from '../../adapter';
import { LAYER_MODES, type LayerMode } from '../../layers/training_layers';

/** The sizes that the cost of an adapted linear layer depends on. */
export interface LayerWork {
  readonly in_features: number;
  readonly out_features: number;
  readonly r: number;
  /** Adapted layers with the same input, this one included: they share A·x. */
  readonly sharers: number;
  /** Tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** Micro-batches of an optimiser step. */
  readonly microBatches: number;
  /** Whether a pass also needs the lengths of the rows of W + ΔW. Default false. */
  readonly use_dora?: boolean;
}

/** The cost of a mode in a micro-batch, beyond the base's forward and backward pass. */
interface ModeCost {
  /** Floating-point operations. */
  readonly flops: number;
  /** Bytes read and written. */
  readonly bytes: number;
  /** Bytes of memory that the mode takes. */
  readonly held: number;
}

export function modeCosts(layer: LayerWork): Readonly<Record<LayerMode, ModeCost>> {
  const { in_features, out_features: out, r, sharers, tokens, microBatches, use_dora = false } = layer;
  const shared = in_features / sharers;
  const low = tokens * r;
  const weight = in_features * out;
  // The cost of the lengths of rows: in each pass for W and B·A beside it, or once a step for a weight that includes both.
  const rows = use_dora ? { beside: 2 * r * weight, bytes: 4 * weight } : { beside: 0, bytes: 0 };
  return {
    // A·x and its gradient, shared; B·v, its gradient, and the product for both λ gradients. All sharers use one u and one du.
    unmerged: {
      flops: 2 * low * (2 * shared + 3 * out) + rows.beside,
      bytes: 4 * low * (3 / sharers + 2) + rows.bytes,
      held: 0,
    },
    // As `unmerged`, without the product for λ. But B·v, its sum with the residual, and each layer's dv are written to memory and read
    // again.
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

/** Operations in the time of moving one byte, for a GPU with 3 TFLOP/s and 100 GB/s. */
const FLOPS_PER_BYTE = 30;

/** A measure of time. Operations and bytes add up, because no kernel overlaps computing and memory access completely. */
export function timeOf({ flops, bytes }: ModeCost): number {
  return flops + FLOPS_PER_BYTE * bytes;
}

/** The modes that take less time than `unmerged`, fastest first. */
function fasterModes(costs: Readonly<Record<LayerMode, ModeCost>>): LayerMode[] {
  const faster = LAYER_MODES.filter((mode) => timeOf(costs[mode]) < timeOf(costs.unmerged));
  return faster.toSorted((a, b) => timeOf(costs[a]) - timeOf(costs[b]));
}

/**
 * Chooses modes for the modules for which `unmerged` isn't fastest, as long as their memory fits into `bytes`. Modules that save the most
 * time for each byte come first.
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
