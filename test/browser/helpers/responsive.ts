import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { builtDemo } from '../demo/demo_page';
import { keepCoreFree, usableCores } from './affinity';
import { withBrowser } from './harness';
import { mark, type Span, startTrace, stopTrace } from './timeline';

/** How often each page is measured at most, and the seconds that each measurement may take. */
const [RUNS, SECONDS] = [6, 120];
/** The number of training steps during which the page is traced. */
export const STEPS = 10;
/** The page's limits while a model loads and trains, in milliseconds. */
const LONGEST_TASK = 50;
const FRAME_GAP = 100;
/** A gap of this length means that the page draws no more frames. */
const STANDSTILL = 2000;

/** A page that trains the bundled model, with some 256 tokens a step. */
interface Trainee {
  readonly path: string;
  /** The element whose first number is the step, such as `Step 2 of 10`. */
  readonly step: string;
  start(page: Page): Promise<void>;
}

const { site } = await builtDemo();

/**
 * Tests that a page stays responsive while it trains. The page's own CPU time must stay within its limit in every measurement. Wall time
 * must do so in only one measurement, and only during training, because other processes may slow the page down: while kernels compile on
 * the compositor's core, each frame's commit waits.
 */
export function testResponsive(name: string, trainee: Trainee): void {
  const limits = { timeout: RUNS * SECONDS * 1000 };
  test(`${name} stays responsive while it trains`, limits, async ({ annotate, skip }) => {
    const cores = await usableCores();
    skip(cores.length === 0, "needs util-linux's taskset, to keep a core free for the page");
    skip(cores.length === 1, 'needs a second core, to keep one free for the page');
    const longest: number[] = [];
    for (let run = 0; run < RUNS && !longest.some((task) => task < LONGEST_TASK); run++) {
      const { renderers, loading, training } = await traceOf(trainee, cores);
      await annotate(`while a model loads and its kernels compile: ${told(loading)}`);
      await annotate(`while it trains: ${told(training)}`);
      for (const { pid, mostCpu, gaps } of [loading, training]) {
        expect(renderers).toContain(pid);
        expect(mostCpu).toBeLessThan(LONGEST_TASK);
        expect(percentile99(gaps)).toBeLessThan(FRAME_GAP);
        expect(Math.max(...gaps)).toBeLessThan(STANDSTILL);
      }
      // The 99th percentile is meaningful only for more than 100 gaps.
      expect(training.gaps.length).toBeGreaterThan(100);
      longest.push(training.longestTask.wall);
    }
    expect(Math.min(...longest)).toBeLessThan(LONGEST_TASK);
  });
}

async function traceOf({ path, step, start }: Trainee, cores: readonly number[]) {
  return withBrowser(
    'chromium',
    async (page, url) => {
      await page.setViewport({ width: 1280, height: 900 });
      await startTrace(page);
      await page.goto(`${url}${path}`);
      const renderers = await keepCoreFree(page, cores);
      await mark(page, 'loading');
      await start(page);
      await reached(page, step, 2);
      await mark(page, 'training');
      await reached(page, step, STEPS);
      await mark(page, 'trained');
      const span = await stopTrace(page);
      return { renderers, loading: span('loading', 'training'), training: span('training', 'trained') };
    },
    { mounts: { '/demo/': site } },
  );
}

/** Waits for a step by observing mutations, so that no timer runs in the page. */
async function reached(page: Page, selector: string, step: number): Promise<void> {
  const holds = (where: string, least: number): boolean =>
    Number.parseInt(document.querySelector(where)?.textContent?.replace(/^\D+/, '') ?? '', 10) >= least;
  await page.waitForFunction(holds, { polling: 'mutation' }, selector, step);
}

function percentile99(longestFirst: readonly number[]): number {
  return longestFirst[Math.floor(longestFirst.length / 100)] ?? Number.NaN;
}

function told({ longestTask: { wall, cpu, parts }, mostCpu, gaps }: Span): string {
  const longest = `longest task ${wall.toFixed(1)} ms (${cpu.toFixed(1)} ms of CPU time: ${parts || 'nothing named'})`;
  const task = `${longest}, ${mostCpu.toFixed(1)} ms of CPU time at most`;
  const gap = `frame gap at the 99th percentile ${percentile99(gaps).toFixed(1)} ms, ${gaps[0]?.toFixed(1)} ms at most`;
  return `${task}; ${gap}, of ${gaps.length}`;
}
