import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SubmitBudget } from '../../src/gpu/submit_budget';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { linear } from '../../src/ops/products/linear';
import { testExecutor } from '../helpers/gpu/on_gpu';
import { randomArray } from '../helpers/maths/random';

/** A submit budget that the test sets. */
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

/** Loads the matrix product y = x·weightᵀ. By default its grid has 5 × 12 workgroups. */
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
  /** Runs `work`. Returns its counters and its result. Reading the result needs another submit, which isn't counted. */
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
  // Each run has another x, so that the result of an earlier run would be noticed.
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

test('a replay for measuring is split too, and otherwise is one submit', async () => {
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

test('before any measurement a large dispatch runs piece by piece, and the next one as measured', async () => {
  const budget = new SubmitBudget();
  const { executor, loaded, flops, during, close } = await product(budget, [512, 512, 600]);
  expect(flops).toBeGreaterThan(budget.flops);
  const first = await during(() => {
    executor.run(loaded);
    // The executor waits for the device after each piece, so at most one has been submitted.
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

/** A submit budget that allows several matrix products in a submit, and records the number of submits between measurements. */
class CountingBudget extends SubmitBudget {
  readonly distances: number[] = [];
  #submits = 0;

  constructor(readonly given: number) {
    super();
  }

  override get flops(): number {
    return this.given;
  }

  override get dispatchFlops(): number {
    return this.given;
  }

  /** True until the second measurement. */
  override get isRough(): boolean {
    return this.distances.length < 2;
  }

  override submitted(): void {
    this.#submits += 1;
  }

  override finished(): void {
    this.distances.push(this.#submits);
    this.#submits = 0;
  }
}

test('a first run is measured at growing distances, as its first submits may be slow for other reasons', async () => {
  const budget = new CountingBudget(2 * 300 * 172 * 40);
  const { executor, loaded, during, close } = await product(budget);
  await during(() => executor.run(loaded));
  budget.distances.length = 0;
  await during(() => executor.replay(loaded, 0, 40));
  // The last measurement is the one of reading the result.
  expect(budget.distances).toEqual([1, 1, 2, 4, 8, 16, 8]);
  close();
});
