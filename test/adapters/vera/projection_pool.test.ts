import { expect, test } from 'vitest';
import { ProjectionPool } from '../../../src/adapters/vera/projections/projection_pool';
import type { Value } from '../../../src/graph/value';
import { FakeRunner } from '../../helpers/session/fake_runner';

const key = { projection_prng_key: 0, r: 4, max_in: 6, max_out: 8 };

/** A runner whose allocations wait until the test lets them succeed or fail. */
class SlowRunner extends FakeRunner {
  readonly #waiting: { readonly pass: () => void; readonly fail: (error: Error) => void }[] = [];

  override async allocate(values: Iterable<Value>): Promise<void> {
    const asked = new Promise<void>((pass, fail) => this.#waiting.push({ pass, fail }));
    await super.allocate(values);
    await asked;
  }

  pass(): void {
    this.#waiting.shift()?.pass();
  }

  fail(error: Error): void {
    this.#waiting.shift()?.fail(error);
  }
}

test('two adapters that arrive together share one pair, once it exists', async () => {
  const runner = new SlowRunner();
  const pool = new ProjectionPool(runner);
  const arrived: number[] = [];
  const both = [0, 1].map(async (index) => {
    const values = await pool.acquire(key, 'float32');
    arrived.push(index);
    return values;
  });
  await new Promise((resolve) => setTimeout(resolve));
  expect(arrived).toEqual([]);
  runner.pass();
  const [one, two] = await Promise.all(both);
  expect(two).toBe(one);
  expect(runner.held.size).toBe(2);
  pool.release(one!);
  expect(runner.held.size).toBe(2);
  pool.release(two!);
  expect(runner.held.size).toBe(0);
});

test('announces its draws, once for all that share them', async () => {
  const told: number[] = [];
  const pool = new ProjectionPool(new FakeRunner(), (numbers) => told.push(numbers));
  const values = await pool.acquire(key, 'float32');
  await pool.acquire(key, 'float32');
  expect(told).toEqual([4 * (6 + 8)]);
  const known = { A: new Float32Array(24), B: new Float32Array(32) };
  await pool.acquire({ ...key, r: 4, projection_prng_key: 9 }, 'float32', known);
  expect(told).toHaveLength(1);
  expect(values.dtype).toBe('float32');
});

test('matrices of files are shared by all adapters whose files have the same', async () => {
  const runner = new FakeRunner();
  const pool = new ProjectionPool(runner);
  const matrices = (last: number) => ({ A: new Float32Array(24).fill(1, 23), B: new Float32Array(32).fill(last, 31) });
  const one = await pool.adopt(key, matrices(2));
  const same = await pool.adopt({ ...key, projection_prng_key: 9 }, matrices(2));
  const other = await pool.adopt(key, matrices(3));
  expect(same).toBe(one);
  expect(other).not.toBe(one);
  expect(await pool.adopt({ projection_prng_key: 0, r: 8, max_in: 3, max_out: 4 }, matrices(2))).not.toBe(one);
  for (const values of [one, same, other]) pool.release(values);
  expect(runner.held.size).toBe(2);
});

test('when memory runs out all that wait for a pair fail, hold nothing, and may try again', async () => {
  const runner = new SlowRunner();
  const pool = new ProjectionPool(runner);
  const both = Promise.allSettled([pool.acquire(key, 'float32'), pool.acquire(key, 'float32')]);
  const reason = new Error('out of memory');
  runner.fail(reason);
  expect(await both).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason },
  ]);
  expect(runner.held.size).toBe(0);
  const again = pool.acquire(key, 'float32');
  runner.pass();
  expect((await again).A.shape).toEqual([4, 6]);
  expect(runner.held.size).toBe(2);
});
