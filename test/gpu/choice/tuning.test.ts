import { describe, expect, test } from 'vitest';
import type { Candidates } from '../../../src/gpu/choice/candidates';
import { type Entrant, type Lab, tune } from '../../../src/gpu/choice/tuning';
import { kernelOf, stepOf } from '../../helpers/gpu/tile_kernels';

/** A variant's times in milliseconds: for compiling, and for a dispatch of each work (the sizes that are measured). */
interface Timing {
  readonly compile?: number;
  readonly works: readonly number[];
  /** Milliseconds that are added to the first sample. */
  readonly hiccup?: number;
}

/** A lab with a simulated clock. Variants without a timing fail to compile. */
class FakeLab implements Lab {
  readonly prepared: string[] = [];
  readonly released: string[] = [];
  readonly samples: string[] = [];
  /** The total time of all measurements, in milliseconds. */
  measured = 0;
  onSample = (): void => {};
  readonly #timings: Readonly<Record<string, Timing>>;
  #now = 0;

  constructor(timings: Readonly<Record<string, Timing>>) {
    this.#timings = timings;
  }

  now(): number {
    return this.#now;
  }

  async prepare({ kernel }: Candidates, variant: string): Promise<Entrant | undefined> {
    const name = `${kernel}/${variant}`;
    const timing = this.#timings[name];
    this.prepared.push(name);
    this.#now += timing?.compile ?? 0;
    if (timing === undefined) return undefined;
    let hiccup = timing.hiccup ?? 0;
    const run = async (work: number, times: number): Promise<void> => {
      this.onSample();
      const milliseconds = times * timing.works[work]! + hiccup;
      hiccup = 0;
      this.samples.push(name);
      this.#now += milliseconds;
      this.measured += milliseconds;
    };
    return { variant, run, release: () => void this.released.push(name) };
  }
}

const step = stepOf(kernelOf('any', []), 1);

function candidates(kernel: string, variants: readonly string[], dispatches: readonly number[] = [1]): Candidates {
  return { kernel, variants, works: dispatches.map((count) => ({ step, dispatches: count })) };
}

const run = (lab: FakeLab, ...all: Candidates[]) => tune(all, lab, new AbortController().signal);

test.each([
  ['faster', 0.5, 'b'],
  ['faster by 6 %', 0.94, 'b'],
  ['faster by 4 %', 0.96, 'a'],
  ['slower', 1.2, 'a'],
])('a variant that is %s', async (_, milliseconds, winner) => {
  const lab = new FakeLab({ 'k/a': { works: [1] }, 'k/b': { works: [milliseconds] } });
  expect(await run(lab, candidates('k', ['a', 'b']))).toEqual({ k: winner });
  expect(lab.released.toSorted()).toEqual(['k/a', 'k/b']);
});

test('takes the fastest of several, whatever else the machine did for once', async () => {
  const lab = new FakeLab({
    'k/a': { works: [2] },
    'k/b': { works: [1.5] },
    'k/c': { works: [1.4], hiccup: 15 },
    'k/d': { works: [1.9] },
  });
  expect(await run(lab, candidates('k', ['a', 'b', 'c', 'd']))).toEqual({ k: 'c' });
});

test('a lucky sample does not make a winner', async () => {
  const usual = { works: [2] };
  const lab = new FakeLab({ 'k/a': usual, 'k/b': { ...usual, hiccup: -9 } });
  expect(await run(lab, candidates('k', ['a', 'b']))).toEqual({ k: 'a' });
});

test('counts each kind of work as often as the step does it', async () => {
  const timings = { 'k/a': { works: [1, 1] }, 'k/b': { works: [0.8, 1.5] } };
  expect(await run(new FakeLab(timings), candidates('k', ['a', 'b'], [9, 1]))).toEqual({ k: 'b' });
  expect(await run(new FakeLab(timings), candidates('k', ['a', 'b'], [1, 1]))).toEqual({ k: 'a' });
});

