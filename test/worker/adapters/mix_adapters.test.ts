import { expect, test } from 'vitest';
import type { Adapter } from '../../../src/adapters/adapter';
import { layoutPool, type NamedShape } from '../../../src/adapters/pool/pool_layout';
import type { Runner } from '../../../src/graph/runner';
import { pinned, type Value } from '../../../src/graph/value';
import { mixAdapters } from '../../../src/worker/adapters/mix_adapters';

const parameters = [
  { name: 'lambda_b', shape: [3] },
  { name: 'lambda_d', shape: [2] },
];

/** Makes an adapter whose buffer of trained values (pool) has these parameters, padding, and then a head's weight of two elements. */
function adapterWith(name: string, own: readonly NamedShape[] = parameters): Adapter {
  const layout = layoutPool(own, [{ name: 'classifier.weight', shape: [2] }]);
  return { name, layout, pool: pinned(name, [layout.length]) } as unknown as Adapter;
}

/** Fills each adapter's pool with its number, and makes a runner with the methods that mixing calls. */
function memoryOf(...filled: readonly (readonly [Adapter, number])[]): {
  runner: Runner;
  memory: Map<Value, Float32Array<ArrayBuffer>>;
} {
  const memory = new Map(
    filled.map(([{ pool, layout }, value]) => [pool, new Float32Array(layout.length).fill(value)]),
  );
  const runner = {
    read: async (value: Value) => memory.get(value)!.slice().buffer,
    write: (value: Value, numbers: Float32Array<ArrayBuffer>) => void memory.set(value, numbers),
  } as unknown as Runner;
  return { runner, memory };
}

test.each([
  [0, 8],
  [0.25, 7],
  [0.5, 6],
  [1, 4],
])('a share of %d: parameters become %d, and the head stays', async (share, expected) => {
  const [into, other] = [adapterWith('into'), adapterWith('other')];
  const { runner, memory } = memoryOf([into, 8], [other, 4]);
  await mixAdapters(runner, into, other, share);
  const numbers = memory.get(into.pool)!;
  const { offset } = into.layout.tensors.get('classifier.weight')!;
  for (const { offset: at, shape } of into.layout.parameters.values()) {
    expect([...numbers.slice(at, at + shape[0]!)]).toEqual(new Array(shape[0]!).fill(expected));
  }
  expect([...numbers.slice(offset, offset + 2)]).toEqual([8, 8]);
  expect(memory.get(other.pool)).toEqual(new Float32Array(other.layout.length).fill(4));
});

test('an adapter with other parameters is refused, and nothing changes', async () => {
  const [into, other] = [adapterWith('into'), adapterWith('other', [{ name: 'lambda_b', shape: [5] }])];
  const { runner, memory } = memoryOf([into, 8], [other, 4]);
  await expect(mixAdapters(runner, into, other, 0.5)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'Expected an adapter with the parameters of into, got other',
  });
  expect(memory.get(into.pool)).toEqual(new Float32Array(into.layout.length).fill(8));
});
