import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reported } from '../../../scripts/browsers/launch.mjs';
import { writeRealSize } from '../../helpers/models/real_sizes';
import { FaultyServer, HUB_HEADERS } from '../../hub/faulty_server';
import { withBrowser } from '../helpers/harness';
import { heapsOf } from '../helpers/heaps';

/** The server's rate in bytes per second: 50 Mbit/s. */
const RATE = 50e6 / 8;
const LOADS = 10;
/** The maximum growth of the page's and the worker's heaps together from the second load to the last, in bytes. */
const HEAP = 4e6;

interface Load {
  readonly type: 'load' | 'done';
  readonly seconds: number;
  readonly gpu_bytes: number;
  /** The number of requests to the model host during this load. */
  asked: number;
  heap: number;
}

async function startHub(folder: string): Promise<FaultyServer> {
  const files = ['config.json', 'model.safetensors'];
  const contents = await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name))] as const));
  const hub = await FaultyServer.start(Object.fromEntries(contents));
  hub.headers = HUB_HEADERS;
  hub.rate = RATE;
  return hub;
}

test(`chromium: a model of 269 MB is loaded ${LOADS} times, and downloaded once`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webvera-real-'));
  try {
    await writeRealSize(folder, 'HuggingFaceTB/SmolLM2-135M', 'bf16');
    const hub = await startHub(folder);
    try {
      const loads = await loadsOf(hub);
      const [first, second, ...others] = loads;
      console.log(
        `first ${first?.seconds.toFixed(1)} s, then ${loads.slice(1).map(({ seconds }) => seconds.toFixed(1))} s`,
      );
      expect(first?.asked).toBeGreaterThan(1);
      for (const { asked, gpu_bytes } of loads.slice(1)) {
        expect(asked).toBe(0);
        expect(gpu_bytes).toBe(first?.gpu_bytes);
      }
      const slowest = Math.max(...loads.slice(1).map(({ seconds }) => seconds));
      expect((first?.seconds ?? 0) / slowest).toBeGreaterThan(5);
      expect(others.length).toBe(LOADS - 2);
      expect((others.at(-1)?.heap ?? 0) - (second?.heap ?? 0)).toBeLessThan(HEAP);
    } finally {
      await hub.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

function loadsOf(hub: FaultyServer): Promise<Load[]> {
  return withBrowser(
    'chromium',
    async (page, url) => {
      const loads: Load[] = [];
      const address = `${url}/pages/soak/second_load.html?loads=${LOADS}&host=${encodeURIComponent(hub.url)}`;
      return reported(page, address, async (load: Load) => {
        if (load.type === 'done') return loads;
        const { page: ofPage, worker } = await heapsOf(page, { collect: true });
        loads.push({ ...load, asked: hub.asked.splice(0).length, heap: ofPage + worker });
        return undefined;
      });
    },
    // The model host has another port, and the default Content Security Policy would forbid requests to it.
    { headers: { 'Content-Security-Policy': '' } },
  );
}
