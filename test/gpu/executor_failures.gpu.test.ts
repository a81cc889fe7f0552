import { describe, expect, test } from 'vitest';
import { defineKernel } from '../../src/core/kernels/kernel';
import { DeviceHost } from '../../src/gpu/device_host';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { openExecutor, sums } from './executors';

describe('a failure leaves nothing behind', () => {
  const broken = defineKernel({
    name: 'broken',
    bindings: { x: 'read', y: 'write' },
    params: {},
    variants: [{ wgsl: ['fn main() {'], workgroups: () => [1] }],
  });
  const huge = defineKernel({
    ...broken,
    name: 'huge',
    variants: [{ wgsl: ['@compute @workgroup_size(1) fn main() {}'], workgroups: () => [70000] }],
  });

  test.each([
    ['a shader that does not compile', broken],
    ['a grid beyond the limit', huge],
  ])('%s', async (_, kernel) => {
    const { executor, liveBytes, failures } = await openExecutor();
    const x = pinned('x', [4]);
    await executor.allocate([x]);
    const before = liveBytes();
    const g = new Graph();
    g.emit(kernel, { x }, { y: [1000] }, {});
    const program = { name: 'test', steps: g.steps, outputs: [] };
    await expect(executor.load(program)).rejects.toMatchObject({ code: 'internal' });
    expect([liveBytes(), executor.usage().bytes]).toEqual([before, before]);
    expect(failures).toEqual([]);
    executor.close();
  });

  test('a value beyond the limit, and those allocated with it', async () => {
    const { executor, liveBytes } = await openExecutor();
    const values = [pinned('small', [4]), pinned('huge', [2 ** 28])];
    await expect(executor.allocate(values)).rejects.toMatchObject({ code: 'limit_exceeded' });
    expect(liveBytes()).toBe(0);
    const { g, inputs } = sums(2 ** 26, 2);
    const program = { name: 'test', steps: g.steps, outputs: [] };
    await expect(executor.load(program)).rejects.toMatchObject({ code: 'limit_exceeded' });
    executor.free(inputs);
    expect(liveBytes()).toBe(0);
    executor.close();
  });

  test("reading a value that doesn't exist, or is freed", async () => {
    const { executor, liveBytes } = await openExecutor();
    const value = pinned('x', [4]);
    await expect(executor.read(value)).rejects.toMatchObject({ code: 'internal' });
    await executor.allocate([value]);
    executor.free([value]);
    await expect(executor.read(value)).rejects.toMatchObject({ code: 'internal' });
    expect(liveBytes()).toBe(0);
    executor.close();
  });
});

test('no WebGPU, no adapter, no device: unsupported_device', async () => {
  const requestDevice = () => Promise.reject(new DOMException('limits', 'OperationError'));
  const adapters = [null, { features: new Set(), limits: {}, requestDevice }];
  const gpus = adapters.map((adapter) => ({ requestAdapter: async () => adapter }) as unknown as GPU);
  for (const gpu of [undefined, ...gpus]) {
    await expect(DeviceHost.open(gpu)).rejects.toMatchObject({ name: 'WebVeraError', code: 'unsupported_device' });
  }
});

test('after the device is lost every call rejects with that', async () => {
  const { executor, lose, failures } = await openExecutor();
  const value = pinned('x', [4]);
  await executor.allocate([value]);
  lose('the driver crashed');
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(failures).toEqual(['device_lost']);
  const lost = { code: 'device_lost', retryable: true };
  await expect(executor.read(value)).rejects.toMatchObject(lost);
  await expect(executor.allocate([pinned('y', [4])])).rejects.toMatchObject(lost);
  expect(() => executor.write(value, new Float32Array(4))).toThrow('the driver crashed');
});
