import { expect, test } from 'vitest';
import { bytesOf, TIMES } from '../../bench/stages/traffic';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { add } from '../../src/ops/add';
import { copyInto } from '../../src/ops/copy';
import { crossEntropyKernel } from '../../src/ops/losses/cross_entropy';
import { emitLinear } from '../../src/ops/products/linear';
import { allKernels } from '../helpers/gpu/kernels';

test('each value counts once in its storage, and an updated value twice', () => {
  const g = new Graph();
  const x = pinned('x', [2, 8]);
  add(g, x, pinned('other', [2, 8]));
  // Without bias and residual, x is bound in place of both.
  emitLinear(g, x, pinned('weight', [4, 8], 'f16'));
  const given = { logits: pinned('logits', [4, 8]), losses: pinned('losses', [4]) };
  const small = { targets: pinned('targets', [4], 'u32'), block: pinned('block', [16]) };
  g.emit(crossEntropyKernel, { ...given, ...small }, {}, { start: 0, count: 4, V: 8, has_gradient: 1, smoothing: 0 });
  expect(g.steps.map(bytesOf)).toEqual([3 * 64, 64 + 2 * 32 + 4 * 8, 2 * 128 + 2 * 16 + 16 + 64]);
});

test('values that are touched in part don’t count', () => {
  const g = new Graph();
  copyInto(g, pinned('source', [4]), pinned('target', [1000]), 8);
  expect(g.steps.map(bytesOf)).toEqual([16]);
});

test('exceptions name existing bindings', () => {
  const bindings = new Map(allKernels().map((kernel) => [kernel.name, Object.keys(kernel.bindings)]));
  for (const [kernel, times] of Object.entries(TIMES)) {
    expect(bindings.get(kernel)).toEqual(expect.arrayContaining(Object.keys(times)));
  }
  // One buffer holds the sums of all layers, but a kernel writes only those of its layer.
  const sums = allKernels().filter((kernel) => kernel.bindings.partials === 'update');
  expect(sums.length).toBeGreaterThan(0);
  for (const { name } of sums) expect(TIMES[name], name).toEqual({ partials: 0 });
});
