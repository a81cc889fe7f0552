// Assigns processes to CPU cores with the command taskset of util-linux.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'puppeteer-core';

const run = promisify(execFile);
const ATTEMPTS = 20;

/** Returns the CPU cores that this process may use, or an empty list if taskset isn't installed. */
export async function usableCores(): Promise<number[]> {
  const told = await run('taskset', ['-p', '-c', `${process.pid}`]).catch(() => undefined);
  const [, list = ''] = told?.stdout.match(/: ([\d,-]+)$/m) ?? [];
  return list.split(',').filter(Boolean).flatMap(coresOf);
}

/** Returns the cores of a range: 4, 5 and 6 for `4-6`, or only 3 for `3`. */
function coresOf(range: string): number[] {
  const [first = 0, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * Reserves the last core for Chromium's renderers, one of which draws the page, and moves Chromium's GPU process, which
 * may compute WebGPU in software, to the other cores. Returns the renderers' process ids.
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

/** Moves all threads of a process to these cores. Threads that start later inherit this. */
async function pin(id: number, cores: readonly number[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run('taskset', ['-a', '-p', '-c', cores.join(','), `${id}`]);
      return;
    } catch (error) {
      // taskset lists the threads first, and fails if one of them ends before it is moved.
      const isGone = /No such process/.test((error as { stderr?: string }).stderr ?? '');
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}
