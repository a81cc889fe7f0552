import type { Graph } from '../../../graph/graph';
import type { Runner } from '../../../graph/runner';
import { pinned, type Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';
import { filled } from '../../../ops/fill';
import { addRowBias } from '../../../ops/lora/lora_linear';
import { loraRows } from '../../../ops/lora/lora_rows';
import { linear } from '../../../ops/products/linear';
import type { RowInputs } from '../../layers/row_inputs';
import type { LoraAdapter } from '../lora_adapter';

/**
 * Applies LoRA adapters in a batch of B rows: each row uses one of the adapters, or none. An adapter's branch is computed for all rows,
 * with zeros in the rows of other adapters.
 */
export class LoraRows implements RowInputs {
  readonly #adapters: readonly LoraAdapter[];
  /** u32 (B): the index of each row's adapter. */
  readonly #which: Value;

  constructor(adapters: readonly LoraAdapter[], B: number) {
    this.#adapters = adapters;
    this.#which = pinned('adapters of the rows', [B], 'u32');
  }

  get values(): readonly Value[] {
    return [this.#which];
  }

  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void {
    runner.write(this.#which, which);
  }

  over(g: Graph, base: Layers, T: number): Layers {
    const which = this.#which;
    const withBranch = (y: Value, name: string, x: Value, adapter: number): Value => {
      const branch = this.#adapters[adapter]?.branchOf(name);
      if (branch === undefined) return y;
      const { A, B, bias, scale } = branch;
      const rows = { which, adapter, T };
      const sum = linear(g, loraRows(g, linear(g, x, A), rows, scale), B, undefined, { residual: y });
      if (bias === undefined) return sum;
      const ones = filled(g, [...sum.shape.slice(0, -1), 1], 1);
      return addRowBias(g, sum, loraRows(g, ones, rows, scale), bias);
    };
    return layersOver(base, (uses, x) =>
      base.apply(uses, x).map((plain, index) => {
        const name = uses[index]?.name ?? '';
        return this.#adapters.reduce((y, _, adapter) => withBranch(y, name, x, adapter), plain);
      }),
    );
  }
}
