import { expect, test } from 'vitest';
import { defineKernel } from '../../src/core/kernels/kernel';
import { DeviceHost } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import { constant, pinned, pinnedMatrix, shardsOf, type Value, viewOf } from '../../src/graph/value';
import { add } from '../../src/ops/add';
import { sessionGpu } from '../helpers/session/session_gpu';
import { floats, openExecutor, sums } from './executors';

test("counts the device's objects, and creates none when it replays", async () => {
  const { executor, calls, liveBytes } = await openExecutor();
  const { g, inputs, y } = sums(8, 3);
  for (const input of inputs) executor.write(input, new Float32Array(8).fill(1));
  const loaded = await executor.load({ name: 'test', steps: g.steps, outputs: [y] });
  executor.run(loaded);
  expect(floats(await executor.read(y))).toEqual(Array(8).fill(4));
  const made = { ...executor.counters };
  expect(made).toMatchObject({ pipelinesCreated: 1, bindGroupsCreated: 3, dispatches: 3 });
  expect(made.buffersCreated).toBe(calls('createBuffer'));
  expect(made.bindGroupsCreated).toBe(calls('createBindGroup'));
  expect(made.pipelinesCreated).toBe(calls('createComputePipeline', 'createComputePipelineAsync'));
  expect(made.submits).toBe(calls('submit'));
  expect(made.bytes).toBe(liveBytes());
  for (let run = 0; run < 5; run++) {
    executor.write(inputs[0]!, new Float32Array(8).fill(run));
    executor.run(loaded);
    expect(floats(await executor.read(y))).toEqual(Array(8).fill(3 * run + 1));
  }
  const { buffersCreated, bindGroupsCreated, pipelinesCreated, bytes } = executor.counters;
  expect({ buffersCreated, bindGroupsCreated, pipelinesCreated, bytes }).toEqual({
    buffersCreated: made.buffersCreated,
    bindGroupsCreated: 3,
    pipelinesCreated: 1,
    bytes: made.bytes,
  });
  loaded.release();
  executor.free(inputs);
  expect([executor.usage().bytes, liveBytes()]).toEqual([0, 0]);
  executor.close();
});

test('replays one step alone, in one submit, and later runs are as before', async () => {
  const { executor, calls, failures } = await openExecutor();
  const accumulate = defineKernel({
    name: 'accumulate',
    bindings: { x: 'read', sum: 'update' },
    params: {},
    variants: [
      {
        wgsl: [
          '@group(0) @binding(1) var<storage, read> x: array<f32>;',
          '@group(0) @binding(2) var<storage, read_write> sum: array<f32>;',
          '@compute @workgroup_size(1) fn main() { sum[0] += x[0]; }',
        ],
        workgroups: () => [1],
      },
    ],
    flops: () => 1,
  });
  const g = new Graph();
  const [one, ten, sum] = [pinned('one', [1]), pinned('ten', [1]), pinned('sum', [1])];
  executor.write(one, new Float32Array([1]));
  executor.write(ten, new Float32Array([10]));
  g.emit(accumulate, { x: one, sum }, {}, {});
  g.emit(accumulate, { x: ten, sum }, {}, {});
  const loaded = await executor.load({ name: 'test', steps: g.steps, outputs: [] });
  executor.run(loaded);
  expect(floats(await executor.read(sum))[0]).toBe(11);
  const made = { ...executor.counters };
  const submitted = calls('submit');
  executor.replay(loaded, 1, 5);
  expect(calls('submit')).toBe(submitted + 1);
  expect(floats(await executor.read(sum))[0]).toBe(61);
  executor.run(loaded);
  expect(floats(await executor.read(sum))[0]).toBe(72);
  const { buffersCreated, bindGroupsCreated, dispatches, flops } = executor.counters;
  expect(dispatches - made.dispatches).toBe(7);
  expect(flops - made.flops).toBe(7);
  expect([buffersCreated, bindGroupsCreated]).toEqual([made.buffersCreated, made.bindGroupsCreated]);
  expect(() => executor.replay(loaded, 2, 1)).toThrow('test has no step 2');
  expect(failures).toEqual([]);
  executor.close();
});

