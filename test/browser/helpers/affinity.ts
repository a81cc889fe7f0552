// Which cores processes run on, by util-linux's taskset.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'puppeteer-core';

const run = promisify(execFile);
const ATTEMPTS = 20;

/** The cores that this process may use; none where nothing can tell. */
export async function usableCores(): Promise<number[]> {
  const told = await run('taskset', ['-p', '-c', `${process.pid}`]).catch(() => undefined);
  const [, list = ''] = told?.stdout.match(/: ([\d,-]+)$/m) ?? [];
  return list.split(',').filter(Boolean).flatMap(coresOf);
}

/** `3`, or `4-6` for 4, 5 and 6. */
function coresOf(range: string): number[] {
  const [first = 0, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * Keeps the last of the cores for Chromium's renderers, and the process that computes what WebGPU is asked for, if need be
 * in software, off it. Gives the ids of the renderers: the page's is one of them.
 */
export async function keepCoreFree(page: Page, cores: readonly number[]): Promise<readonly number[]> {
  const browser = await page.browser().target().createCDPSession();
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const idsOf = (wanted: string): number[] => processInfo.filter(({ type }) => type === wanted).map(({ id }) => id);
  const [gpu, renderers] = [idsOf('GPU'), idsOf('renderer')];
  if (gpu.length !== 1) throw new Error(`expected one GPU process, got ${gpu.length}`);
  for (const id of gpu) await pin(id, cores.slice(0, -1));
  for (const id of renderers) await pin(id, cores.slice(-1));
  return renderers;
}

/** All threads of a process; those that they start follow them. */
async function pin(id: number, cores: readonly number[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run('taskset', ['-a', '-p', '-c', cores.join(','), `${id}`]);
      return;
    } catch (error) {
      // It lists the threads first, and stops at one that has ended since.
      const isGone = /No such process/.test((error as { stderr?: string }).stderr ?? '');
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}
