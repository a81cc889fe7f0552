import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import { doraNorm } from '../../../ops/dora/dora_norm';
import { type LoraBranch, loraAdd, loraAlone, loraLinears } from '../../../ops/lora/lora_linear';
import type { LayerOptions } from '../../adapter';
import { branchDropout } from '../../layers/branch_dropout';
import { type AdapterInModule, besideProduct, inTurn, isInProduct } from '../../layers/in_turn';
import type { LoraAdapter } from '../lora_adapter';

/** The members of an adapter that the layers use. */
type LowRankAdapter = Pick<LoraAdapter, 'branchOf' | 'magnitudeOf' | 'dropout'>;

interface LoraInModule extends AdapterInModule {
  readonly branch: LoraBranch;
}

/**
 * Returns layers with the adapters' changes: y = x·Wᵀ + bias + Σ scale · x·Aᵀ·Bᵀ for wrapped modules. With DoRA, each adapter in turn
 * rescales the rows of the sum so far.
 */
export function loraLayers(
  g: Graph,
  base: Layers,
  adapters: readonly LowRankAdapter[],
  { mergedModules, source }: LayerOptions,
): Layers {
  const dropped = branchDropout(g, source);
  const partsOf = (name: string, x: Value): LoraInModule[] => {
    if (mergedModules.has(name)) return [];
    return adapters.flatMap((adapter) => {
      const known = adapter.branchOf(name);
      if (known === undefined) return [];
      const branch = { ...known, x: dropped(x, adapter.dropout) };
      return [
        {
          branch,
          x: branch.x,
          isDropped: branch.x !== x,
          magnitude: adapter.magnitudeOf(name),
          norm: () => ({ norm: doraNorm(g, base.weight(name), branch) }),
          add: (y) => loraAdd(g, y, branch),
          alone: () => loraAlone(g, branch),
        },
      ];
    });
  };
  return layersOver(base, (uses, x) => {
    const layers = uses.map(({ name, residual }) => {
      const rest = { weight: base.weight(name), bias: base.bias(name), residual };
      return { rest, parts: partsOf(name, x) };
    });
    const made = layers.map(({ rest, parts }) => {
      const low = isInProduct(parts[0]) ? parts[0]?.branch : undefined;
      return { weight: rest.weight, ...besideProduct(parts, rest), low };
    });
    return loraLinears(g, x, made).map((y, index) => {
      const { parts = [], rest } = layers[index] ?? {};
      return rest === undefined ? y : inTurn(g, y, parts, rest);
    });
  });
}
