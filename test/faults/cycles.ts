import { expect } from 'vitest';
import { reported } from '../../scripts/browsers/launch.mjs';
import { type BrowserName, withBrowser } from '../browser/helpers/harness';
import { heapsOf } from '../browser/helpers/heaps';

interface Cycle {
  readonly type: 'cycle' | 'done';
  readonly cycle: number;
  /** The sizes of the page's and the worker's JavaScript heaps in bytes, in Chromium only. */
  heaps?: { readonly page: number; readonly worker: number };
}

/** The maximum average growth of a heap in a cycle, in bytes. */
const HEAP_A_CYCLE = 32 * 1024;

/** Loads, trains and disposes of a model `cycles` times, and expects that neither resources nor heaps grow. */
export async function expectFlat(name: BrowserName, cycles: number): Promise<void> {
  const seen: Cycle[] = [];
  await withBrowser(name, (page, url) =>
    reported(page, `${url}/pages/runs/cycles.html?cycles=${cycles}`, async (report: Cycle) => {
      if (report.type === 'done') return report;
      seen.push(name === 'chromium' ? { ...report, heaps: await heapsOf(page, { collect: true }) } : report);
      return undefined;
    }),
  );
  expect(seen.map(({ cycle }) => cycle)).toEqual(Array.from({ length: cycles }, (_, index) => index + 1));
  const counts = seen.map(({ cycle, heaps, ...held }) => held);
  for (const held of counts.slice(1)) expect(held).toEqual(counts[0]);
  expectFlatHeaps(seen.flatMap(({ heaps }) => heaps ?? []));
}

/**
 * Compares the last third of the cycles with the middle third. In the first third the browser still compiles code, which takes
 * some 1.5 MB.
 */
function expectFlatHeaps(heaps: readonly { readonly page: number; readonly worker: number }[]): void {
  const third = Math.floor(heaps.length / 3);
  if (third < 4) return;
  for (const of of ['page', 'worker'] as const) {
    const least = (some: typeof heaps): number => Math.min(...some.map((heap) => heap[of]));
    const grown = least(heaps.slice(-third)) - least(heaps.slice(-2 * third, -third));
    expect(grown, `bytes that the heap of the ${of} has grown by`).toBeLessThan(HEAP_A_CYCLE * third);
  }
}
