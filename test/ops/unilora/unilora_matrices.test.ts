import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { emitMatrices } from '../../../src/ops/unilora/unilora_matrices';
import { runReference } from '../../reference/runner';
import { SIZES, sharedMatrices } from './shared_matrices';

test.each(SIZES.slice(0, 4))('the gradient of a vector by central differences: %o', (sizes) => {
  const { memory, table, pool, grads, into, d_into } = sharedMatrices(sizes);
  const g = new Graph();
  g.train(pool);
  emitMatrices(g, pool, table, into);
  g.grad(
    pool,
    grads,
    new Map([
      [pool, grads],
      [into, d_into],
    ]),
  );
  const before = memory.get(grads)!.slice();
  runReference(g.steps, memory);
  const gained = memory.get(grads)!.map((value, index) => value - before[index]!);
  /** Computes Σ into · d_into over the elements of `into` that are matrix entries. */
  const product = (): number => {
    const forward = new Graph();
    emitMatrices(forward, pool, table, into);
    runReference(forward.steps, memory);
    const places = table.uses().content!.subarray(sizes.length + 1);
    return places.reduce((sum, place) => sum + memory.get(into)![place]! * memory.get(d_into)![place]!, 0);
  };
  const vector = memory.get(pool)!;
  for (let index = 0; index < vector.length; index++) {
    const value = vector[index]!;
    const [above, below] = [0.5, -0.5].map((step) => {
      vector[index] = value + step;
      return product();
    });
    vector[index] = value;
    // The function is linear, so only rounding in float64 differs.
    expect(gained[index]).toBeCloseTo(above! - below!, 9);
  }
});

test('each index has as many places as the others, or one more, and a number divided by their root', () => {
  const { memory, table, pool, into } = sharedMatrices({ length: 7, entries: 100, gap: 4 });
  const g = new Graph();
  emitMatrices(g, pool, table, into);
  runReference(g.steps, memory);
  const uses = table.uses().content!;
  for (let index = 0; index < 7; index++) {
    const places = uses.subarray(8).slice(uses[index], uses[index + 1]);
    expect([14, 15]).toContain(places.length);
    for (const place of places)
      expect(memory.get(into)![place]).toBeCloseTo(memory.get(pool)![index]! / Math.sqrt(places.length), 12);
  }
});
