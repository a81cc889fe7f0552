import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import type { Layers } from '../../../models/layers';
import { scaleColumns } from '../../../ops/norms/scale_columns';
import type { PoolVector } from '../../../ops/rows/pool_vector';
import type { LayerOptions } from '../../adapter';
import type { Ia3Adapter } from '../ia3_adapter';
import { scaledLayers } from './scaled_layers';

/**
 * Returns layers whose inputs or outputs are scaled by the adapters' vectors. If several adapters scale the same input
 * or output, it is multiplied by all of their vectors.
 */
export function ia3Layers(
  g: Graph,
  base: Layers,
  adapters: readonly Ia3Adapter[],
  { mergedModules }: LayerOptions,
): Layers {
  const vectors = (name: string, side: 'input' | 'output'): readonly PoolVector[] =>
    mergedModules.has(name) ? [] : adapters.flatMap((adapter) => adapter.vectorOf(name, side) ?? []);
  return scaledLayers(base, {
    input: (name, x) => vectors(name, 'input').reduce((input, vector) => scaleColumns(g, input, vector), x),
    output(name) {
      const of = vectors(name, 'output');
      const last = of.at(-1);
      if (last === undefined) return undefined;
      return (y, residual): Value => {
        const scaled = of.slice(0, -1).reduce((output, vector) => scaleColumns(g, output, vector), y);
        return scaleColumns(g, scaled, last, residual);
      };
    },
  });
}
