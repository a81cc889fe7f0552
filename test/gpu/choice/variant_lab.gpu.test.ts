import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineKernel } from '../../../src/core/kernels/kernel';
import { chooseVariant } from '../../../src/gpu/choice/choice';
import { tuneKernels, variantLab } from '../../../src/gpu/choice/variant_lab';
import { DeviceHost } from '../../../src/gpu/device_host';
import { Executor } from '../../../src/gpu/executor';
import { Graph } from '../../../src/graph/graph';
import type { Step } from '../../../src/graph/step';
import { pinned } from '../../../src/graph/value';
import { type SessionGpu, sessionGpu } from '../../helpers/session/session_gpu';

/** Makes a kernel variant that adds `x` times `add` to a sum. `add` differs between variants, so the sum shows which variant ran. */
const adding = (name: string, add: string) => ({
  name,
  wgsl: [
    '@group(0) @binding(1) var<storage, read> x: array<f32>;',
    '@group(0) @binding(2) var<storage, read_write> sum: array<f32>;',
    `@compute @workgroup_size(1) fn main() { sum[0] += x[0] * ${add}; }`,
  ],
  workgroups: () => [1] as const,
});
const accumulate = defineKernel({
  name: 'accumulate',
  bindings: { x: 'read', sum: 'update' },
  params: {},
  variants: [adding('workgroup', '1'), adding('serial', '10'), adding('broken', 'nothing')],
  flops: () => 1,
});

let shared: SessionGpu;
let host: DeviceHost;
let executor: Executor;
beforeAll(async () => {
  shared = sessionGpu();
  host = await DeviceHost.open(shared.gpu);
  executor = new Executor(host);
});
afterAll(() => executor.close());

async function stepOn(sum = pinned('sum', [1])) {
  const g = new Graph();
  const x = pinned('x', [1]);
  await executor.allocate([x, sum]);
  executor.write(x, new Float32Array([1]));
  g.emit(accumulate, { x, sum }, {}, {});
  const read = async (): Promise<number> => new Float32Array(await executor.read(sum))[0]!;
  return { steps: g.steps, read, free: () => executor.free([x, sum]) };
}

const candidates = (steps: readonly Step[]) => ({
  kernel: 'accumulate',
  variants: ['workgroup', 'serial'],
  works: steps.map((step) => ({ step, dispatches: 1 })),
});

test('a choice applies to programs that are loaded later', async () => {
  const { steps, read, free } = await stepOn();
  const program = { name: 'test', steps, outputs: [] };
  const table = await executor.load(program);
  executor.chosen = { accumulate: 'workgroup' };
  const chosen = await executor.load(program);
  const told = await executor.load(program, { chosen: { accumulate: 'serial' } });
  executor.chosen = {};
  executor.run(chosen);
  expect(await read()).toBe(1);
  executor.run(told);
  expect(await read()).toBe(11);
  executor.run(table);
  const own = chooseVariant(steps[0]!, host.info).name;
  expect(await read()).toBe(11 + (own === 'serial' ? 10 : 1));
  for (const loaded of [table, chosen, told]) loaded.release();
  free();
});

test('measuring leaves the state as it was, and no memory behind', async () => {
  const { steps, read, free } = await stepOn();
  const bytes = shared.liveBytes();
  const lab = variantLab(executor);
  const entrants = [];
  for (const variant of ['serial', 'workgroup']) entrants.push(await lab.prepare(candidates(steps), variant));
  const { dispatches } = executor.usage();
  for (const entrant of entrants) await entrant?.run(0, 100);
  expect(executor.usage().dispatches).toBe(dispatches + 200);
  for (const entrant of entrants) entrant?.release();
  expect(await read()).toBe(0);
  expect(shared.storageBytes()).toBeLessThanOrEqual(bytes);
  free();
  expect(shared.liveBytes()).toBe(0);
});

test('a variant that does not compile is left out', async () => {
  const { steps, free } = await stepOn();
  const lab = variantLab(executor);
  expect(await lab.prepare(candidates(steps), 'broken')).toBeUndefined();
  const { accumulate: winner, ...others } = await tuneKernels(executor, host.info, steps, new AbortController().signal);
  expect(['workgroup', 'serial']).toContain(winner);
  expect(others).toEqual({});
  expect(executor.chosen).toEqual({});
  free();
});

test('the faster variant is found, whichever the table has', async () => {
  const looping = (name: string, loops: number) =>
    adding(name, `f32(${loops}); for (var i = 0; i < ${loops}; i++) { sum[0] = sin(sum[0]); }`);
  const kernel = (name: string, loops: Readonly<Record<'workgroup' | 'serial', number>>) =>
    defineKernel({
      name,
      bindings: { x: 'read', sum: 'update' },
      params: {},
      variants: [looping('workgroup', loops.workgroup), looping('serial', loops.serial)],
      flops: () => 1,
    });
  const g = new Graph();
  const [x, sum] = [pinned('x', [1]), pinned('sum', [1])];
  await executor.allocate([x, sum]);
  g.emit(kernel('one', { workgroup: 10_000, serial: 1 }), { x, sum }, {}, {});
  g.emit(kernel('other', { workgroup: 1, serial: 10_000 }), { x, sum }, {}, {});
  const chosen = await tuneKernels(executor, host.info, g.steps, new AbortController().signal);
  expect(chosen).toEqual({ one: 'serial', other: 'workgroup' });
  executor.free([x, sum]);
});

test('aborted, it leaves nothing behind', async () => {
  const { steps, free } = await stepOn();
  const controller = new AbortController();
  const tuning = tuneKernels(executor, host.info, steps, controller.signal);
  controller.abort(new Error('enough'));
  await expect(tuning).rejects.toThrow('enough');
  free();
  expect(shared.liveBytes()).toBe(0);
});
