import type { CDPSession, Page } from 'puppeteer-core';

/**
 * Bytes that the JavaScript of a page of Chromium and of its worker holds, with what lies in array buffers. `collect`: without
 * what is garbage.
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
