import type { CDPSession, Page } from 'puppeteer-core';

/**
 * Returns the sizes in bytes of the JavaScript heaps of a Chromium page and its worker, with their array buffers. `collect` runs
 * the garbage collector first.
 */
export async function heapsOf(page: Page, { collect = false } = {}): Promise<{ page: number; worker: number }> {
  const session = await page.createCDPSession();
  const held = async (client: Pick<CDPSession, 'send'>): Promise<number> => {
    if (collect) await client.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize = 0 } = await client.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  };
  const [worker] = page.workers();
  try {
    return { page: await held(session), worker: worker === undefined ? 0 : await held(worker.client) };
  } finally {
    await session.detach();
  }
}
