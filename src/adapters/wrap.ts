import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { Layers } from '../models/layers';
import { veraDown, veraLinear } from '../ops/vera';
import type { VeraAdapter } from './vera_adapter';

/**
 * The layers with the adapter's deltas: y = x·Wᵀ + bias + λ_b ⊙ B(λ_d ⊙ A·x) for the targeted names.
 * A·x is made once per input: q, k and v share it, and so do gate and up.
 */
export function withVera(g: Graph, base: Layers, { layout, projections, lambda }: VeraAdapter): Layers {
  const projected = new Map<Value, Value>();
  return {
    ...base,
    linear(name: string, x: Value): Value {
      const slot = layout.slots.get(name);
      if (slot === undefined) return base.linear(name, x);
      const u = projected.get(x) ?? veraDown(g, x, projections.A);
      projected.set(x, u);
      return veraLinear(g, {
        x,
        u,
        weight: base.weight(name),
        bias: base.bias(name),
        B: projections.B,
        lambda,
        offsetB: slot.offsetB,
        offsetD: slot.offsetD,
      });
    },
  };
}
