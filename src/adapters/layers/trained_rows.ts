import { WebVeraError } from '../../core/errors/error';
import { roundUp } from '../../core/numbers/shape';
import { Graph } from '../../graph/graph';
import type { Program, Runner } from '../../graph/runner';
import { pinned, type Value, VIEW_ALIGNMENT, viewOf } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import { type Adapter, kindOf } from '../adapter';
import type { RowInputs } from './row_inputs';

/** A table with the pools (all trained values) of several adapters that train together, and a table with their gradients. */
export class TrainedRows {
  /** f32 (adapters, stride), pinned: each row is the pool of one adapter. The run trains this value. */
  readonly table: Value;
  /** The gradients, in the same layout as `table`. */
  readonly grads: Value;
  /** f32 (adapters), pinned: the factor by which each adapter's gradients are multiplied. */
  readonly scales: Value;
  /** The program that copies the pools into the table. It has to run before the micro-batches of a step. */
  readonly before: Program;
  readonly #adapters: readonly Adapter[];
  readonly #stride: number;

  /** Throws `invalid_argument` for adapters that can't train together. */
  constructor(adapters: readonly Adapter[]) {
    expectAlike(adapters);
    this.#adapters = adapters;
    this.#stride = roundUp(adapters[0]?.layout.length ?? 0, VIEW_ALIGNMENT);
    const shape = [adapters.length, this.#stride];
    this.table = pinned('vectors of all adapters', shape);
    this.grads = pinned('gradients of all adapters', shape);
    this.scales = pinned('scales of gradients', [adapters.length]);
    const g = new Graph();
    for (const [index, { pool }] of adapters.entries()) copyInto(g, pool, this.table, index * this.#stride);
    this.before = { name: 'vectors of all adapters', steps: g.steps, outputs: [] };
  }

  /** Pinned values that the run has to allocate. */
  get values(): readonly Value[] {
    return [this.table, this.grads, this.scales];
  }

  /** Returns the gradients of one adapter's pool. */
  gradientsOf(index: number): Value {
    const { name = '', pool } = this.#adapters[index] ?? {};
    return viewOf(this.grads, `gradients of ${name}`, pool?.shape ?? [], index * this.#stride);
  }

  /** Returns the `RowInputs` of a batch of B rows. `which` holds the index of each row's adapter. */
  inputs(B: number): RowInputs & { readonly which: Value } {
    const { table, scales } = this;
    const adapters = this.#adapters;
    const which = pinned('adapters of the rows', [B], 'u32');
    return {
      which,
      values: [which],
      write: (runner: Runner, rows) => runner.write(which, rows),
      over: (g, base, T) => {
        const kind = kindOf(adapters);
        return kind?.rowLayers?.(g, base, adapters, { table, which, scales, T }) ?? base;
      },
    };
  }
}

/** Throws `invalid_argument` for adapters that can't train together: the same kernels train them, so only their values may differ. */
function expectAlike(adapters: readonly Adapter[]): void {
  const [first, ...others] = adapters;
  if (first === undefined) throw new WebVeraError('internal', 'Expected adapters that train');
  for (const adapter of adapters) {
    const reason = reasonAlone(adapter);
    if (reason !== undefined) throw refusal(`${adapter.name} ${reason}`);
  }
  for (const other of others) {
    if (describe(other) !== describe(first)) {
      throw refusal(`${other.name} has another r or other target modules than ${first.name}`);
    }
    if ([...other.frozen].some(([name, value]) => first.frozen.get(name) !== value)) {
      throw refusal(`${other.name} has other random matrices than ${first.name}`);
    }
  }
}

function reasonAlone(adapter: Adapter): string | undefined {
  if (adapter.kind.rowLayers === undefined) return `is of type ${adapter.kind.Config.rules.peft_type}`;
  if (adapter.tensors.size > 0) return 'trains biases or whole modules of the model';
  if (adapter.dropout > 0) return 'has a dropout';
  return adapter.notMixed === undefined ? undefined : 'trains lengths of rows';
}

function describe({ layout, hyperparameters }: Adapter): string {
  return JSON.stringify([[...layout.parameters], hyperparameters]);
}

function refusal(what: string): WebVeraError {
  return new WebVeraError('invalid_argument', `adapters: expected adapters that can train together, but ${what}`, {
    hint:
      'Adapters of one r, one list of target_modules and one key of their random matrices train together, without dropout, use_dora, bias ' +
      'and modules_to_save. Train others one after the other, each by a Trainer of its own.',
  });
}
