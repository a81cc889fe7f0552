import { expect, test } from 'vitest';
import { browserNames, reportOf, withBrowser } from './harness';

interface Outcome {
  readonly warnings: readonly string[];
}

interface Report {
  readonly sandboxed: Outcome & { readonly origin: string };
  readonly refused: Outcome;
}

test.each(browserNames)(
  '%s: a sandboxed frame, and a browser without IndexedDB, train in memory and say so',
  async (name) => {
    const { sandboxed, refused } = await withBrowser(
      name,
      (page, url) => reportOf<Report>(page, `${url}/pages/degraded.html`),
      // A frame of no origin asks as a stranger; and the server's own policy lets nobody frame its pages.
      { headers: { 'Access-Control-Allow-Origin': '*', 'Content-Security-Policy': '' } },
    );
    expect(sandboxed.origin).toBe('null');
    for (const outcome of [sandboxed, refused]) {
      expect(outcome).toMatchObject({ global_step: 1, bytes: expect.any(Number), kept: ['mine'] });
      const told = outcome.warnings.filter((warning) => !warning.startsWith('projection_not_saved'));
      expect(told).toEqual([expect.stringMatching(/^storage_unavailable: What is saved is kept in memory only: ./)]);
    }
  },
);
