import type { Adapter, AdapterKind, ModuleSize, TrainedValue } from '../../../src/adapters/adapter';
import { layoutPool, type PoolLayout } from '../../../src/adapters/pool_layout';
import { VeraConfig } from '../../../src/adapters/vera/config';
import { pinned, type Value, VIEW_ALIGNMENT, viewOf } from '../../../src/graph/value';
import { layersOver } from '../../../src/models/layers';
import { linear } from '../../../src/ops/products/linear';

/** A kind as simple as can be, y = x·Wᵀ + B·(A·x) with an A and a B for each module: it mixes no rows, and has no modes. */
export const lowRankKind: AdapterKind<LowRankAdapter> = {
  peft_type: 'TEST',
  layers: (g, base, adapters, { mergedModules }) =>
    layersOver(base, (uses, x) =>
      base.apply(uses, x).map((y, index) => {
        const name = uses[index]!.name;
        return adapters.reduce((residual, { matrices }) => {
          const [A, B] = [matrices.get(`${name}.A`), matrices.get(`${name}.B`)];
          if (A === undefined || B === undefined || mergedModules.has(name)) return residual;
          return linear(g, linear(g, x, A), B, undefined, { residual });
        }, y);
      }),
    ),
};

export class LowRankAdapter implements Adapter {
  readonly kind = lowRankKind;
  readonly config = new VeraConfig();
  readonly trainable = true;
  readonly origin = undefined;
  readonly tensors: ReadonlyMap<string, TrainedValue> = new Map();
  readonly dropout = 0;
  readonly frozen = [];
  readonly key: string;
  readonly layout: PoolLayout;
  /** By name. */
  readonly matrices: ReadonlyMap<string, Value>;

  constructor(
    readonly name: string,
    readonly modules: ReadonlyMap<string, ModuleSize>,
    readonly r: number,
    readonly pool = pinned(`pool of ${name}`, [layoutOf(modules, r).length]),
  ) {
    this.key = name;
    this.layout = layoutOf(modules, r);
    const slots = [...this.layout.parameters];
    this.matrices = new Map(slots.map(([key, { shape, offset }]) => [key, viewOf(pool, key, shape, offset)]));
  }

  get hyperparameters() {
    return { r: this.r };
  }

  get leaves(): readonly Value[] {
    return [...this.matrices.values()];
  }

  merge(): never {
    throw new Error('Nothing is merged here');
  }

  withPool(pool: Value): LowRankAdapter {
    return new LowRankAdapter(this.name, this.modules, this.r, pool);
  }
}

/** Kernels bind A and B by themselves. */
function layoutOf(modules: ReadonlyMap<string, ModuleSize>, r: number): PoolLayout {
  const matrices = [...modules].flatMap(([name, { in_features, out_features }]) => [
    { name: `${name}.A`, shape: [r, in_features] },
    { name: `${name}.B`, shape: [out_features, r] },
  ]);
  return layoutPool(matrices, [], VIEW_ALIGNMENT);
}
