import { expect, test } from 'vitest';
import { expectWithin } from '../helpers/clock';
import { largestDifference } from '../helpers/golden/golden';
import { goldenSentences } from '../helpers/golden/golden_sentences';
import { browserNames, reportOf, withBrowser } from './helpers/harness';

interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly seconds: number;
  readonly state?: string;
}

interface Report {
  readonly storage: object;
  readonly terminated: Failure;
  readonly closed: Failure;
  readonly missing: Failure;
  readonly warned: object;
  readonly embedded: {
    readonly vectors: readonly (readonly number[])[];
    readonly done: object;
    readonly cancelled: string;
  };
  readonly inThisThread: number;
  readonly inOwnWorker: number;
  readonly refused: Failure;
}

test.each(browserNames)(
  '%s: stored adapters remain, vectors are made in a worker, and a worker that dies is noticed',
  async (name) => {
    const report = await withBrowser(name, (page, url) => reportOf<Report>(page, `${url}/pages/models/worker.html`), {
      // Firefox reports every error in a worker as an uncaught error of the page, even if the worker and the page handle it.
      expectedErrors: name === 'firefox' ? /./ : /^$/,
    });
    expect(report.storage).toEqual({
      imported: true,
      listed: [['mine', expect.any(Number)]],
      same: true,
      left: 0,
      refused: 'invalid_format',
    });
    for (const failure of [report.terminated, report.closed]) {
      expect(failure).toMatchObject({ name: 'WebVeraError', code: 'worker_crashed', works: 0, state: 'ready' });
      expectWithin(5000, 1000 * failure.seconds);
    }
    expect(report.missing).toMatchObject({ name: 'WebVeraError', code: 'worker_crashed' });
    expectWithin(5000, 1000 * report.missing.seconds);
    expect(report.warned).toEqual({
      warnings: [expect.stringContaining('a slip'), expect.stringContaining('a slip in a timer')],
      works: 0,
    });
    const { vectors, ...others } = report.embedded;
    expect(others).toEqual({ done: [4, 8], cancelled: 'AbortError' });
    const expected = goldenSentences.rows[0]!.vectors.slice(0, vectors.length);
    expect(largestDifference(Float32Array.from(vectors.flat()), Float32Array.from(expected.flat()))).toBeLessThan(1e-5);
    expect(vectors).toHaveLength(8);
    expect(report.inThisThread).toBe(0);
    expect(report.inOwnWorker).toBe(0);
    expect(report.refused).toMatchObject({ code: 'invalid_argument', hint: expect.stringContaining('webvera/node') });
  },
);
