import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reported } from '../../../scripts/browsers/launch.mjs';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import type { Estimate } from '../../../src/index';
import { writeRealSize } from '../../helpers/models/real_sizes';
import { withBrowser } from '../helpers/harness';
import { heapsOf } from '../helpers/heaps';

const MODEL = 'HuggingFaceTB/SmolLM2-135M';
/** The maximum growth of the page's and the worker's heaps together while a model loads, in bytes. */
const HEAP = 200e6;

interface Done {
  readonly type: 'done';
  readonly memory: { readonly peak_gpu_bytes: number };
  readonly planned: Estimate['gpu'];
  readonly losses: readonly number[];
  readonly seconds: number;
}
type Report = { readonly type: 'idle' } | { readonly type: 'loaded' } | Done;

const folders = new Map<StorageName, string>();
beforeAll(async () => {
  for (const storage of ['bf16', 'f16'] as const) {
    const folder = await mkdtemp(join(tmpdir(), 'webvera-real-'));
    folders.set(storage, folder);
    await writeRealSize(folder, MODEL, storage);
  }
}, 120_000);
afterAll(async () => {
  for (const folder of folders.values()) await rm(folder, { recursive: true });
});

test.each<[StorageName, string]>([
  ['bf16', 'dtype=auto'],
  ['bf16', 'dtype=auto&default'],
  ['f16', 'dtype=auto'],
  ['f16', 'dtype=float32'],
  ['f16', 'dtype=q8'],
  ['bf16', 'dtype=q4'],
  ['bf16', 'dtype=q4&default'],
])(`${MODEL} in %s trains in Chromium as planned: %s`, async (storage, query) => {
  const { done, heap } = await trained(folders.get(storage) ?? '', query);
  const { memory, planned, losses } = done;
  console.log(
    `${storage}, ${query}: heaps ${mb(heap)}, GPU at its peak ${mb(memory.peak_gpu_bytes)}, planned ${mb(planned.total)} (${JSON.stringify(planned)}); ${done.seconds.toFixed(0)} s`,
  );
  expect(heap).toBeLessThan(HEAP);
  expect(memory.peak_gpu_bytes / planned.total).toBeGreaterThan(0.9);
  expect(memory.peak_gpu_bytes / planned.total).toBeLessThan(1.1);
  const { weights, adapter, optimizer, activations, workspace } = planned;
  expect(memory.peak_gpu_bytes).toBeLessThan(weights + adapter + optimizer + 1.2 * (activations + workspace));
  // An untrained model's loss is the logarithm of its vocabulary's size.
  for (const loss of losses) expect(Math.abs(loss - Math.log(49_152))).toBeLessThan(1.5);
  expect(losses.length).toBe(2);
});

/** Trains in a page. Returns the result, and the largest growth of the heaps while the model loaded, in bytes. */
async function trained(folder: string, query: string): Promise<{ done: Done; heap: number }> {
  return withBrowser(
    'chromium',
    async (page, url) => {
      const heaps = new HeapWatch(page);
      const done = await reported(page, `${url}/pages/soak/real_size.html?${query}`, async (report: Report) => {
        if (report.type === 'idle') await heaps.begin();
        else if (report.type === 'loaded') await heaps.end();
        else return report;
        return undefined;
      });
      return { done, heap: heaps.most };
    },
    { mounts: { '/real/': `${folder}/` } },
  );
}

/** Measures the heaps of a page and its worker repeatedly, and records their largest growth. */
class HeapWatch {
  readonly #page: Page;
  #idle = 0;
  #most = 0;
  #watching: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(page: Page) {
    this.#page = page;
  }

  get most(): number {
    return this.#most - this.#idle;
  }

  async begin(): Promise<void> {
    this.#idle = sum(await heapsOf(this.#page, { collect: true }));
    this.#watching = this.#watch();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#ended) this.#most = Math.max(this.#most, sum(await heapsOf(this.#page)));
  }
}

function sum({ page, worker }: Awaited<ReturnType<typeof heapsOf>>): number {
  return page + worker;
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
