import { numel } from '../core/shape';
import type { Executor } from '../gpu/executor';
import { Graph, type Step } from '../graph/graph';
import { pinned, type Value } from '../graph/value';
import { emitLinear } from '../ops/linear';

/** y = x·weightᵀ with x (rows, inner), weight (columns, inner), y (rows, columns). */
export interface GemmShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** The same product so many times, of operands that it places on the device. */
export function productSteps(executor: Executor, { rows, columns, inner }: GemmShape, times: number): readonly Step[] {
  const x = filled(executor, pinned('x', [rows, inner]));
  const weight = filled(executor, pinned('weight', [columns, inner]));
  const g = new Graph();
  for (let time = 0; time < times; time++) emitLinear(g, x, weight);
  return g.steps;
}

/** Numbers that differ, as a device may be quicker with zeros. */
function filled(executor: Executor, value: Value): Value {
  const numbers = new Float32Array(numel(value.shape)).map((_, i) => Math.sin(i));
  executor.write(value, numbers);
  return value;
}
