import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { planMemory } from '../../../src/graph/plan';
import { byteLength, pinned, type Value } from '../../../src/graph/value';
import { swiglu } from '../../../src/ops/activations/swiglu';
import { ALWAYS_BOUND } from '../../../src/ops/products/follower';
import { linear } from '../../../src/ops/products/linear';
import { emitProjection, veraLinears } from '../../../src/ops/vera/vera';

test('gradients that together exceed what every device binds stay apart', () => {
  const [N, C, F, R] = [4096, 8, 4864, 8];
  const g = new Graph();
  const x = g.train(pinned('x', [N, C]));
  const lambda = g.train(pinned('lambda', [2 * (F + R)]));
  const projection = emitProjection(g, x, pinned('A', [R, C]));
  const B = pinned('B', [F, R]);
  const layers = [0, 1].map((index) => {
    const offsetB = index * (F + R);
    return {
      weight: pinned(`weight ${index}`, [F, C]),
      low: { u: projection.u, B, lambda, offsetB, offsetD: offsetB + F },
    };
  });
  const [gate, up] = veraLinears(g, x, layers, projection) as [Value, Value];
  const y = linear(g, swiglu(g, gate, up), pinned('down', [C, F]));
  g.grad(y, pinned('dy', [N, C]), new Map([[lambda, pinned('gradients', lambda.shape)]]));
  expect(2 * byteLength(gate)).toBeGreaterThan(ALWAYS_BOUND);
  expect(Math.max(...planMemory(g.steps).slotBytes)).toBeLessThanOrEqual(ALWAYS_BOUND);
});
