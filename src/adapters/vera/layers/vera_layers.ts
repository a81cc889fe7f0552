import type { Graph } from '../../../graph/graph';
import type { Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import { doraNorm } from '../../../ops/dora/dora_norm';
import { zeros } from '../../../ops/fill';
import type { LowRank } from '../../../ops/vera/low_rank';
import { emitProjection, type VeraLayer, veraAdd, veraDown, veraLinears } from '../../../ops/vera/vera';
import type { Projection } from '../../../ops/vera/vera_linear';
import type { LayerOptions } from '../../adapter';
import { branchDropout } from '../../layers/branch_dropout';
import { type AdapterInModule, besideProduct, inTurn, isInProduct, type RowLengths } from '../../layers/in_turn';
import type { VeraAdapter } from '../vera_adapter';
import type { ModuleSlot } from '../vera_layout';

/** The mode of a layer, with the values that the mode needs. A layer without a plan is unmerged. */
export type LayerPlan =
  | { readonly mode: 'saved' }
  | ({ readonly mode: 'merged' } & MergedPlan)
  | ({ readonly mode: 'dense'; readonly gradient: Value } & MergedPlan);

interface MergedPlan {
  readonly weight: Value;
  /** The norms of the weight's rows. Undefined unless the adapter trains magnitudes. */
  readonly lengths?: RowLengths | undefined;
}

/**
 * Returns layers with the adapters' changes: y = x·Wᵀ + bias + Σ λ_b ⊙ B(λ_d ⊙ A·x) for wrapped modules. With `use_dora`, the rows of W +
 * ΔW are scaled to the trained norms. `plans`, by module, are only for one adapter that trains alone.
 */
export function veraLayers(
  g: Graph,
  base: Layers,
  adapters: readonly VeraAdapter[],
  { mergedModules, source, plans }: LayerOptions & { readonly plans?: ReadonlyMap<string, LayerPlan> | undefined },
): Layers {
  const made: Made = { g, base, plans, project: sharedProjection(g), dropped: branchDropout(g, source) };
  const placed = placedByModule(adapters);
  const partsOf = (name: string, x: Value): VeraInModule[] => {
    const own = mergedModules.has(name) ? [] : (placed.get(name) ?? []);
    return own.map((one) => inModule(made, one, name, x));
  };
  return layersOver(base, (uses, x) => {
    const layers = uses.map(({ name, residual }) => {
      return { rest: { weight: base.weight(name), bias: base.bias(name), residual }, parts: partsOf(name, x) };
    });
    const own: OwnProjection = { made: undefined };
    const adapted = uses.map(({ name }, index): VeraLayer => {
      const { rest, parts } = layers[index] as (typeof layers)[number];
      const [first] = parts;
      const plain = { weight: rest.weight, ...besideProduct(parts, rest) };
      if (first === undefined || !isInProduct(first)) return plain;
      const plan = plans?.get(name);
      if (plan === undefined || plan.mode === 'saved') {
        return { ...plain, low: first.low(own), saved: plan !== undefined };
      }
      const { weight } = plan;
      // This weight is W + ΔW. The backward pass of its matrix product accumulates the gradient of W + ΔW.
      if (plan.mode === 'dense') return { ...plain, weight };
      return { ...plain, weight, merged: first.adapter.deltaOf(name) };
    });
    return veraLinears(g, x, adapted, own.made).map((y, index) => {
      const { rest, parts = [] } = layers[index] ?? {};
      return rest === undefined ? y : inTurn(g, y, parts, rest);
    });
  });
}

interface VeraInModule extends AdapterInModule {
  readonly adapter: VeraAdapter;
  low(own?: OwnProjection): LowRank;
}

interface PlacedAdapter {
  readonly adapter: VeraAdapter;
  readonly slot: ModuleSlot;
}

function placedByModule(adapters: readonly VeraAdapter[]): Map<string, PlacedAdapter[]> {
  const placed = new Map<string, PlacedAdapter[]>();
  for (const adapter of adapters) {
    for (const [name, slot] of adapter.layout.slots) placed.set(name, [...(placed.get(name) ?? []), { adapter, slot }]);
  }
  return placed;
}

/** The graph, layers and functions with which `veraLayers` computes the branches of all adapters. */
interface Made {
  readonly g: Graph;
  readonly base: Layers;
  readonly plans: ReadonlyMap<string, LayerPlan> | undefined;
  readonly project: ReturnType<typeof sharedProjection>;
  readonly dropped: ReturnType<typeof branchDropout>;
}

function inModule(
  { g, base, plans, project, dropped }: Made,
  { adapter, slot }: PlacedAdapter,
  name: string,
  given: Value,
): VeraInModule {
  const { projections, pool: lambda } = adapter;
  const x = dropped(given, adapter.dropout);
  const low = (own?: OwnProjection): LowRank => {
    const u = project(x, projections.A, x === given ? own : undefined);
    return { u, B: projections.B, lambda, offsetB: slot.offsetB, offsetD: slot.offsetD };
  };
  const add = (y: Value): Value => veraAdd(g, y, low());
  const norm = (): RowLengths => {
    const plan = plans?.get(name);
    const made = plan !== undefined && plan.mode !== 'saved' ? plan.lengths : undefined;
    return made ?? { norm: doraNorm(g, base.weight(name), adapter.changeOf(g, name)) };
  };
  return {
    adapter,
    low,
    x,
    isDropped: x !== given,
    magnitude: adapter.magnitudeOf(name),
    norm,
    add,
    alone: () => add(zeros(g, [...x.shape.slice(0, -1), slot.out_features])),
  };
}

/**
 * The matrix product A·x for a group of layers with the same input x. `veraLinears` declares its gradient together with the gradients of
 * the group's layers. `made` is undefined if A·x isn't computed yet, or if an earlier group with the same input has computed it.
 */
interface OwnProjection {
  made: Projection | undefined;
}

/**
 * Returns a function that computes A·x only once for the same x and A. Layers with the same input (q, k and v, or gate and up) share the
 * result, and so do adapters with the same A.
 */
export function sharedProjection(g: Graph): (x: Value, A: Value, own?: OwnProjection) => Value {
  const projected = new Map<Value, Map<Value, Value>>();
  const make = (x: Value, A: Value, own: OwnProjection | undefined): Value => {
    if (own === undefined || own.made !== undefined) return veraDown(g, x, A);
    own.made = emitProjection(g, x, A);
    return own.made.u;
  };
  return (x, A, own) => {
    const known = projected.get(A) ?? new Map<Value, Value>();
    projected.set(A, known);
    const u = known.get(x) ?? make(x, A, own);
    known.set(x, u);
    return u;
  };
}
