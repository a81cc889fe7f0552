import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import { dropout } from '../../../ops/dropout';
import type { LowRank } from '../../../ops/vera/low_rank';
import { type VeraLayer, veraAdd, veraDown, veraLinears } from '../../../ops/vera/vera';
import type { LayerOptions } from '../../adapter';
import type { VeraAdapter } from '../vera_adapter';
import type { ModuleSlot } from '../vera_layout';

/** A layer's mode with the values that it needs. A layer without a plan is unmerged. */
export type LayerPlan =
  | { readonly mode: 'saved' }
  | { readonly mode: 'merged'; readonly weight: Value }
  | { readonly mode: 'dense'; readonly weight: Value; readonly gradient: Value };

/**
 * The layers with the adapters' deltas: y = x·Wᵀ + bias + Σ λ_b ⊙ B(λ_d ⊙ A·x) for the modules that they wrap. `plans` are by
 * module, for one adapter that trains alone.
 */
export function veraLayers(
  g: Graph,
  base: Layers,
  adapters: readonly VeraAdapter[],
  { mergedModules, source, plans }: LayerOptions & { readonly plans?: ReadonlyMap<string, LayerPlan> | undefined },
): Layers {
  const project = sharedProjection(g);
  let draws = 0;
  const lowRank = ({ adapter, slot }: Part, x: Value): LowRank => {
    const { dropout: p, projections, pool: lambda } = adapter;
    const drop = (): Value => {
      if (source === undefined || p === 0) return x;
      // Each use of dropout has its own mask.
      draws += 1;
      return dropout(g, x, { p, module: draws, ...source });
    };
    const u = project(drop(), projections.A);
    return { u, B: projections.B, lambda, offsetB: slot.offsetB, offsetD: slot.offsetD };
  };
  const parts = partsByModule(adapters);
  const partsOf = (name: string): readonly Part[] => (mergedModules.has(name) ? [] : (parts.get(name) ?? []));
  return layersOver(base, (uses, x) => {
    const adapted = uses.map(({ name, residual }): VeraLayer => {
      const [first] = partsOf(name);
      const plain = { weight: base.weight(name), bias: base.bias(name), residual };
      if (first === undefined) return plain;
      const plan = plans?.get(name);
      if (plan === undefined || plan.mode === 'saved') {
        return { ...plain, low: lowRank(first, x), saved: plan !== undefined };
      }
      const { weight } = plan;
      // The product's own backward accumulates the gradient of this weight.
      if (plan.mode === 'dense') return { ...plain, weight };
      return { ...plain, weight, merged: first.adapter.deltaOf(name) };
    });
    return veraLinears(g, x, adapted).map((y, index) => {
      const others = partsOf(uses[index]?.name ?? '').slice(1);
      return others.reduce((sum, part) => veraAdd(g, sum, lowRank(part, x)), y);
    });
  });
}

interface Part {
  readonly adapter: VeraAdapter;
  readonly slot: ModuleSlot;
}

function partsByModule(adapters: readonly VeraAdapter[]): Map<string, Part[]> {
  const parts = new Map<string, Part[]>();
  for (const adapter of adapters) {
    for (const [name, slot] of adapter.layout.slots) parts.set(name, [...(parts.get(name) ?? []), { adapter, slot }]);
  }
  return parts;
}

/** Computes A·x once for each x and A: q, k and v share it, gate and up do, and so do adapters with one A. */
export function sharedProjection(g: Graph): (x: Value, A: Value) => Value {
  const projected = new Map<Value, Map<Value, Value>>();
  return (x, A) => {
    const known = projected.get(A) ?? new Map<Value, Value>();
    projected.set(A, known);
    const u = known.get(x) ?? veraDown(g, x, A);
    known.set(x, u);
    return u;
  };
}
