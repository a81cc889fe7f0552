import type { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import type { Step } from '../../src/graph/step';
import { pinned } from '../../src/graph/value';
import { emitLinear } from '../../src/ops/products/linear';
import { waves } from '../stages/waves';

/** The sizes of a matrix product y = x·weightᵀ: x is (rows, inner), weight is (columns, inner), y is (rows, columns). */
export interface GemmShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** Writes the operands of a matrix product to the device. Returns the steps that compute the product `times` times. */
export function productSteps(executor: Executor, { rows, columns, inner }: GemmShape, times: number): readonly Step[] {
  const x = pinned('x', [rows, inner]);
  const weight = pinned('weight', [columns, inner]);
  for (const value of [x, weight]) executor.write(value, waves(value));
  const g = new Graph();
  for (let time = 0; time < times; time++) emitLinear(g, x, weight);
  return g.steps;
}
