import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned, type Value } from '../../graph/value';
import { type Layers, layersOver } from '../../models/layers';
import { copyInto } from '../../ops/copy';
import { NO_SLOT, veraMixed } from '../../ops/vera/vera_mixed';
import { sharedProjection } from './project';
import type { ProjectionValues, VeraAdapter } from './vera_adapter';

/** What a batch needs whose rows have adapters of their own. */
export interface RowInputs {
  readonly adapters: readonly VeraAdapter[];
  /** f32: the adapters' pools, one after the other. The program itself fills it. */
  readonly table: Value;
  /** u32 (groups · modules, adapters, 2): where λ_b and λ_d of each adapter lie in the table. */
  readonly slots: Value;
  /** The content of `slots`. */
  readonly slotData: Uint32Array<ArrayBuffer>;
  /** u32 (B): each row's adapter. */
  readonly which: Value;
}

export function rowInputs(adapters: readonly VeraAdapter[], B: number): RowInputs {
  const names = moduleNames(adapters);
  const groups = projectionGroups(adapters);
  const slotData = new Uint32Array(groups.length * names.length * adapters.length * 2).fill(NO_SLOT);
  const starts = poolStarts(adapters);
  adapters.forEach(({ projections, layout }, index) => {
    for (const [name, { offsetB, offsetD }] of layout.slots) {
      const module = groups.indexOf(projections) * names.length + names.indexOf(name);
      const start = starts[index] ?? 0;
      slotData.set([start + offsetB, start + offsetD], 2 * (module * adapters.length + index));
    }
  });
  return {
    adapters,
    table: pinned('vectors of all rows', [starts.at(-1) ?? 0]),
    slots: pinned('slots of all rows', [groups.length * names.length, adapters.length, 2], 'u32'),
    slotData,
    which: pinned('adapters of the rows', [B], 'u32'),
  };
}

/** The pinned values that whoever made the inputs owns. */
export function rowValues({ table, slots, which }: RowInputs): Value[] {
  return [table, slots, which];
}

/** Queues which adapter each row has; runs queued later see it. */
export function writeRows(runner: Runner, inputs: RowInputs, which: Uint32Array<ArrayBuffer>): void {
  runner.write(inputs.slots, inputs.slotData);
  runner.write(inputs.which, which);
}

/** The layers with each row's own adapter; rows have T tokens. Those that share A and B share one pass through them. */
export function withRows(g: Graph, layers: Layers, inputs: RowInputs, T: number): Layers {
  const { adapters, table, slots, which } = inputs;
  const names = moduleNames(adapters);
  const groups = projectionGroups(adapters);
  const starts = poolStarts(adapters);
  adapters.forEach(({ lambda }, index) => {
    copyInto(g, lambda, table, starts[index] ?? 0);
  });
  const project = sharedProjection(g);
  const mixed = (name: string, x: Value, plain: Value): Value => {
    const index = names.indexOf(name);
    return groups.reduce((y, { A, B }, group) => {
      const wrapped = adapters.some(({ projections, layout }) => projections.A === A && layout.slots.has(name));
      if (!wrapped) return y;
      return veraMixed(g, y, { u: project(x, A), B, table, slots, which, module: group * names.length + index, T });
    }, plain);
  };
  return layersOver(layers, (uses, x) =>
    layers.apply(uses, x).map((plain, index) => mixed(uses[index]?.name ?? '', x, plain)),
  );
}

function moduleNames(adapters: readonly VeraAdapter[]): string[] {
  return [...new Set(adapters.flatMap(({ layout }) => [...layout.slots.keys()]))];
}

function projectionGroups(adapters: readonly VeraAdapter[]): ProjectionValues[] {
  return [...new Set(adapters.map(({ projections }) => projections))];
}

/** Where each pool begins in the table, and at last where it ends. */
function poolStarts(adapters: readonly VeraAdapter[]): number[] {
  const starts = [0];
  for (const { layout } of adapters) starts.push((starts.at(-1) ?? 0) + layout.length);
  return starts;
}