test('measures in turns, and drops variants that are far behind', async () => {
  const lab = new FakeLab({
    'k/a': { works: [20] },
    'k/b': { works: [19] },
    'k/c': { works: [31] },
    'k/d': { works: [81] },
  });
  await run(lab, candidates('k', ['a', 'b', 'c', 'd']));
  const turns = lab.samples.slice(1).map((name) => name.slice(2));
  expect(turns.join('')).toBe('abcdabcababab');
});

test('a sample lasts long enough, however short a dispatch is', async () => {
  const lab = new FakeLab({ 'k/a': { works: [0.01] }, 'k/b': { works: [0.009] } });
  expect(await run(lab, candidates('k', ['a', 'b']))).toEqual({ k: 'b' });
  expect(lab.measured / lab.samples.length).toBeGreaterThan(5);
  expect(lab.measured).toBeLessThan(200);
});

describe('the deadline', () => {
  test('variants that are not measured within two seconds are left to the table', async () => {
    const slow = { works: [150] };
    const lab = new FakeLab({
      'k/a': slow,
      'k/b': { works: [100] },
      'l/a': slow,
      'l/b': slow,
      'm/a': slow,
      'm/b': slow,
    });
    const all = [candidates('k', ['a', 'b']), candidates('l', ['a', 'b']), candidates('m', ['a', 'b'])];
    expect(await run(lab, ...all)).toEqual({ k: 'b' });
    expect(lab.measured).toBeLessThanOrEqual(2000);
    expect(lab.released.toSorted()).toEqual(lab.prepared.toSorted());
  });

  test('one round decides nothing, two do', async () => {
    const one = new FakeLab({ 'k/a': { works: [550] }, 'k/b': { works: [400] } });
    expect(await run(one, candidates('k', ['a', 'b']))).toEqual({});
    const two = new FakeLab({ 'k/a': { works: [450] }, 'k/b': { works: [300] } });
    expect(await run(two, candidates('k', ['a', 'b']))).toEqual({ k: 'b' });
    for (const { measured } of [one, two]) expect(measured).toBeLessThanOrEqual(2000);
  });

  test('without remaining time no more variants are compiled', async () => {
    const lab = new FakeLab({ 'k/a': { works: [3000] }, 'k/b': { works: [1] } });
    expect(await run(lab, candidates('k', ['a', 'b']), candidates('l', ['a', 'b']))).toEqual({});
    expect(lab.prepared).toEqual(['k/a', 'k/b']);
    expect(lab.samples).toEqual(['k/a']);
  });

  test('compiling has a deadline of its own, after which the compiled variants are compared', async () => {
    const lab = new FakeLab({
      // Compiling the default variant doesn't count towards the deadline, because the default variant is needed in any case.
      'k/a': { compile: 30_000, works: [2] },
      'k/b': { compile: 7000, works: [1.5] },
      'k/c': { compile: 2000, works: [1] },
      'k/d': { works: [0.1] },
    });
    expect(await run(lab, candidates('k', ['a', 'b', 'c', 'd']), candidates('l', ['a', 'b']))).toEqual({ k: 'c' });
    expect(lab.prepared).toEqual(['k/a', 'k/b', 'k/c']);
  });
});

test("a variant that the device can not run is left out, and without the table's variant there is no comparison", async () => {
  const lab = new FakeLab({ 'k/a': { works: [2] }, 'k/c': { works: [1] }, 'l/b': { works: [1] } });
  const all = [candidates('k', ['a', 'b', 'c']), candidates('l', ['a', 'b'])];
  expect(await run(lab, ...all)).toEqual({ k: 'c' });
  expect(lab.prepared).toEqual(['k/a', 'k/b', 'k/c', 'l/a']);
});

test('aborted, it rejects with the reason and releases everything', async () => {
  const lab = new FakeLab({ 'k/a': { works: [2] }, 'k/b': { works: [1] } });
  const controller = new AbortController();
  lab.onSample = () => controller.abort(new Error('enough'));
  await expect(tune([candidates('k', ['a', 'b'])], lab, controller.signal)).rejects.toThrow('enough');
  expect(lab.samples).toHaveLength(1);
  expect(lab.released.toSorted()).toEqual(['k/a', 'k/b']);
});
