import type { Graph } from '../../../graph/graph';
import type { Runner } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import type { Layers } from '../../../models/layers';
import { ia3Mixed } from '../../../ops/ia3/ia3_mixed';
import { NO_SLOT } from '../../../ops/mixed/mixed_table';
import { PoolTable } from '../../layers/pool_table';
import type { RowInputs } from '../../layers/row_inputs';
import type { Ia3Adapter } from '../ia3_adapter';
import { scaledLayers } from './scaled_layers';

/** The input or output of a module, if at least one of the adapters scales it. */
interface ScaledSide {
  readonly module: string;
  readonly side: 'input' | 'output';
}

/** Applies (IA)³ adapters in a batch of B rows: each row uses one of the adapters, or none. */
export class Ia3Rows implements RowInputs {
  readonly #adapters: readonly Ia3Adapter[];
  readonly #places: readonly ScaledSide[];
  readonly #table: PoolTable;
  /** u32 (scaled sides, adapters): for each input or output, the offset of each adapter's vector in the table, or `NO_SLOT`. */
  readonly #slots: Value;
  /** u32 (B): the index of each row's adapter. */
  readonly #which: Value;

  constructor(adapters: readonly Ia3Adapter[], B: number) {
    this.#adapters = adapters;
    this.#places = placesOf(adapters);
    this.#table = new PoolTable(adapters);
    this.#slots = pinned('slots of all rows', [this.#places.length, adapters.length], 'u32');
    this.#which = pinned('adapters of the rows', [B], 'u32');
  }

  get values(): readonly Value[] {
    return [this.#table.value, this.#slots, this.#which];
  }

  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void {
    const slots = this.#places.flatMap(({ module, side }) =>
      this.#adapters.map((adapter, index) => {
        const vector = adapter.vectorOf(module, side);
        return vector === undefined ? NO_SLOT : this.#table.startOf(index) + vector.offset;
      }),
    );
    runner.write(this.#slots, Uint32Array.from(slots));
    runner.write(this.#which, which);
  }

  over(g: Graph, base: Layers, T: number): Layers {
    const [table, slots, which] = [this.#table.value, this.#slots, this.#which];
    this.#table.fill(g);
    const placeOf = (module: string, side: ScaledSide['side']): number =>
      this.#places.findIndex((place) => place.module === module && place.side === side);
    const mixed = (x: Value, place: number, residual?: Value): Value =>
      ia3Mixed(g, x, { table, slots, which, place, T }, residual);
    return scaledLayers(base, {
      input(name, x) {
        const place = placeOf(name, 'input');
        return place < 0 ? x : mixed(x, place);
      },
      output(name) {
        const place = placeOf(name, 'output');
        return place < 0 ? undefined : (y, residual) => mixed(y, place, residual);
      },
    });
  }
}

function placesOf(adapters: readonly Ia3Adapter[]): readonly ScaledSide[] {
  const places = adapters.flatMap(({ layout }) =>
    [...layout.slots].map(([module, { side }]): [string, ScaledSide] => [`${side} ${module}`, { module, side }]),
  );
  return [...new Map(places).values()];
}
