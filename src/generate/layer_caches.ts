import { pinned, type Value } from '../graph/value';
import type { LayerCache } from '../models/outline';

/** The vectors of earlier tokens that the device caches, such as attention's keys and values. */
export interface LayerCaches {
  /** The largest number of tokens per row. */
  readonly S: number;
  /** For each layer: the cached values, keyed by the names in its `LayerCache`, each (B, count, width). */
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
