import type { ModuleSlot } from './parameters';

/**
 * Equal ways to compute an adapted layer in training; which is the cheapest depends on its shape alone.
 *
 * `unmerged`: the low-rank part beside the base's, forward and backward. `merged`: W' = W + ΔW once a step, which then does
 * for both at the base's price, and of the low-rank part only λ's gradient is left; takes a copy of the weight.
 */
export type VeraMode = 'unmerged' | 'merged';

/** What a layer's cost depends on. */
export interface LayerWork {
  readonly in_features: number;
  readonly out_features: number;
  readonly r: number;
  /** Adapted layers that share this one's input, itself included: they share A·x too. */
  readonly sharers: number;
  /** Tokens of a micro-batch, padding included. */
  readonly tokens: number;
  /** Micro-batches of an optimiser step. */
  readonly microBatches: number;
}

/** Floating-point operations of a micro-batch beyond the base's own, forward and backward. */
export function modeCosts(layer: LayerWork): Readonly<Record<VeraMode, number>> {
  const { in_features, out_features: out, r, sharers, tokens, microBatches } = layer;
  const shared = in_features / sharers;
  return {
    // A·x and its gradient; B·v, its gradient, and the product that gives both λ's.
    unmerged: 2 * tokens * r * (2 * shared + 3 * out),
    merged: (2 * r * in_features * out) / microBatches + 2 * tokens * r * (shared + out),
  };
}

export function cheapestMode(layer: LayerWork): VeraMode {
  const { unmerged, merged } = modeCosts(layer);
  return merged < unmerged ? 'merged' : 'unmerged';
}

/**
 * The modules that are cheaper merged, as far as their copies fit into `bytes`: first those that save most for each byte.
 */
export function modulesToMerge(
  slots: ReadonlyMap<string, ModuleSlot>,
  { r, tokens, microBatches, bytes }: Pick<LayerWork, 'r' | 'tokens' | 'microBatches'> & { readonly bytes: number },
): string[] {
  const cheaper = [...slots].flatMap(([name, { in_features, out_features }]) => {
    const sharers = [...slots].filter(
      ([other, slot]) => areNeighbours(name, other) && slot.in_features === in_features,
    );
    const layer = { in_features, out_features, r, sharers: sharers.length, tokens, microBatches };
    if (cheapestMode(layer) !== 'merged') return [];
    const { unmerged, merged } = modeCosts(layer);
    const size = 4 * in_features * out_features;
    return [{ name, size, gain: (unmerged - merged) / size }];
  });
  let left = bytes;
  const chosen: string[] = [];
  for (const { name, size } of cheaper.toSorted((a, b) => b.gain - a.gain)) {
    if (size > left) continue;
    left -= size;
    chosen.push(name);
  }
  return chosen;
}

/** Layers of one part of a block with inputs of one size: they may share it, and are taken to. */
function areNeighbours(a: string, b: string): boolean {
  return a.slice(0, a.lastIndexOf('.')) === b.slice(0, b.lastIndexOf('.'));
}
