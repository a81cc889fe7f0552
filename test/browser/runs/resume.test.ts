import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { testInAll, testOnce } from '../../helpers/ring';
import { withSite } from '../helpers/harness';
import { type Done, type Report, visit } from '../helpers/visit';

/** The number of steps: enough for one kill, or for two crashes of the GPU, each after some saved steps. */
const STEPS = 20;
const PAGE = `runs/resumed.html?steps=${STEPS}`;
/** The step of the kill, which may come during a save. Five steps later the run waits, because a kill may be slow on a busy machine. */
const KILL = 12;
const WAIT = KILL + 5;

/** The result of an uninterrupted run, computed once. */
let uninterrupted: Promise<Done> | undefined;

function straightRun(url: string): Promise<Done> {
  uninterrupted ??= visit('chromium', url, `${PAGE}&straight`).then((reports) => reports.at(-1) as Done);
  return uninterrupted;
}

// `npm run test:soak` kills browsers of both kinds fifty times.
testOnce('chromium: a browser that is killed while it trains loses no step that was saved', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
  try {
    await withSite(async (url) => {
      const straight = await straightRun(url);
      expect(straight.losses).toHaveLength(STEPS);

      let saved = 0;
      const dies = (report: Report): boolean => {
        if (report.type === 'save') saved = report.step;
        return saved > 0 && report.type === 'log' && report.step >= KILL;
      };
      const killed = await visit('chromium', url, `${PAGE}&by-time&holds=${WAIT}`, { profile, dies });
      expect(killed.map(({ type }) => type)).not.toContain('done');

      const reports = await visit('chromium', url, PAGE, { profile });
      expect(reports[0]).toMatchObject({ type: 'restored', step: expect.toSatisfy((step) => step >= saved) });
      const done = reports.at(-1) as Done;
      expect(done.losses).toEqual(straight.losses);
      expect(done.files).toEqual(straight.files);
      expect(reports.filter(({ type }) => type === 'warning')).toEqual([]);
    });
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  }
});

testInAll('chromium: a full disk costs the checkpoints, not the run', async () => {
  await withSite(async (url) => {
    const straight = await straightRun(url);
    const reports = await visit('chromium', url, PAGE, { quota: 4096 });
    expect(reports.filter(({ type }) => type !== 'log').map(({ type }) => type)).toEqual(['warning', 'done']);
    const warning = reports.find(({ type }) => type === 'warning');
    expect(warning).toMatchObject({ code: 'storage_full' });
    expect((warning as { step: number }).step).toBeLessThanOrEqual(3);
    expect(reports.at(-1)).toEqual(straight);
  });
});

const recoveries = (reports: readonly Report[]) => reports.filter(({ type }) => type === 'recovered');

testOnce(
  'chromium: a GPU process that crashes costs the steps since the last checkpoint, and nobody has to do anything',
  async () => {
    await withSite(async (url) => {
      const straight = await straightRun(url);
      const reports = await visit('chromium', url, PAGE, { crashes: [11] });
      const [recovered, ...others] = recoveries(reports);
      expect(recovered).toMatchObject({ cause: 'device_lost', step: expect.toSatisfy((step) => step >= 6) });
      expect(others).toEqual([]);
      expect(reports.at(-1)).toEqual(straight);
    });
  },
);

testInAll(
  'chromium: a GPU that crashes twice is kept from the page, which is told for how long; a later visit goes on',
  async () => {
    const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
    try {
      await withSite(async (url) => {
        const straight = await straightRun(url);
        const isWarned = (report: Report): boolean => 'code' in report && report.code === 'gpu_blocked';
        const first = await visit('chromium', url, PAGE, { profile, crashes: [6, 12], dies: isWarned });
        expect(recoveries(first)).toHaveLength(1);
        expect(first.map(({ type }) => type)).toContain('blocked');
        const { message = '' } = first.find(isWarned) as { readonly message?: string };
        const [, seconds] = /Try again in (\d+) s/.exec(message) ?? [];
        expect(Number(seconds)).toBeGreaterThan(60);
        expect(Number(seconds)).toBeLessThanOrEqual(120);
        const second = await visit('chromium', url, PAGE, { profile });
        expect(second[0]).toMatchObject({ type: 'restored' });
        expect((second[0] as { step: number }).step).toBeGreaterThanOrEqual(6);
        expect(second.at(-1)).toEqual(straight);
      });
    } finally {
      await rm(profile, { recursive: true, force: true, maxRetries: 20 });
    }
  },
);
