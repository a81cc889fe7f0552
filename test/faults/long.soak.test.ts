import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BrowserName, browserNames, withSite } from '../browser/helpers/harness';
import { type Done, type Report, visit } from '../browser/helpers/visit';
import { random } from '../helpers/maths/random';
import { expectFlat } from './cycles';

const ROUNDS = 50;
const page = 'runs/resumed.html?steps=400';

async function withProfile(body: (url: string, profile: string) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
  try {
    await withSite((url) => body(url, profile));
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 20 });
  }
}

async function straightOf(name: BrowserName, url: string, steps = 400): Promise<Done> {
  return (await visit(name, url, `runs/resumed.html?straight&steps=${steps}`)).at(-1) as Done;
}

/** Returns a function that picks a random report of a run for the kill: during a step, during a save, or between them. */
function atRandom(next: () => number): (report: Report) => boolean {
  let left = 1 + Math.floor(12 * next());
  return () => {
    left -= 1;
    return left === 0;
  };
}

test.each(browserNames)(`%s: ${ROUNDS} browsers that are killed lose no step that was saved`, async (name) => {
  const next = random(7);
  await withProfile(async (url, profile) => {
    const straight = await straightOf(name, url);
    let saved = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const reports = await visit(name, url, page, { profile, dies: atRandom(next) });
      const [first] = reports;
      if (saved > 0 && first?.type !== 'done') {
        expect(first?.type).toBe('restored');
        expect((first as { step: number }).step).toBeGreaterThanOrEqual(saved);
      }
      for (const report of reports) if (report.type === 'save' || report.type === 'restored') saved = report.step;
    }
    expect(saved).toBeGreaterThan(ROUNDS);
    expect((await visit(name, url, page, { profile })).at(-1)).toEqual(straight);
  });
});

test.each(browserNames)('%s: fifty models that come and go leave nothing behind', (name) => expectFlat(name, 50));

// In Chromium the whole page crashes with such a worker, so only the next visit can resume the run. In Firefox only the worker
// ends.
test.each(browserNames)('%s: a worker that takes all memory costs nothing that was saved', async (name) => {
  await withProfile(async (url, profile) => {
    const straight = await straightOf(name, url, 120);
    const bomb = visit(name, url, 'runs/resumed.html?steps=120&fills=8', { profile });
    if (name === 'chromium') {
      await expect(bomb).rejects.toThrow('Page crashed!');
      const [first, ...rest] = await visit(name, url, 'runs/resumed.html?steps=120', { profile });
      expect(first).toMatchObject({ type: 'restored' });
      expect(rest.at(-1)).toEqual(straight);
    } else {
      const reports = await bomb;
      expect(reports.find(({ type }) => type === 'recovered')).toMatchObject({ cause: 'worker_crashed' });
      expect(reports.at(-1)).toEqual(straight);
    }
  });
});

test('chromium: a run waits after a GPU that crashes twice, and ends as without crashes', async () => {
  await withProfile(async (url, profile) => {
    const straight = await straightOf('chromium', url, 40);
    const reports = await visit('chromium', url, 'runs/resumed.html', { profile, crashes: [11, 20] });
    expect(reports.filter(({ type }) => type === 'recovered')).toHaveLength(2);
    expect(reports.filter(({ type }) => type === 'blocked')).toHaveLength(1);
    expect(reports.at(-1)).toEqual(straight);
  });
});

// After the third crash of the GPU process, Chromium blocks the GPU for the page until the browser is restarted. The run fails
// with this reason, and can be resumed.
test('chromium: a GPU that crashes three times ends the run, which the next browser resumes', async () => {
  await withProfile(async (url, profile) => {
    const straight = await straightOf('chromium', url, 40);
    const crashing = visit('chromium', url, 'runs/resumed.html', { profile, crashes: [11, 20, 29] });
    await expect(crashing).rejects.toThrow(/blocks it for this page until it is restarted/);
    const [first, ...rest] = await visit('chromium', url, 'runs/resumed.html', { profile });
    expect(first).toMatchObject({ type: 'restored' });
    expect((first as { step: number }).step).toBeGreaterThanOrEqual(27);
    expect(rest.at(-1)).toEqual(straight);
  });
});
