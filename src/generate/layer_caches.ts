import { pinned, type Value } from '../graph/value';
import type { LayerCache } from '../models/outline';

/** The vectors that the device holds of the tokens so far. */
export interface LayerCaches {
  /** The number of tokens per row for which there is room. */
  readonly S: number;
  /** Each layer's values by the names that its `LayerCache` has: (B, count, width). */
  readonly layers: readonly ReadonlyMap<string, Value>[];
}

/** Creates the caches of all layers, for B rows of up to S tokens. */
export function createLayerCaches(layers: readonly LayerCache[], B: number, S: number): LayerCaches {
  return {
    S,
    layers: layers.map((vectors, layer) => {
      const entries = Object.entries(vectors);
      return new Map(
        entries.map(([name, { width, count }]) => [name, pinned(`${name} cache ${layer}`, [B, count(S), width])]),
      );
    }),
  };
}

/** Returns all values of the caches. */
export function cacheValues({ layers }: LayerCaches): readonly Value[] {
  return layers.flatMap((values) => [...values.values()]);
}
