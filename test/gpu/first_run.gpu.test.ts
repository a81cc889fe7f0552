import { afterEach, expect, test } from 'vitest';
import { DeviceHost } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { SubmitBudget } from '../../src/gpu/submit_budget';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { relu } from '../../src/ops/activations/relu';
import { linear } from '../../src/ops/products/linear';
import { sessionGpu } from '../helpers/session/session_gpu';

const opened: Executor[] = [];
afterEach(() => {
  for (const executor of opened.splice(0)) executor.close();
});

/** A submit budget that doesn't adapt to measured times. Otherwise a slow device would split a matrix product into several dispatches. */
class FixedBudget extends SubmitBudget {
  override finished(): void {}
}

/** Opens an executor. On its device, relu isn't compiled before `compile` is called. */
async function open() {
  const shared = sessionGpu();
  const { device, info } = await DeviceHost.open(shared.gpu);
  let compile = (_problem?: Error): void => {};
  const compiled = new Promise<void>((resolve, reject) => {
    compile = (problem) => (problem === undefined ? resolve() : reject(problem));
  });
  const slow = new Proxy(device, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'createComputePipelineAsync') return value.bind(target);
      return async (descriptor: GPUComputePipelineDescriptor) => {
        if (descriptor.label?.startsWith('relu') === true) await compiled;
        return target.createComputePipelineAsync(descriptor);
      };
    },
  });
  const failures: string[] = [];
  const host = DeviceHost.adopt(slow, info, (error) => failures.push(error.code));
  const executor = new Executor(host, { budget: new FixedBudget({ most: 0.2e9 }) });
  opened.push(executor);
  return { ...shared, executor, compile, failures };
}

const [N, K] = [1024, 288];

/** Builds y = relu(2·x) with two matrix products. Each product is so much work that it is submitted alone, before relu. */
function twice() {
  const g = new Graph();
  const x = pinned('x', [N, K]);
  const weight = pinned('weight', [K, K]);
  const wide = linear(g, x, weight);
  const y = relu(g, linear(g, wide, weight));
  const diagonal = new Float32Array(K * K);
  for (let k = 0; k < K; k++) diagonal[k * K + k] = Math.SQRT2;
  return { program: { name: 'twice', steps: g.steps, outputs: [y] }, x, weight, diagonal, y };
}

const rowsOf = (value: number): Float32Array<ArrayBuffer> => new Float32Array(N * K).fill(value);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

test('a run begins before its last kernels are compiled, and later calls come after it', async () => {
  const { executor, compile, liveBytes, failures } = await open();
  const { program, x, weight, diagonal, y } = twice();
  executor.write(weight, diagonal);
  const numbers = rowsOf(3);
  executor.write(x, numbers);
  const loaded = await executor.load(program, { early: true });
  executor.run(loaded);
  const first = executor.read(y);
  // The next batch is written and run before the first one ends, and its array is overwritten right after the write.
  numbers.fill(5);
  executor.write(x, numbers);
  numbers.fill(99);
  executor.run(loaded);
  const second = executor.read(y);
  loaded.release();
  executor.free([x, weight]);
  let isThrough = false;
  void first.then(() => {
    isThrough = true;
  });
  for (let wait = 0; wait < 50 && executor.counters.submits === 0; wait++) await turn();
  // The matrix products were submitted, but relu waits for its kernel. The freed buffers still exist while the run needs them.
  expect(executor.counters.submits).toBeGreaterThan(0);
  expect(executor.counters.dispatches).toBeLessThan(3);
  expect(isThrough).toBe(false);
  expect(liveBytes()).toBeGreaterThan(0);

  compile();
  expect(new Float32Array(await first)[0]).toBeCloseTo(6, 5);
  expect(new Float32Array(await second)[N * K - 1]).toBeCloseTo(10, 5);
  expect(executor.counters.dispatches).toBe(6);
  await turn();
  expect([executor.usage().bytes, liveBytes()]).toEqual([0, 0]);
  expect(failures).toEqual([]);
});

test('memory for more is allocated after queued work is done', async () => {
  const { executor, compile } = await open();
  const { program, x } = twice();
  executor.write(x, rowsOf(1));
  executor.run(await executor.load(program, { early: true }));
  let isThere = false;
  const allocated = executor.allocate([pinned('another', [4])]).then(() => {
    isThere = true;
  });
  await turn();
  expect(isThere).toBe(false);
  compile();
  await allocated;
});

test('a run whose kernel doesn’t compile stops there, and the program rejects', async () => {
  const { executor, compile, failures } = await open();
  const { program, x, y } = twice();
  executor.write(x, rowsOf(1));
  const loaded = await executor.load(program, { early: true });
  executor.run(loaded);
  compile(new Error('too many registers'));
  const broken = { code: 'internal', message: expect.stringMatching(/relu.* doesn't compile: too many registers/) };
  await expect(loaded.ready).rejects.toMatchObject(broken);
  await executor.read(y);
  expect(executor.counters.dispatches).toBeLessThan(3);
  expect(failures).toEqual([]);
});

test('a program that isn’t loaded early is loaded with all its kernels, or not at all', async () => {
  const { executor, compile, failures, liveBytes } = await open();
  const { program, x, weight } = twice();
  const loading = executor.load(program);
  compile(new Error('too many registers'));
  await expect(loading).rejects.toMatchObject({ code: 'internal' });
  executor.free([x, weight]);
  expect(liveBytes()).toBe(0);
  // `prepare` doesn't report that a kernel fails to compile.
  executor.prepare(program.steps);
  await turn();
  executor.write(x, rowsOf(1));
  expect(new Float32Array(await executor.read(x))[0]).toBe(1);
  expect(failures).toEqual([]);
});
