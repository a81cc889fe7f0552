import { expect } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { type Memory, runReference } from '../../reference/runner';
import { randomArray } from './random';

/**
 * Checks an op's gradient in float64: runs the op's declared backward pass with a random `dy`, and compares the result
 * with central differences of ⟨y, dy⟩ for every entry of every value in `wrt`.
 *
 * The defaults fit smooth functions with values around 1: central differences with a step of 1e-5 have an error of about
 * 1e-9.
 */
export function expectGradient(
  build: (g: Graph) => Value,
  memory: Memory,
  wrt: readonly Value[],
  {
    step = 1e-5,
    tolerance = 1e-7,
    through = [],
  }: {
    step?: number;
    tolerance?: number;
    /** Pinned values that `build` computes from those in `wrt` and then uses for the result. */
    through?: readonly Value[];
  } = {},
): void {
  const forward = new Graph();
  const y0 = build(forward);
  const seed = randomArray(numel(y0.shape), 99);
  const objective = (): number => {
    const y = runReference(forward.steps, new Map(memory)).get(y0) as Float64Array;
    return y.reduce((sum, value, index) => sum + value * (seed[index] as number), 0);
  };

  const g = new Graph();
  for (const value of wrt) g.train(value);
  const y = build(g);
  const dy = transient('dy', y.shape);
  // The gradients of these values accumulate in pinned buffers, as in a training step; all other gradients are new values.
  const sums = new Map([...wrt, ...through].map((value) => [value, pinned(`d${value.name}`, value.shape)]));
  const run: Memory = new Map(memory);
  run.set(dy, seed);
  for (const value of sums.values()) run.set(value, new Float64Array(numel(value.shape)));
  const gradients = g.grad(y, dy, sums);
  runReference(g.steps, run);
  for (const value of wrt) {
    const gradient = run.get(gradients.get(value) as Value) as Float64Array;
    const array = memory.get(value) as Float64Array;
    array.forEach((original, index) => {
      array[index] = original + step;
      const above = objective();
      array[index] = original - step;
      const below = objective();
      array[index] = original;
      const difference = (above - below) / (2 * step);
      const error = Math.abs(difference - (gradient[index] as number));
      expect(error, `d${value.name}[${index}]: ${gradient[index]} against ${difference}`).toBeLessThan(
        tolerance * Math.max(1, Math.abs(difference)),
      );
    });
  }
}
