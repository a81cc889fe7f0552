import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SubmitBudget } from '../../src/gpu/submit_budget';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { linear } from '../../src/ops/products/linear';
import { testExecutor } from '../helpers/gpu/on_gpu';
import { randomArray } from '../helpers/maths/random';

/** Allows what a test says. */
class GivenBudget extends SubmitBudget {
  given = Number.POSITIVE_INFINITY;

  override get flops(): number {
    return this.given;
  }

  override get dispatchFlops(): number {
    return this.given;
  }

  override get isRough(): boolean {
    return false;
  }
}

/** y = x·weightᵀ in 5 × 12 workgroups. */
async function product(budget: SubmitBudget, [N, M, K] = [300, 172, 40]) {
  const executor = testExecutor({ variant: 'subgroup', budget });
  const [x, weight] = [pinned('x', [N, K]), pinned('weight', [M, K])];
  const g = new Graph();
  const y = linear(g, x, weight);
  const fill = (seed: number): void => executor.write(x, Float32Array.from(randomArray(N * K, seed)));
  fill(1);
  executor.write(weight, Float32Array.from(randomArray(M * K, 2)));
  const loaded = await executor.load({ name: 'product', steps: g.steps, outputs: [y] });
  const counts = () => {
    const { dispatches, submits, flops } = executor.counters;
    return { dispatches, submits, flops };
  };
  /** What `work` adds to the counters, and the result then. Reading it is a submit too, which isn't counted. */
  const during = async (work: () => void) => {
    const before = counts();
    work();
    const bytes = new Uint8Array(await executor.read(y));
    const after = counts();
    return {
      hash: createHash('sha256').update(bytes).digest('hex'),
      hasResult: bytes.some((byte) => byte !== 0),
      dispatches: after.dispatches - before.dispatches,
      submits: after.submits - before.submits - 1,
      flops: after.flops - before.flops,
    };
  };
  const close = (): void => {
    loaded.release();
    executor.free([x, weight]);
  };
  return { executor, loaded, flops: 2 * N * M * K, fill, during, close };
}

test('a dispatch is split as far as the budget says, at each run, to the same bits', async () => {
  const budget = new GivenBudget();
  const { executor, loaded, flops, fill, during, close } = await product(budget);
  // With another x each time, so that results of earlier runs aren't taken for its own.
  const run = (seed: number) => {
    fill(seed);
    return during(() => executor.run(loaded));
  };
  const [whole, other] = [await run(1), await run(2)];
  expect(other.hash).not.toBe(whole.hash);
  expect(whole).toMatchObject({ dispatches: 1, submits: 1, flops, hasResult: true });
  for (const [given, pieces] of [
    [flops / 2, 2],
    [flops / 5, 6],
    [1, 12],
    [flops, 1],
    [0.9 * flops, 2],
    [1e15, 1],
  ] as const) {
    budget.given = given;
    const split = await run(1);
    expect([split.dispatches, split.submits]).toEqual([pieces, pieces]);
    expect(split.flops).toBeCloseTo(flops, 3);
    expect(split.hash).toBe(whole.hash);
    expect((await run(2)).hash).toBe(other.hash);
  }
  close();
});

test('what is replayed for measuring is split too, and otherwise in one submit', async () => {
  const budget = new GivenBudget();
  const { executor, loaded, flops, during, close } = await product(budget);
  const { hash } = await during(() => executor.run(loaded));
  budget.given = flops;
  const whole = await during(() => executor.replay(loaded, 0, 7));
  expect(whole).toMatchObject({ dispatches: 7, submits: 1, hash });
  budget.given = flops / 4;
  const split = await during(() => executor.replay(loaded, 0, 3));
  expect(split).toMatchObject({ dispatches: 12, submits: 12, hash });
  close();
});

test('before anything is known, a large dispatch goes piece by piece, and the next one as what was measured allows', async () => {
  const budget = new SubmitBudget();
  const { executor, loaded, flops, during, close } = await product(budget, [512, 512, 600]);
  expect(flops).toBeGreaterThan(budget.flops);
  const first = await during(() => {
    executor.run(loaded);
    // It waits for the device after each piece.
    expect(executor.counters.submits).toBeLessThan(2);
  });
  expect(first.dispatches).toBeGreaterThan(1);
  expect(first.submits).toBeGreaterThan(first.dispatches);
  expect(first.flops).toBeCloseTo(flops, 0);
  expect(budget.flops).not.toBe(0.2e9);
  const second = await during(() => executor.run(loaded));
  expect(second.hash).toBe(first.hash);
  expect(second.dispatches).toBeLessThanOrEqual(first.dispatches);
  close();
});