test('constants are allocated and freed with the programs that use them', async () => {
  const { executor, liveBytes, failures } = await openExecutor();
  const table = constant('table', [4], Uint32Array.from([1, 2, 3, 4]));
  const g = new Graph();
  const y = add(g, table, pinned('zeros', [4]));
  const program = { name: 'test', steps: g.steps, outputs: [y] };
  const first = await executor.load(program);
  const second = await executor.load(program);
  first.release();
  executor.run(second);
  expect([...new Uint32Array(await executor.read(y))]).toEqual([1, 2, 3, 4]);
  second.release();
  executor.free(g.steps.flatMap(({ values }) => Object.values(values)));
  expect([executor.usage().bytes, liveBytes(), failures]).toEqual([0, 0, []]);
  executor.close();
});

test('programs share slots, which are freed with the last of them', async () => {
  const { executor, liveBytes } = await openExecutor();
  const large = sums(1000, 4);
  const small = sums(500, 4);
  const first = await executor.load({ name: 'large', steps: large.g.steps, outputs: [] });
  await executor.allocate(small.inputs);
  const before = executor.counters.buffersCreated;
  const second = await executor.load({ name: 'small', steps: small.g.steps, outputs: [] });
  // Loading a second program creates only the buffer for its parameters, because the programs share slots.
  expect(executor.counters.buffersCreated).toBe(before + 1);
  first.release();
  executor.run(second);
  await executor.read(small.inputs[0]!);
  second.release();
  second.release();
  executor.free([...large.inputs, ...small.inputs]);
  expect(liveBytes()).toBe(0);
  executor.close();
});

test('what is written is submitted by 64 MiB, and before its buffer is destroyed', async () => {
  const { executor, calls, liveBytes, failures } = await openExecutor();
  const [large, small] = [pinned('large', [2 ** 22]), pinned('small', [4])];
  await executor.allocate([large, small]);
  const start = calls('submit');
  const submits = (): number => calls('submit') - start;
  const ones = new Float32Array(2 ** 22).fill(1);
  for (let write = 0; write < 4; write++) executor.write(large, ones);
  expect(submits()).toBe(0);
  executor.write(small, new Float32Array(4).fill(2));
  expect(submits()).toBe(1);
  for (let write = 0; write < 3; write++) executor.write(large, ones);
  expect(floats(await executor.read(small))).toEqual(Array(4).fill(2));
  // The read has submitted what was written before it.
  for (let write = 0; write < 4; write++) executor.write(large, ones);
  expect(submits()).toBe(2);
  executor.free([large]);
  expect(submits()).toBe(3);
  executor.free([small]);
  expect([submits(), liveBytes(), failures]).toEqual([3, 0, []]);
  expect(executor.usage().submits).toBe(calls('submit'));
  executor.close();
});

test('a queued read gets the results of the runs before it', async () => {
  const { executor } = await openExecutor();
  const value = pinned('x', [4]);
  await executor.allocate([value]);
  const reads = [1, 2, 3].map((number) => {
    executor.write(value, new Float32Array(4).fill(number));
    return executor.read(value);
  });
  expect((await Promise.all(reads)).map((bytes) => floats(bytes)[0])).toEqual([1, 2, 3]);
  executor.close();
});

