import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onExit } from '../../../scripts/shared/processes.mjs';
import { reportOf, withBrowser } from '../helpers/harness';

const BYTES = 60e6;
/** Programs that occupy all CPU cores, one for each core. */
const LOAD = Array.from({ length: availableParallelism() }, () => 'for (;;);');

interface Report {
  readonly seconds: number;
  readonly outcome: unknown;
  readonly warnings: readonly string[];
  readonly readings: readonly { readonly loaded: number; readonly total?: number; readonly global_step: number }[];
}

let stop: (() => void)[] = [];
beforeAll(() => {
  stop = LOAD.map((program) => {
    const busy = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
    return onExit(() => busy.kill());
  });
});
afterAll(() => {
  for (const end of stop) end();
});

/** For each form of data that `large.js` processes: the minimum number of progress reports. It is 0 for forms with little data. */
const FORMS: Readonly<Record<string, number>> = {
  text: 50,
  unbroken: 50,
  exported: 50,
  examples: 90,
  'one example': 0,
  'packed examples': 0,
  jsonl: 50,
  csv: 50,
  labelled: 50,
  images: 0,
  adapter: 0,
  profile: 0,
};

test.each(Object.entries(FORMS))('chromium: 60 MB on a busy machine lose no worker: %s', async (form, least) => {
  const { outcome, warnings, readings, seconds } = await withBrowser(
    'chromium',
    (page, url) => reportOf<Report>(page, `${url}/pages/soak/large.html?form=${form}&bytes=${BYTES}`),
    { own: true },
  );
  console.log(`${form}: ${seconds.toFixed(1)} s, ${readings.length} reports, ${JSON.stringify(outcome)}`);
  expect(warnings.filter((warning) => /^(worker_crashed|device_lost|internal)/.test(warning))).toEqual([]);
  expect(outcome).not.toMatchObject({ code: expect.any(String) });
  expect(readings.length).toBeGreaterThanOrEqual(least);
  for (const [at, { loaded, total, global_step }] of readings.entries()) {
    expect(global_step).toBe(0);
    expect(loaded).toBeGreaterThan(readings[at - 1]?.loaded ?? 0);
    expect(loaded).toBeLessThanOrEqual(total ?? 0);
  }
});
