import { expect, test } from 'vitest';
import { SizingRunner } from '../../../src/gpu/memory/sizing_runner';
import { Graph } from '../../../src/graph/graph';
import { pinned, pinnedMatrix } from '../../../src/graph/value';
import { relu } from '../../../src/ops/activations/relu';

/** Builds relu(relu(relu(x))) for 1024 values. Two slots (shared buffers) are enough for the three results. */
function program(x = pinned('x', [1024])) {
  const g = new Graph();
  const y = relu(g, relu(g, relu(g, x)));
  return { name: 'relu', steps: g.steps, outputs: [y] };
}

test('what is allocated counts until it is freed, a matrix by its shards', async () => {
  const runner = new SizingRunner(1024);
  const matrix = pinnedMatrix('W', [128, 4], 'f32', 1024);
  expect(matrix.shards).toHaveLength(2);
  await runner.allocate([matrix, pinned('b', [5])]);
  expect(runner.usage()).toMatchObject({ bytes: 2048 + 32, buffers: 3, peakBytes: 2080 });
  expect(runner.largest).toBe(1024);
  await runner.allocate([matrix]);
  runner.free([matrix]);
  expect(runner.usage()).toMatchObject({ bytes: 32, peakBytes: 2080 });
});

test('a program takes slots, params, and missing inputs', async () => {
  const runner = new SizingRunner(2 ** 20);
  const loaded = await runner.load(program());
  expect(runner.slotBytes).toBe(2 * 4096);
  expect(runner.usage().bytes).toBe(4096 + 2 * 4096 + 3 * 256);
  expect(loaded.flops).toBeGreaterThan(0);
  loaded.release();
  expect(runner.usage().bytes).toBe(4096);
});

test('programs share slots', async () => {
  const runner = new SizingRunner(2 ** 20);
  const x = pinned('x', [1024]);
  await runner.load(program(x));
  const before = runner.usage().bytes;
  await runner.load(program(x));
  expect(runner.usage().bytes - before).toBe(3 * 256);
});

test('reads go through buffers of which small ones are kept, and that no kernel binds', async () => {
  const runner = new SizingRunner(2 ** 30);
  await runner.read(pinned('small', [8]));
  expect(runner.usage().bytes).toBe(4 * 256);
  const [one, two] = [runner.read(pinned('a', [2 ** 16])), runner.read(pinned('b', [2 ** 16]))];
  await Promise.all([one, two]);
  expect(runner.usage().bytes).toBe(4 * 256 + 2 * 2 ** 18);
  await runner.readAll([pinned('large', [2 ** 20])]);
  expect(runner.usage()).toMatchObject({ bytes: 4 * 256 + 2 * 2 ** 18, peakBytes: 4 * 256 + 2 * 2 ** 18 + 2 ** 22 });
  expect(runner.largest).toBe(0);
});