test('a view is a part of a pinned value, and no buffer of its own', async () => {
  const { executor } = await openExecutor();
  const pool = pinned('pool', [136]);
  const [first, second] = [viewOf(pool, 'first', [4], 64), viewOf(pool, 'second', [4], 128)];
  executor.write(first, Float32Array.of(1, 2, 3, 4));
  executor.write(second, Float32Array.of(10, 20, 30, 40));
  const { bytes } = executor.usage();
  const g = new Graph();
  const y = add(g, first, second);
  executor.run(await executor.load({ name: 'test', steps: g.steps, outputs: [y] }));
  expect(floats(await executor.read(y))).toEqual([11, 22, 33, 44]);
  expect(floats(await executor.read(second))).toEqual([10, 20, 30, 40]);
  expect(floats(await executor.read(pool)).slice(62, 70)).toEqual([0, 0, 1, 2, 3, 4, 0, 0]);
  expect(bytes).toBe(136 * 4);
  expect(() => viewOf(pool, 'third', [4], 32)).toThrow(/can't be viewed/);
  await expect(
    executor.load({ name: 'too far', steps: sums(12, 1).g.steps.map(overPool), outputs: [] }),
  ).rejects.toMatchObject({ code: 'internal' });
  executor.close();

  function overPool(step: Graph['steps'][number]): Graph['steps'][number] {
    return { ...step, values: { ...step.values, a: viewOf(pool, 'over the end', [12], 128) } };
  }
});

test('a matrix in shards has a buffer for each, and is read in one piece', async () => {
  const { executor, calls, liveBytes } = await openExecutor();
  const matrix = pinnedMatrix('matrix', [150, 2], 'f32', 64 * 2 * 4);
  await executor.allocate([matrix]);
  expect([calls('createBuffer'), liveBytes()]).toEqual([3, 2 * 512 + 176]);
  expect(() => executor.write(matrix, new Float32Array(300))).toThrow(/no memory but its shards/);
  for (const { value, first } of shardsOf(matrix)) {
    const [rows = 0] = value.shape;
    executor.write(
      value,
      Float32Array.from({ length: 2 * rows }, (_, i) => 2 * first + i),
    );
  }
  const read = executor.read(matrix);
  // The read was queued before this write.
  executor.write(shardsOf(matrix)[1]!.value, new Float32Array(128));
  expect(floats(await read).slice(0, 300)).toEqual(Array.from({ length: 300 }, (_, i) => i));
  executor.free([matrix]);
  await expect(executor.read(matrix)).rejects.toMatchObject({ code: 'internal' });
  expect(executor.usage().bytes).toBe(liveBytes());
  executor.close();
});

test('weights begin to be split where the device’s bindings end, or earlier', async () => {
  const { executor } = await openExecutor();
  expect(executor.maxBindingBytes).toBe(2 ** 27);
  executor.close();
  const host = await DeviceHost.open(sessionGpu().gpu);
  const low = new Executor(host, { maxBindingBytes: 1024 });
  expect(low.maxBindingBytes).toBe(1024);
  // A value without shards may be larger than the limit.
  await low.allocate([pinned('large', [1024])]);
  low.close();
});

test('a written value is bound once, except for other parts of the same memory', async () => {
  const { executor } = await openExecutor();
  const bump = defineKernel({
    name: 'bump',
    bindings: { a: 'update', b: 'update' },
    params: { size: 'u32' },
    variants: [{ wgsl: [BUMP], workgroups: () => [1] }],
  });
  const pool = pinned('pool', [132]);
  const part = (offset: number): Value => viewOf(pool, `from ${offset}`, [4], offset);
  const program = (a: Value, b: Value) => {
    const g = new Graph();
    g.emit(bump, { a, b }, {}, { size: 4 });
    return { name: 'test', steps: g.steps, outputs: [] };
  };
  executor.run(await executor.load(program(part(64), part(128))));
  expect(floats(await executor.read(part(64)))).toEqual([1, 1, 1, 1]);
  expect(floats(await executor.read(part(128)))).toEqual([2, 2, 2, 2]);
  await expect(executor.load(program(part(64), part(64)))).rejects.toThrow(/bound twice/);
  await expect(executor.load(program(part(64), pool))).rejects.toThrow(/bound twice/);
  executor.close();
});

const BUMP = `
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> b: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
  if (i < p.size) {
    a[i] += 1.0;
    b[i] += 2.0;
  }
}
`;

test('reads that overlap make no buffer once one was read', async () => {
  const { executor, calls } = await openExecutor();
  const value = pinned('x', [4]);
  await executor.allocate([value]);
  await executor.read(value);
  const before = calls('createBuffer');
  await Promise.all([0, 1, 2].map(() => executor.read(value)));
  expect(calls('createBuffer')).toBe(before);
  executor.close();
});

test('a read without room for its buffer leaves the device usable, and later writes wait for a large copy', async () => {
  const { executor, liveBytes, refuseBuffers, failures } = await openExecutor();
  const value = pinned('x', [2 ** 19]);
  await executor.allocate([value]);
  const before = liveBytes();
  refuseBuffers(2 ** 20);
  await expect(executor.read(value)).rejects.toMatchObject({
    code: 'out_of_memory',
    message: expect.stringMatching(/^The GPU has no memory left for reading results: not enough/),
  });
  expect(liveBytes()).toBe(before);
  refuseBuffers(Number.POSITIVE_INFINITY);
  const reading = executor.read(value);
  executor.write(value, new Float32Array(2 ** 19).fill(7));
  expect(new Set(floats(await reading))).toEqual(new Set([0]));
  expect(new Set(floats(await executor.read(value)))).toEqual(new Set([7]));
  expect(failures).toEqual([]);
  executor.close();
});

test('large staging buffers are freed', async () => {
  const { executor, liveBytes } = await openExecutor();
  const value = pinned('x', [2 ** 19]);
  await executor.allocate([value]);
  const before = liveBytes();
  expect(floats(await executor.read(value))).toHaveLength(2 ** 19);
  expect(liveBytes()).toBe(before);
  executor.close();
});
