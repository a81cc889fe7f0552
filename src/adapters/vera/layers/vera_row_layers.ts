import type { Graph } from '../../../graph/graph';
import { type Value, viewOf } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import type { MixedPools } from '../../../ops/mixed/mixed_pools';
import { mixedScales } from '../../../ops/mixed/mixed_scales';
import { mixedUp } from '../../../ops/mixed/mixed_up';
import { emitProjection, veraDown, veraLinears } from '../../../ops/vera/vera';
import type { VeraAdapter } from '../vera_adapter';

/**
 * Returns layers that use the vectors of each row's own adapter: y = x·Wᵀ + bias + λ_b ⊙ B(λ_d ⊙ A·x). The adapters must have the same
 * layout and share A and B. The table of their vectors receives gradients.
 */
export function veraRowLayers(g: Graph, base: Layers, [first]: readonly VeraAdapter[], rows: MixedPools): Layers {
  if (first === undefined) return base;
  const { A, B } = first.projections;
  const projected = new Map<Value, Value>();
  return layersOver(base, (uses, x) => {
    const layers = uses.map(({ name, residual }) => ({
      slot: first.layout.slots.get(name),
      plain: { weight: base.weight(name), bias: base.bias(name), residual },
    }));
    const isAdapted = layers.some(({ slot }) => slot !== undefined);
    const known = projected.get(x);
    // At the first use of x, one dispatch computes both parts of the gradient of x: through the weights and through A.
    const own = isAdapted && known === undefined ? emitProjection(g, x, A) : undefined;
    const ys = veraLinears(
      g,
      x,
      layers.map(({ plain }) => plain),
      own,
    );
    if (!isAdapted) return ys;
    const u = known ?? own?.u ?? veraDown(g, x, A);
    projected.set(x, u);
    const slots = layers.flatMap(({ slot }) => slot ?? []);
    const offsets = slots.map(({ offsetD }) => offsetD);
    const vs = new Map(mixedScales(g, u, offsets, rows).map((v, index) => [slots[index], v]));
    return layers.map(({ slot }, index) => {
      const [y, v] = [ys[index] as Value, vs.get(slot)];
      if (slot === undefined || v === undefined) return y;
      return mixedUp(g, y, v, firstRows(B, slot.out_features), { ...rows, offset: slot.offsetB });
    });
  });
}

/** Returns a view of the first `out` rows of B. */
function firstRows(B: Value, out: number): Value {
  const [rows = 0, r = 0] = B.shape;
  return rows === out ? B : viewOf(B, `${B.name}, ${out} rows`, [out, r], 0);
}
