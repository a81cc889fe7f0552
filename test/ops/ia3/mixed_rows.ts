import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { ia3Mixed } from '../../../src/ops/ia3/ia3_mixed';
import { type MixedTable, NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import { input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

/** The index of the tested place in the network: there, the adapters' vectors scale x. `slots` has other offsets for the other place. */
const PLACE = 1;

export interface MixedRows {
  readonly g: Graph;
  readonly memory: Memory;
  readonly x: Value;
  readonly residual: Value;
  readonly y: Value;
  readonly operands: MixedTable;
  /** The offsets of the adapters' vectors in the table. The last of three adapters has no vector. */
  readonly offsets: readonly number[];
}

/** Builds a batch whose rows have T tokens of C numbers. Adapters 0 and 1 scale the tokens of their rows, adapter 2 doesn't. */
export function mixedRows(C: number, T: number, which: readonly number[], { withResidual = true } = {}): MixedRows {
  const memory: Memory = new Map();
  const shape = [which.length, T, C];
  const count = which.length * T * C;
  const length = Math.ceil(C / 4) * 4;
  const offsets = [4, 8 + length, NO_SLOT];
  const rounded = (size: number, seed: number): Float64Array => Float64Array.from(randomArray(size, seed), Math.fround);
  const x = input(memory, 'x', shape, rounded(count, 1));
  const residual = input(memory, 'residual', shape, rounded(count, 2));
  const table = input(memory, 'table', [8 + 2 * length], rounded(8 + 2 * length, 3));
  const slots = input(memory, 'slots', [2, 3], Float64Array.of(0, 0, 0, ...offsets), 'u32');
  const rows = input(memory, 'which', [which.length], Float64Array.from(which), 'u32');
  const g = new Graph();
  const operands = { table, slots, which: rows, place: PLACE, T };
  const y = ia3Mixed(g, x, operands, withResidual ? residual : undefined);
  return { g, memory, x, residual, y, operands, offsets };
}
