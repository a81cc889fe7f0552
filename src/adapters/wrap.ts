import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { baseTensors, type Layers, layersOver, plainLayers, type Tensors } from '../models/layers';
import type { LoadedModel } from '../models/loaded_model';
import { dropout } from '../ops/dropout';
import type { LowRank } from '../ops/vera/low_rank';
import { type VeraLayer, veraAdd, veraLinears } from '../ops/vera/vera';
import type { Overlay } from './overlay';
import type { LayerMode } from './vera/modes';
import type { ModuleSlot } from './vera/parameters';
import { sharedProjection } from './vera/project';
import { type RowInputs, withRows } from './vera/rows';
import type { VeraAdapter } from './vera/vera_adapter';

/** What a training pass draws dropout's masks from. */
export interface DropoutSource {
  readonly seed: number;
  /** The step block, which says step and micro-step. */
  readonly block: Value;
}

/** The base model's layers with what lies over them. Without a source nothing is dropped. */
export function overlaidLayers(
  g: Graph,
  loaded: LoadedModel,
  overlay: Overlay,
  {
    source,
    modes,
    rows,
  }: {
    readonly source?: DropoutSource | undefined;
    /** Of the layers of the one adapter, which trains: by module. */
    readonly modes?: ReadonlyMap<string, LayerMode> | undefined;
    readonly rows?: { readonly inputs: RowInputs; readonly T: number } | undefined;
  } = {},
): Layers {
  const layers = plainLayers(g, withTensors(baseTensors(loaded), overlay.tensors));
  if (rows !== undefined) return withRows(g, layers, rows.inputs, rows.T);
  return overlay.adapters.length === 0 ? layers : withVera(g, layers, overlay, { source, modes });
}

function withTensors(base: Tensors, tensors: Overlay['tensors']): Tensors {
  return {
    weight: (name) => tensors.get(`${name}.weight`) ?? base.weight(name),
    bias: (name) => tensors.get(`${name}.bias`) ?? base.bias(name),
  };
}

/**
 * The layers with the adapters' deltas: y = x·Wᵀ + bias + Σ λ_b ⊙ B(λ_d ⊙ A·x) for the names that they target.
 */
function withVera(
  g: Graph,
  layers: Layers,
  { adapters, merged }: Overlay,
  {
    source,
    modes,
  }: { readonly source?: DropoutSource | undefined; readonly modes?: ReadonlyMap<string, LayerMode> | undefined },
): Layers {
  const project = sharedProjection(g);
  let draws = 0;
  const lowRank = ({ adapter, slot }: Part, x: Value): LowRank => {
    const { config, projections, lambda } = adapter;
    const drop = (): Value => {
      const p = config.vera_dropout;
      if (source === undefined || p === 0) return x;
      // Each use has a mask of its own: no two share what they drop.
      draws += 1;
      return dropout(g, x, { p, module: draws, ...source });
    };
    const u = project(drop(), projections.A);
    return { u, B: projections.B, lambda, offsetB: slot.offsetB, offsetD: slot.offsetD };
  };
  const parts = partsByModule(adapters);
  const partsOf = (name: string): readonly Part[] => (merged.has(name) ? [] : (parts.get(name) ?? []));
  return layersOver(layers, (uses, x) => {
    const adapted = uses.map(({ name, residual }): VeraLayer => {
      const [first] = partsOf(name);
      const base = { weight: layers.weight(name), bias: layers.bias(name), residual };
      if (first === undefined) return base;
      const mode = modes?.get(name);
      if (mode === undefined || mode.mode === 'saved') {
        return { ...base, low: lowRank(first, x), saved: mode !== undefined };
      }
      const { weight } = mode;
      // Its gradient gathers as that of any weight that trains.
      if (mode.mode === 'dense') return { ...base, weight };
      const { projections, lambda } = first.adapter;
      const { offsetB, offsetD } = first.slot;
      return { ...base, weight, merged: { ...projections, lambda, offsetB, offsetD } };
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
