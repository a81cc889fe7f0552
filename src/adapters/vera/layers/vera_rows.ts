import type { Graph } from '../../../graph/graph';
import type { Runner } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import { NO_SLOT } from '../../../ops/mixed/mixed_table';
import { veraMixed } from '../../../ops/vera/vera_mixed';
import { PoolTable } from '../../layers/pool_table';
import type { RowInputs } from '../../layers/row_inputs';
import type { ProjectionValues, VeraAdapter } from '../vera_adapter';
import { sharedProjection } from './vera_layers';

/** Applies VeRA adapters in a batch of B rows: each row uses one of the adapters, or none. */
export class VeraRows implements RowInputs {
  readonly #adapters: readonly VeraAdapter[];
  /** The modules that at least one of the adapters wraps. */
  readonly #names: readonly string[];
  /** The different pairs of A and B. Adapters with the same pair share the matrix products with A and B. */
  readonly #groups: readonly ProjectionValues[];
  readonly #table: PoolTable;
  /** u32 (groups · modules, adapters, 2): the offsets of each adapter's λ_b and λ_d in the table, or `NO_SLOT`. */
  readonly #slots: Value;
  readonly #slotData: Uint32Array<ArrayBuffer>;
  /** u32 (B): the index of each row's adapter. */
  readonly #which: Value;

  constructor(adapters: readonly VeraAdapter[], B: number) {
    this.#adapters = adapters;
    this.#names = [...new Set(adapters.flatMap(({ modules }) => [...modules.keys()]))];
    this.#groups = [...new Set(adapters.map(({ projections }) => projections))];
    const places = this.#groups.length * this.#names.length;
    this.#table = new PoolTable(adapters);
    this.#slots = pinned('slots of all rows', [places, adapters.length, 2], 'u32');
    this.#slotData = this.#placeSlots();
    this.#which = pinned('adapters of the rows', [B], 'u32');
  }

  get values(): readonly Value[] {
    return [this.#table.value, this.#slots, this.#which];
  }

  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void {
    runner.write(this.#slots, this.#slotData);
    runner.write(this.#which, which);
  }

  over(g: Graph, base: Layers, T: number): Layers {
    const [table, slots, which] = [this.#table.value, this.#slots, this.#which];
    this.#table.fill(g);
    const project = sharedProjection(g);
    const mixed = (name: string, x: Value, plain: Value): Value =>
      this.#groups.reduce((y, group) => {
        const wrapped = this.#adapters.some(({ projections, modules }) => projections === group && modules.has(name));
        if (!wrapped) return y;
        const { A, B } = group;
        return veraMixed(g, y, { u: project(x, A), B, table, slots, which, place: this.#placeOf(group, name), T });
      }, plain);
    return layersOver(base, (uses, x) =>
      base.apply(uses, x).map((plain, index) => mixed(uses[index]?.name ?? '', x, plain)),
    );
  }

  #placeSlots(): Uint32Array<ArrayBuffer> {
    const count = this.#adapters.length;
    const data = new Uint32Array(this.#groups.length * this.#names.length * count * 2).fill(NO_SLOT);
    this.#adapters.forEach(({ projections, layout }, index) => {
      const start = this.#table.startOf(index);
      for (const [name, { offsetB, offsetD }] of layout.slots) {
        data.set([start + offsetB, start + offsetD], 2 * (this.#placeOf(projections, name) * count + index));
      }
    });
    return data;
  }

  #placeOf(group: ProjectionValues, module: string): number {
    return this.#groups.indexOf(group) * this.#names.length + this.#names.indexOf(module);
  }
}
